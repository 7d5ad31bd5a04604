import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BlobStore } from '../../worker/blobs/blob-store.ts';
import { httpStore } from '../../worker/blobs/http-store.ts';
import { storeOn } from '../../worker/blobs/store-on.ts';

export interface BlobServer {
  readonly url: string;
  readonly store: BlobStore;
  /** What lies in it, by path. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly stop: () => Promise<void>;
}

/**
 * A plain HTTP store (GET, HEAD, PUT, DELETE of a path) on loopback.
 *
 * @param before is waited for with each request; a status that it gives is answered in place of what was asked
 */
export async function startBlobServer(
  before: (method: string, path: string) => Promise<number | undefined> = async () => undefined,
): Promise<BlobServer> {
  const blobs = new Map<string, Uint8Array>();
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').slice(1);
    const status = await before(request.method ?? '', path);
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    if (request.method === 'PUT') {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      blobs.set(path, Buffer.concat(chunks));
      response.writeHead(204).end();
      return;
    }
    const blob = blobs.get(path);
    if (request.method === 'DELETE') blobs.delete(path);
    response.writeHead(blob === undefined ? 404 : 200, { 'content-length': blob?.byteLength ?? 0 });
    response.end(request.method === 'GET' ? blob : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    store: storeOn(
      httpStore((path, init) => fetch(`${url}${path}`, init)),
      async () => 'named',
    ),
    blobs,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
