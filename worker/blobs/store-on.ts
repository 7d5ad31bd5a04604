import { type BlobStore, blobPath, type Keep } from './blob-store.ts';
import { HELD_BYTES_MAX, holdBody } from './hold-body.ts';
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
      if (body instanceof Uint8Array || bytes <= HELD_BYTES_MAX) {
        const held = body instanceof Uint8Array ? body : await holdBody(key.tenant, body, bytes);
        if (held.byteLength !== bytes || (await sha256Hex(held)) !== key.sha256) return 'digest_mismatch';
        await raw.write(blobPath(key), held, bytes);
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
