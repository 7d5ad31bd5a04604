import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A proxy on loopback that adds a bearer token, for the conformance package, which cannot send one. The proxy's
 * own address becomes the target's in Host and Origin; foreign ones pass as they are.
 */
export async function startBearerProxy(
  target: string,
  token: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const { hostname, port, pathname } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const own =
      incoming.headers.host?.startsWith('127.0.0.1:') || incoming.headers.host?.startsWith('localhost:');
    const headers = {
      ...incoming.headers,
      authorization: `Bearer ${token}`,
      host: own ? `${hostname}:${port}` : incoming.headers.host,
      ...(own && incoming.headers.origin ? { origin: `http://${hostname}:${port}` } : {}),
    };
    const path = incoming.url === '/' ? pathname : incoming.url;
    const forwarded = request({ hostname, port, path, method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.writeHead(502).end());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: proxyPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${proxyPort}${pathname}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
