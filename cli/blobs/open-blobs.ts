import { join } from 'node:path';
import { wranglerBucket } from '../database/wrangler-bucket.ts';
import { namesDatabase } from '../stack/owner-url.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import type { BlobFiles } from './blob-files.ts';
import { folderBlobs } from './folder-blobs.ts';
import { s3Blobs } from './s3-blobs.ts';

export interface BlobOptions {
  readonly state: string;
  readonly databaseUrl?: string;
  /** A folder. */
  readonly blobs?: string;
  /** Commander's spelling of `--without-blobs`. */
  readonly withoutBlobs?: boolean;
}

/** The object store that belongs to the database which the options name; null where the operator says that there shall be none. */
export function openBlobs(options: BlobOptions): BlobFiles | null {
  if (options.withoutBlobs === true) return null;
  if (options.blobs !== undefined) return folderBlobs(options.blobs);
  const {
    BLOB_STORE_URL: url,
    BLOB_STORE_ACCESS_KEY_ID,
    BLOB_STORE_SECRET_ACCESS_KEY,
    BLOB_STORE_REGION,
  } = process.env;
  if (url !== undefined)
    return s3Blobs({
      url,
      accessKeyId: BLOB_STORE_ACCESS_KEY_ID ?? '',
      secretAccessKey: BLOB_STORE_SECRET_ACCESS_KEY ?? '',
      region: BLOB_STORE_REGION ?? 'auto',
    });
  if (!namesDatabase(options)) return stackBlobs(options.state);
  throw new Failure({
    what: 'It is not known where the blobs of this database are.',
    why: 'files, data and outputs lie in an object store, and none was named',
    remedy:
      'set BLOB_STORE_URL, BLOB_STORE_ACCESS_KEY_ID and BLOB_STORE_SECRET_ACCESS_KEY (of R2: those of its S3 API), name a folder by --blobs DIR, or say --without-blobs',
  });
}

/** What a stack of this machine keeps: workerd's folder, and behind it what `wrangler dev` has in place of R2. */
function stackBlobs(state: string): BlobFiles {
  const paths = statePaths(state);
  const folder = folderBlobs(paths.blobs);
  const wrangler = wranglerBucket(join(paths.worker, 'wrangler'));
  return {
    ...folder,
    read: async (path, bytesMax) =>
      (await folder.read(path, bytesMax)) ?? (await wrangler?.read(path, bytesMax)) ?? null,
  };
}
