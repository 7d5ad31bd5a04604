import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BlobFiles } from '../blobs/blob-files.ts';

const BUCKET = 'causeway-blobs';

/**
 * What `wrangler dev` keeps in place of R2, to be read alone: miniflare's SQLite file of the bucket names a file for each object.
 * Null where wrangler never ran here.
 */
export function wranglerBucket(persistDir: string): Pick<BlobFiles, 'read'> | null {
  const database = openIndex(join(persistDir, 'v3/r2/miniflare-R2BucketObject'));
  if (database === null) return null;
  const find = database.prepare('select blob_id, size from _mf_objects where key = ?');
  return {
    async read(path, bytesMax) {
      const found = find.get(path) as { blob_id: string | null; size: number } | undefined;
      if (found === undefined || found.blob_id === null) return null;
      const file = join(persistDir, 'v3/r2', BUCKET, 'blobs', found.blob_id);
      const end = bytesMax === undefined ? Number.POSITIVE_INFINITY : bytesMax - 1;
      return { bytes: found.size, body: createReadStream(file, { end }) };
    },
  };
}

/** The one index that knows objects; wrangler names it by a digest. */
function openIndex(dir: string): DatabaseSync | null {
  if (!existsSync(dir)) return null;
  const files = readdirSync(dir).filter((name) => name.endsWith('.sqlite') && !name.startsWith('metadata'));
  const [file] = files;
  return file === undefined ? null : new DatabaseSync(join(dir, file), { readOnly: true });
}
