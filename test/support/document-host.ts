import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The one origin of this machine from which the shared stack fetches documents. */
    readonly documentOrigin: string;
  }
}

/**
 * Starts the host of all tests' documents: a stack names origins before it starts, and tests come later. What is asked
 * of it at `/PORT/...` it asks of the test's own server on that port, and passes the answer on as it is.
 */
export async function startDocumentHost(): Promise<{
  readonly origin: string;
  readonly stop: () => Promise<void>;
}> {
  return listen((incoming, outgoing) => {
    const [, port, path = '/'] = /^\/(\d+)(\/.*)?$/.exec(incoming.url ?? '') ?? [];
    const forwarded = request({ host: '127.0.0.1', port, path, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    forwarded.end();
  });
}

/** Serves a test's documents; `origin` is what stands before their paths in an address that the shared stack fetches. */
export async function serveDocuments(
  listener: RequestListener,
): Promise<{ readonly origin: string; readonly own: string; readonly stop: () => Promise<void> }> {
  const { origin: own, stop } = await listen(listener);
  return { origin: `${inject('documentOrigin')}/${new URL(own).port}`, own, stop };
}

async function listen(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
