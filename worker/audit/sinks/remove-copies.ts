import type { BlobStore } from '../../blobs/blob-store.ts';
import { findRemovedCopies, forgetCopies } from '../../database/audit-sinks.ts';
import type { Database } from '../../database/database.ts';
import { keyOfCopy } from './keep-copy.ts';

const COPIES_MAX = 200;

/** Takes copies out of the blob store whose every content retention has taken out of the log. Returns how many. */
export async function removeCopies(
  database: Pick<Database, 'transaction'>,
  blobs: Pick<BlobStore, 'remove'>,
): Promise<number> {
  const [copies] = await database.transaction([findRemovedCopies(COPIES_MAX)] as const);
  for (const copy of copies) await blobs.remove(keyOfCopy(copy));
  if (copies.length > 0) await database.transaction([forgetCopies(copies)] as const);
  return copies.length;
}
