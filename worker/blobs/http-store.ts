import { type BlobStore, blobPath, type PutResult } from './blob-store.ts';
import { digesting } from './digesting.ts';
import { sha256Hex } from './sha256.ts';

export type StoreFetch = (path: string, init: RequestInit) => Promise<Response>;

/**
 * A plain HTTP store: GET, HEAD, PUT and DELETE of `<tenant>/<sha256>`. workerd's writable disk service is one, and an
 * S3 endpoint is one when its requests are signed. The store checks nothing, so the digest is taken here while the
 * bytes pass, and a body that is not what it claims is deleted again.
 */
export function httpStore(send: StoreFetch): BlobStore {
  return {
    async get(key) {
      const response = await send(blobPath(key), { method: 'GET' });
      if (response.status === 404) return discard(response, null);
      if (!response.ok || response.body === null) throw await storeError('read', response);
      return { body: response.body, bytes: Number(response.headers.get('content-length') ?? '0') };
    },
    async has(key) {
      const response = await send(blobPath(key), { method: 'HEAD' });
      if (response.status !== 404 && !response.ok) throw await storeError('look up', response);
      return discard(response, response.ok);
    },
    async put(key, body, bytes): Promise<PutResult> {
      if (await this.has(key)) return 'already_there';
      if (body instanceof Uint8Array) {
        if (body.byteLength !== bytes || (await sha256Hex(body)) !== key.sha256) return 'digest_mismatch';
        await write(send, blobPath(key), body, bytes);
        return 'stored';
      }
      const { body: passed, digest } = digesting(body);
      try {
        await write(send, blobPath(key), passed.pipeThrough(new FixedLengthStream(bytes)), bytes);
        if ((await digest) === key.sha256) return 'stored';
      } catch (error) {
        await discard(await send(blobPath(key), { method: 'DELETE' }), null);
        if (error instanceof TypeError) return 'digest_mismatch';
        throw error;
      }
      await discard(await send(blobPath(key), { method: 'DELETE' }), null);
      return 'digest_mismatch';
    },
  };
}

async function write(send: StoreFetch, path: string, body: BodyInit, bytes: number): Promise<void> {
  const response = await send(path, { method: 'PUT', body, headers: { 'content-length': String(bytes) } });
  if (!response.ok) throw await storeError('write', response);
  await discard(response, null);
}

/** An unread body holds a connection; what is not needed is given back at once. */
async function discard<Value>(response: Response, value: Value): Promise<Value> {
  await response.body?.cancel();
  return value;
}

async function storeError(verb: string, response: Response): Promise<Error> {
  return new Error(
    `the blob store refused to ${verb}: ${response.status} ${(await response.text()).slice(0, 200)}`,
  );
}
