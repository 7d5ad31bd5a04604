import type { Platform } from '../platform.ts';
import type { FileEntry } from './change-files.ts';

/**
 * The text of a project's file. A blob that a commit names and the store lacks is a fault of the store, not of the
 * caller, and is thrown as one.
 */
export async function readBlobText(platform: Platform, tenantId: string, entry: FileEntry): Promise<string> {
  const stored = await platform.blobs.get({ tenant: tenantId, sha256: entry.sha256 });
  if (stored === null) throw new Error(`the blob store lacks ${entry.sha256}, which a commit names`);
  return new Response(stored.body).text();
}
