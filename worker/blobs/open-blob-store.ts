import { AwsClient } from 'aws4fetch';
import type { Env } from '../env.ts';
import { type BlobKey, type BlobStore, blobPath, type Keep } from './blob-store.ts';
import { diskIncoming } from './disk-incoming.ts';
import { httpStore, type StoreFetch } from './http-store.ts';
import type { IncomingBodies } from './incoming.ts';
import { r2Incoming, r2Store } from './r2-store.ts';
import type { RawStore } from './receive-blob.ts';
import { type Resealed, type Seals, sealedStore } from './sealed-store.ts';
import { storeOn } from './store-on.ts';
import { diskFiles, r2Files, type StoreFiles, s3Files } from './tenant-files.ts';

export interface SealedBlobs extends BlobStore {
  /** Seals a blob with the newest key of its tenant where it lies in the clear or under an earlier key. */
  reseal(key: BlobKey): Promise<Resealed>;
}

/** The store that this deployment has (R2, workerd's disk, or an S3 endpoint: exactly one must be bound), sealed. */
export function openBlobStore(env: Env, seals: Seals, keep: Keep): SealedBlobs {
  const files = sealedStore(openFiles(env), seals);
  return { ...storeOn(files, keep), reseal: (key) => files.reseal(blobPath(key)) };
}

function openFiles(env: Env): RawStore {
  if (env.BLOBS !== undefined) return r2Store(env.BLOBS);
  if (env.BLOB_DISK !== undefined) return httpStore(onDisk(env.BLOB_DISK));
  if (env.BLOB_STORE_URL !== undefined) return httpStore(s3(env, env.BLOB_STORE_URL));
  throw new Error('no blob store is bound: bind R2 as BLOBS, or set BLOB_STORE_URL');
}

/** What waits in that store; null where a lifecycle rule on `incoming/` has to remove it, as in S3. */
export function openIncoming(env: Env): IncomingBodies | null {
  if (env.BLOBS !== undefined) return r2Incoming(env.BLOBS);
  return env.BLOB_DISK === undefined ? null : diskIncoming(onDisk(env.BLOB_DISK));
}

/** The files in that store, as they lie there. */
export function openTenantFiles(env: Env): StoreFiles {
  if (env.BLOBS !== undefined) return r2Files(env.BLOBS);
  if (env.BLOB_DISK !== undefined) return diskFiles(onDisk(env.BLOB_DISK));
  if (env.BLOB_STORE_URL !== undefined) return s3Files(s3(env, env.BLOB_STORE_URL));
  throw new Error('no blob store is bound');
}

function onDisk(disk: Fetcher): StoreFetch {
  return (path, init) => disk.fetch(`http://blobs/${path}`, init);
}

function s3(env: Env, url: string) {
  const client = new AwsClient({
    accessKeyId: env.BLOB_STORE_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.BLOB_STORE_SECRET_ACCESS_KEY ?? '',
    region: env.BLOB_STORE_REGION ?? 'auto',
    service: 's3',
  });
  const base = url.endsWith('/') ? url : `${url}/`;
  return async function sendSigned(path: string, init: RequestInit): Promise<Response> {
    const signed = await client.sign(new URL(path, base).href, init);
    return env.OUTBOUND === undefined ? fetch(signed) : env.OUTBOUND.fetch(signed);
  };
}
