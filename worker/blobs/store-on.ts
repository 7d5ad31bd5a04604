import { type BlobStore, blobPath, type Keep } from './blob-store.ts';
import { isThere } from './is-there.ts';
import { type RawStore, receiveBlob } from './receive-blob.ts';
import { sha256Hex } from './sha256.ts';

/** Blobs in files. The files' store checks nothing, so bytes are checked here before they get their key. */
export function storeOn(raw: RawStore, keep: Keep): BlobStore {
  return {
    get: (key) => raw.read(blobPath(key)),
    has: (key) => raw.has(blobPath(key)),
    async put(key, body, bytes) {
      if (await isThere(raw, key, keep)) return 'already_there';
      if (body instanceof Uint8Array) {
        if (body.byteLength !== bytes || (await sha256Hex(body)) !== key.sha256) return 'digest_mismatch';
        await raw.write(blobPath(key), body, bytes);
        return 'stored';
      }
      const transfer = { tenant: key.tenant, attempt: crypto.randomUUID(), bytes, sha256: key.sha256 };
      const received = await receiveBlob(raw, keep, transfer, body);
      return received.ok ? 'stored' : 'digest_mismatch';
    },
    remove: (key) => raw.remove(blobPath(key)),
    receive: (transfer, body) => receiveBlob(raw, keep, transfer, body),
  };
}
