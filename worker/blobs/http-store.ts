import type { StoredBlob } from './blob-store.ts';
import type { RawStore } from './receive-blob.ts';

export type StoreFetch = (path: string, init: RequestInit) => Promise<Response>;

/**
 * A plain HTTP store: GET, HEAD, PUT and DELETE of a path. workerd's writable disk service is one, and an S3 endpoint is one
 * when its requests are signed.
 */
export function httpStore(send: StoreFetch): RawStore {
  return {
    async read(path): Promise<StoredBlob | null> {
      const response = await send(path, { method: 'GET' });
      if (response.status === 404) return discard(response, null);
      if (!response.ok || response.body === null) throw await storeError('read', response);
      return { body: response.body, bytes: Number(response.headers.get('content-length') ?? '0') };
    },
    async has(path) {
      const response = await send(path, { method: 'HEAD' });
      if (response.status !== 404 && !response.ok) throw await storeError('look up', response);
      return discard(response, response.ok);
    },
    async write(path, body, bytes) {
      const headers = { 'content-length': String(bytes) };
      const response = await send(path, { method: 'PUT', body, headers });
      if (!response.ok) throw await storeError('write', response);
      await discard(response, null);
    },
    async remove(path) {
      await deleteFile(send, path);
    },
  };
}

/** Takes a file away; one that is not there is gone already. Throws where the store refuses, so that nobody takes it for done. */
export async function deleteFile(send: StoreFetch, path: string, signal?: AbortSignal): Promise<void> {
  const response = await send(path, { method: 'DELETE', signal: signal ?? null });
  if (!response.ok && response.status !== 404) throw await storeError(`remove ${path}`, response);
  await discard(response, null);
}

/** An unread body holds a connection; what is not needed is given back at once. */
async function discard<Value>(response: Response, value: Value): Promise<Value> {
  await response.body?.cancel();
  return value;
}

async function storeError(verb: string, response: Response): Promise<Error> {
  const said = (await response.text()).slice(0, 200);
  return new Error(`the blob store refused to ${verb}: ${response.status} ${said}`);
}
