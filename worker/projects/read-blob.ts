import type { Platform } from '../platform.ts';
import { lackOf } from '../tenants/purged.ts';
import type { FileEntry } from './change-files.ts';

/**
 * The text of a project's file. A blob that a commit names and the store lacks was purged, which is told, or is a
 * fault of the store, and is thrown as one.
 */
export async function readBlobText(platform: Platform, tenantId: string, entry: FileEntry): Promise<string> {
  const stored = await platform.blobs.get({ tenant: tenantId, sha256: entry.sha256 });
  if (stored === null) throw await lackOf(platform, tenantId, entry.sha256);
  return new Response(stored.body).text();
}
