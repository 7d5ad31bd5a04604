import type { Manifest } from '../../../protocol/manifest.ts';
import type { Job } from '../../../protocol/messages.ts';
import { grant, jobLifetimeMs } from '../capability.ts';
import type { Lease } from './lease.ts';
import type { Work } from './pool.ts';

/** The message that starts an attempt. Its capabilities are made here, so that they begin to live when the job is sent. */
export async function makeJob(sealKey: CryptoKey, lease: Lease, work: Work, image: string): Promise<Job> {
  const { tenant, run, fence, pool } = lease;
  const claim = { pool, tenant, run, fence };
  const lifetimeMs = jobLifetimeMs(lease.wallMs);
  const [capability, toRead] = await Promise.all([
    grant(sealKey, 'run', claim, lifetimeMs),
    grant(sealKey, 'blob:get', claim, lifetimeMs),
  ]);
  const blobs = blobsOf(work.manifest)
    .filter(({ sha256 }) => work.inline[sha256] === undefined)
    .map((blob) => ({ ...blob, capability: toRead }));
  return {
    type: 'job',
    run,
    fence,
    tenant,
    manifest: { ...work.manifest, image },
    blobs,
    inline: { ...work.inline },
    capability,
    ...(work.isFollowed ? { followed: true } : {}),
  };
}

function blobsOf(manifest: Manifest): { sha256: string; bytes: number }[] {
  const bySha256 = new Map(
    [...manifest.files, ...manifest.data].map(({ sha256, bytes }) => [sha256, { sha256, bytes }]),
  );
  return [...bySha256.values()];
}
