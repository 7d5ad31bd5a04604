import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy does beside passing on. Each is something that real proxies do, by default or by a mistake. */
export interface Behaviour {
  /** Changes a request's headers on their way to the Worker. */
  readonly onRequest?: (headers: IncomingHttpHeaders) => OutgoingHttpHeaders;
  /** Changes an answer's headers on their way back, knowing those of its request. */
  readonly onAnswer?: (headers: IncomingHttpHeaders, asked: IncomingHttpHeaders) => OutgoingHttpHeaders;
  /** Holds each body back until it is whole. */
  readonly holdsBack?: boolean;
  /** Refuses longer bodies with 413, by their Content-Length. */
  readonly bodyBytesMax?: number;
  /** Answers these paths by itself, with a page. */
  readonly ownPaths?: RegExp;
}

export interface ReverseProxy {
  readonly port: number;
  /** Passes on to this port of 127.0.0.1 from now on. */
  leadTo(port: number): void;
  behave(behaviour: Behaviour): void;
  /** Breaks every connection that is open. */
  cut(): void;
  stop(): Promise<void>;
}

/** A reverse proxy on loopback, as one stands in front of a deployment. It begins as one that changes nothing. */
export async function startReverseProxy(): Promise<ReverseProxy> {
  let target = 0;
  let behaviour: Behaviour = {};
  const server = createServer((incoming, outgoing) => {
    const { onRequest, onAnswer, holdsBack, bodyBytesMax, ownPaths } = behaviour;
    if (Number(incoming.headers['content-length'] ?? 0) > (bodyBytesMax ?? Number.POSITIVE_INFINITY)) {
      outgoing.writeHead(413, { 'content-type': 'text/html', connection: 'close' }).end('too large');
      return;
    }
    if (ownPaths?.test(incoming.url ?? '')) {
      outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<p>the site of the proxy');
      return;
    }
    const forwarded = request(
      {
        host: '127.0.0.1',
        port: target,
        path: incoming.url,
        method: incoming.method,
        headers: onRequest?.(incoming.headers) ?? incoming.headers,
        agent: false,
      },
      (answer) => {
        const headers = onAnswer?.(answer.headers, incoming.headers) ?? answer.headers;
        if (!holdsBack) {
          outgoing.writeHead(answer.statusCode ?? 502, headers);
          answer.pipe(outgoing);
          return;
        }
        const held: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => held.push(chunk));
        answer.on('end', () => {
          outgoing.writeHead(answer.statusCode ?? 502, headers);
          outgoing.end(Buffer.concat(held));
        });
      },
    );
    forwarded.on('error', () => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    });
    outgoing.on('close', () => forwarded.destroy());
    forwarded.flushHeaders();
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(port) {
      target = port;
    },
    behave(next) {
      behaviour = next;
    },
    cut: () => server.closeAllConnections(),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
