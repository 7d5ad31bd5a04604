import { type BlobStore, blobPath } from './blob-store.ts';
import type { IncomingBodies } from './incoming.ts';
import { measuredStream } from './measured-stream.ts';
import { type RawStore, receiveBlob } from './receive-blob.ts';
import { sha256Hex } from './sha256.ts';

/** R2 (or wrangler's local one). R2 checks the SHA-256 as well, and a body that fails leaves nothing. */
export function r2Store(bucket: R2Bucket): BlobStore {
  const raw = rawR2Store(bucket);
  return {
    get: (key) => raw.read(blobPath(key)),
    has: (key) => raw.has(blobPath(key)),
    async put(key, body, bytes) {
      if (await raw.has(blobPath(key))) return 'already_there';
      if (body instanceof Uint8Array) {
        if (body.byteLength !== bytes || (await sha256Hex(body)) !== key.sha256) return 'digest_mismatch';
        await raw.write(blobPath(key), body, bytes);
        return 'stored';
      }
      const passing = measuredStream(body, bytes);
      try {
        await bucket.put(blobPath(key), passing.body, { sha256: key.sha256 });
        return 'stored';
      } catch (error) {
        // R2 names a failed checksum only in its message; what passed here tells the same without reading prose.
        const sha256 = passing.sha256();
        if (passing.hasWrongLength() || (sha256 !== null && sha256 !== key.sha256)) return 'digest_mismatch';
        throw error;
      }
    },
    remove: (key) => raw.remove(blobPath(key)),
    receive: (transfer, body) => receiveBlob(raw, transfer, body),
  };
}

/** What waits in R2. */
export function r2Incoming(bucket: R2Bucket): IncomingBodies {
  return {
    async list(prefix, bodiesMax) {
      const { objects } = await bucket.list({ prefix, limit: bodiesMax });
      return objects.map(({ key, uploaded }) => ({ path: key, writtenAt: uploaded.getTime() }));
    },
    remove: (paths) => bucket.delete([...paths]),
  };
}

function rawR2Store(bucket: R2Bucket): RawStore {
  return {
    async read(path) {
      const object = await bucket.get(path);
      return object === null ? null : { body: object.body, bytes: object.size };
    },
    async has(path) {
      return (await bucket.head(path)) !== null;
    },
    async write(path, body) {
      await bucket.put(path, body);
    },
    remove: (path) => bucket.delete(path),
  };
}
