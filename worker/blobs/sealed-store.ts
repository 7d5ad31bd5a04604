import type { KeyStore } from '../keys/key-store.ts';
import { BlobDamaged, opening, plainBytes, sealedBytes, sealing } from './blob-cipher.ts';
import type { RawStore } from './receive-blob.ts';

/**
 * A store whose files are sealed with the keys of the tenants that own them, while they pass. A file opens at its own path alone, and a
 * blob's path holds its tenant and the SHA-256 of its bytes. What belongs to no tenant (checkpoints of the audit
 * log, which are public) lies as it is.
 */
export function sealedStore(raw: RawStore, keys: Pick<KeyStore, 'blobKey'>): RawStore {
  return {
    async read(path) {
      const tenant = tenantOf(path);
      const stored = await raw.read(path);
      if (stored === null || tenant === null) return stored;
      const bytes = plainBytes(stored.bytes);
      if (bytes === null) {
        await stored.body.cancel();
        throw new BlobDamaged(path, 'is not sealed, or cut');
      }
      return { body: stored.body.pipeThrough(opening((id) => keys.blobKey(tenant, id), path)), bytes };
    },
    has: (path) => raw.has(path),
    async write(path, body, bytes) {
      const tenant = tenantOf(path);
      if (tenant === null) return raw.write(path, body, bytes);
      const key = await keys.blobKey(tenant, null);
      if (key === null) throw new Error('a tenant has no key for its blobs');
      const plain = body instanceof Uint8Array ? streamOf(body) : body;
      const sealed = plain.pipeThrough(sealing(key, path));
      const length = sealedBytes(bytes);
      if (body instanceof Uint8Array) return raw.write(path, await collect(sealed, length), length);
      // R2 and HTTP stores want to know the length beforehand.
      return raw.write(path, sealed.pipeThrough(new FixedLengthStream(length)), length);
    },
    remove: (path) => raw.remove(path),
  };
}

/** Whose a file is: of `<tenant>/<sha256>` and of what waits in `incoming/<tenant>/<attempt>`. */
function tenantOf(path: string): string | null {
  return /^(?:incoming\/)?(ten_[0-9a-z]{26})\//.exec(path)?.[1] ?? null;
}

async function collect(stream: ReadableStream<Uint8Array>, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const collected = new Uint8Array(bytes);
  let at = 0;
  for await (const chunk of stream) {
    collected.set(chunk, at);
    at += chunk.byteLength;
  }
  return collected;
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
