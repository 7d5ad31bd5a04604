import type { BlobKey, BlobStore } from '../../blobs/blob-store.ts';
import { sha256Hex, utf8 } from '../../blobs/sha256.ts';
import type { AuditCopy, ClaimedBatch } from '../../database/audit-sinks.ts';
import { linesOf } from './batch-lines.ts';

/** Puts a batch into the blob store of this deployment, beside the blobs of its tenant. The reason why it is not there, or null. */
export async function keepCopy(batch: ClaimedBatch, blobs: BlobStore): Promise<string | null> {
  const bytes = utf8(linesOf(batch));
  const { tenant, day } = batch;
  await blobs.put(keyOfCopy({ tenant, day, sha256: await sha256Hex(bytes) }), bytes, bytes.byteLength);
  return null;
}

/** `<tenant>/audit/<day>/<sha256>`, by the day on which its first entry was sealed. */
export function keyOfCopy({ tenant, day, sha256 }: AuditCopy): BlobKey {
  return { tenant: `${tenant}/audit/${day}`, sha256 };
}
