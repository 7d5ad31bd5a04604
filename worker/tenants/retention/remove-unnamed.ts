import { openTenantFiles } from '../../blobs/open-blob-store.ts';
import { prefixesOf, type StoreFiles } from '../../blobs/tenant-files.ts';
import { claimBlobs, settleRemoved } from '../../database/retention.ts';
import { log } from '../../log.ts';
import type { Platform } from '../../platform.ts';

/** Whoever stored a blob writes the row that names it within minutes. */
const YOUNG_MS = 24 * 3600_000;
const AT_ONCE = 20;

/** `claimed`: it is not known whether the store removed it, so the claim stays for its hour, in which that request ends. */
type Became = 'removed' | 'stayed' | 'claimed';

/**
 * Removes at most `blobsMax` blobs of a tenant that nothing has named for a day, and says how many it looked at, with two requests
 * to the store for each. Claimed first, so that who finds one in the store just now stores nothing on the strength of it. Killed in
 * between, what was claimed waits for another day.
 *
 * @param signal ends it: what was not begun then stays
 */
export async function removeUnnamed(
  { database, env }: Pick<Platform, 'database' | 'env'>,
  tenant: string,
  blobsMax: number,
  signal: AbortSignal,
): Promise<number> {
  const [claimed] = await database.transaction([claimBlobs(tenant, blobsMax)] as const);
  const files = openTenantFiles(env);
  const became: Record<Became, string[]> = { removed: [], stayed: [], claimed: [] };
  const errors: unknown[] = [];
  for (let at = 0; at < claimed.length; at += AT_ONCE)
    await Promise.all(
      claimed.slice(at, at + AT_ONCE).map(async (sha256) => {
        became[await removeOne(files, `${prefixesOf(tenant).blobs}${sha256}`, signal, errors)].push(sha256);
      }),
    );
  if (errors.length > 0)
    log('error', 'remove-unnamed', { tenant, failed: errors.length, first: String(errors[0]) });
  if (claimed.length > 0) await database.transaction([settleRemoved(tenant, became)] as const);
  return claimed.length;
}

async function removeOne(
  files: StoreFiles,
  path: string,
  signal: AbortSignal,
  errors: unknown[],
): Promise<Became> {
  let isAsked = false;
  try {
    signal.throwIfAborted();
    const judged = judgeUnnamed(await files.writtenAt(path, signal), Date.now());
    if (judged !== 'old') return judged === 'gone' ? 'removed' : 'stayed';
    signal.throwIfAborted();
    isAsked = true;
    await files.remove([path], signal);
    return 'removed';
  } catch (error) {
    errors.push(error);
    return isAsked ? 'claimed' : 'stayed';
  }
}

/** Whether one is to be removed, is gone already, or stays: written (Unix ms) a moment ago, or nobody knows when. Pure. */
export function judgeUnnamed(writtenAt: number | null, now: number): 'old' | 'gone' | 'stays' {
  if (writtenAt === null) return 'gone';
  return writtenAt < now - YOUNG_MS ? 'old' : 'stays';
}
