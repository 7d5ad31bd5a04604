import { openTenantFiles } from '../../blobs/open-blob-store.ts';
import { prefixesOf } from '../../blobs/tenant-files.ts';
import { blobsToPurge, notePurged } from '../../database/purges.ts';
import type { Platform } from '../../platform.ts';

/** Removes from the object store what the operator purged of a tenant. Killed in between, it does so again. */
export async function removePurged({ database, env }: Platform, tenant: string): Promise<void> {
  const [digests] = await database.transaction([blobsToPurge(tenant)] as const);
  if (digests.length === 0) return;
  await openTenantFiles(env).remove(digests.map((sha256) => `${prefixesOf(tenant).blobs}${sha256}`));
  await database.transaction([notePurged(tenant, digests)] as const);
}
