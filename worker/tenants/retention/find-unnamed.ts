import { openTenantFiles } from '../../blobs/open-blob-store.ts';
import { prefixesOf, type StoreFiles } from '../../blobs/tenant-files.ts';
import { judgeBlobs, listingDue } from '../../database/retention.ts';
import type { Platform } from '../../platform.ts';

/** As many as an S3 endpoint lists at once. */
const FILES_MAX = 1000;
/** Of a tenant in a day: one with a hundred thousand blobs is looked through in three weeks. */
const PAGES_MAX = 5;

/**
 * Once a day for a tenant: finds what may go, among the blobs that rows named which are gone, and in a part of the store, where lies what
 * calls stored that then failed. Nothing is removed: each blob has its day first, in which who needs it says so.
 */
export async function findUnnamed(
  { database, env }: Pick<Platform, 'database' | 'env'>,
  tenant: string,
): Promise<void> {
  const [due] = await database.transaction([listingDue(tenant)] as const);
  if (due === null) return;
  const seen = await listSome(openTenantFiles(env), prefixesOf(tenant).blobs, due.until);
  await database.transaction([judgeBlobs(tenant, seen)] as const);
}

async function listSome(files: Pick<StoreFiles, 'list'>, prefix: string, after: string | null) {
  const listed: string[] = [];
  let until = after;
  for (let page = 0; page < PAGES_MAX; page++) {
    const found = await files.list(prefix, until, FILES_MAX);
    listed.push(...found.map(({ name }) => name).filter(isBlob));
    until = found.length < FILES_MAX ? null : (found.at(-1)?.name ?? null);
    if (until === null) break;
  }
  return { listed, until };
}

/** Copies of the audit log lie beside the blobs, and go by their own rules. */
function isBlob(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
