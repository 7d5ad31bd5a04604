import { type BlobKey, type BlobStore, blobPath, type PutResult } from './blob-store.ts';

/** R2 (or wrangler's local one). R2 checks the SHA-256 itself and refuses a wrong body as a whole. */
export function r2Store(bucket: R2Bucket): BlobStore {
  return {
    async get(key) {
      const object = await bucket.get(blobPath(key));
      return object === null ? null : { body: object.body, bytes: object.size };
    },
    async has(key) {
      return (await bucket.head(blobPath(key))) !== null;
    },
    async put(key, body, bytes) {
      if (await this.has(key)) return 'already_there';
      return putChecked(bucket, key, body, bytes);
    },
  };
}

async function putChecked(
  bucket: R2Bucket,
  key: BlobKey,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
  bytes: number,
): Promise<PutResult> {
  try {
    const sized = body instanceof Uint8Array ? body : body.pipeThrough(new FixedLengthStream(bytes));
    await bucket.put(blobPath(key), sized, { sha256: key.sha256 });
    return 'stored';
  } catch (error) {
    // R2 names a failed checksum only in its message (error 10037); a body of another length ends its stream early.
    if (error instanceof Error && /sha-?256|checksum|digest|10037|FixedLengthStream/i.test(error.message))
      return 'digest_mismatch';
    throw error;
  }
}
