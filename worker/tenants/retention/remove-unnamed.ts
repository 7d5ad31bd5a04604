import { openTenantFiles } from '../../blobs/open-blob-store.ts';
import { prefixesOf } from '../../blobs/tenant-files.ts';
import { claimBlobs, settleRemoved } from '../../database/retention.ts';
import type { Platform } from '../../platform.ts';

/** Two requests to the store for each, within what one invocation may make. */
const BLOBS_MAX = 200;
/** Whoever stored a blob writes the row that names it within minutes. */
const YOUNG_MS = 24 * 3600_000;

/** A blob that nothing names, and when its bytes were written (Unix ms): null where it is not in the store. */
export interface Unnamed {
  readonly sha256: string;
  readonly writtenAt: number | null;
}

/**
 * Removes blobs of a tenant that nothing has named for a day. Claimed first, so that who finds one in the store just now stores
 * nothing on the strength of it. Killed in between, what was claimed waits for another day.
 */
export async function removeUnnamed(
  { database, env }: Pick<Platform, 'database' | 'env'>,
  tenant: string,
): Promise<void> {
  const [claimed] = await database.transaction([claimBlobs(tenant, BLOBS_MAX)] as const);
  if (claimed.length === 0) return;
  const files = openTenantFiles(env);
  const pathOf = (sha256: string) => `${prefixesOf(tenant).blobs}${sha256}`;
  const found = await Promise.all(
    claimed.map(async (sha256) => ({ sha256, writtenAt: await files.writtenAt(pathOf(sha256)) })),
  );
  const { there, gone, stayed } = judgeUnnamed(found, Date.now());
  await files.remove(there.map(pathOf));
  await database.transaction([settleRemoved(tenant, { removed: [...there, ...gone], stayed })] as const);
}

/** Which are to be removed, are gone already, or stay: written a moment ago, or nobody knows when. Pure. */
export function judgeUnnamed(found: readonly Unnamed[], now: number) {
  const isOld = ({ writtenAt }: Unnamed) => writtenAt !== null && writtenAt < now - YOUNG_MS;
  const digests = (chosen: readonly Unnamed[]) => chosen.map(({ sha256 }) => sha256);
  return {
    there: digests(found.filter(isOld)),
    gone: digests(found.filter(({ writtenAt }) => writtenAt === null)),
    stayed: digests(found.filter((blob) => blob.writtenAt !== null && !isOld(blob))),
  };
}
