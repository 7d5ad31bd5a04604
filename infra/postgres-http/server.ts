import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { answerRequest } from './answer-request.ts';
import { Connections, type Upstream } from './connections.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { refusal, type SqlAnswer } from './sql-answer.ts';
import { readSqlRequest } from './sql-request.ts';

export type PostgresHttpOptions = {
  readonly upstream: Upstream;
  /** Certificate and key, PEM; absent: plain HTTP, for loopback or behind something that ends TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** A free one is taken for 0, the default. */
  readonly port?: number;
  readonly limits?: Partial<Limits>;
};

export type PostgresHttp = {
  readonly port: number;
  /** The endpoint for the driver's `fetchEndpoint`. */
  readonly url: string;
  /** Ends running requests' sockets once they are answered, then the connections to Postgres. */
  readonly close: () => Promise<void>;
};

/**
 * Serves Neon's HTTP SQL protocol (`POST /sql`, as `neon()` of @neondatabase/serverless speaks it) in front of any
 * Postgres. It holds no credential: each request logs in with its own, and can do what that role can.
 */
export async function startPostgresHttp(options: PostgresHttpOptions): Promise<PostgresHttp> {
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const connections = new Connections(options.upstream, limits);
  let isClosing = false;
  const { tls } = options;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await serve(request, response, connections, limits);
    // A socket that was busy when closing began would stay open for the keep-alive time.
    if (isClosing) response.once('close', () => server.closeIdleConnections());
  };
  const server = tls
    ? createTlsServer({ keepAliveTimeout: 30_000, minVersion: 'TLSv1.2', ...tls }, answer)
    : createServer({ keepAliveTimeout: 30_000 }, answer);
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  const close = async (): Promise<void> => {
    isClosing = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await closed;
    await connections.close();
  };
  return { port: address.port, url: `http${tls ? 's' : ''}://${host}:${address.port}/sql`, close };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  connections: Connections,
  limits: Limits,
): Promise<void> {
  if (request.method === 'GET' && request.url === '/health') return sendText(response, 200, 'ok\n');
  if (request.url !== '/sql') return sendText(response, 404, 'this server answers POST /sql\n');
  if (request.method !== 'POST') return sendText(response, 405, 'this server answers POST /sql\n');
  const text = await readBody(request, limits.requestBytesMax).catch(() => null);
  if (text === null) {
    response.setHeader('connection', 'close');
    return sendText(response, 413, `a request has at most ${limits.requestBytesMax} bytes\n`);
  }
  const answer = await understandAndAnswer(request, text, connections, limits);
  send(response, answer.status, 'application/json', JSON.stringify(answer.body));
}

async function understandAndAnswer(
  request: IncomingMessage,
  text: string,
  connections: Connections,
  limits: Limits,
): Promise<SqlAnswer> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refusal('the body is not JSON', '08P01');
  }
  const understood = readSqlRequest(request.headers, body, limits.statementsMax);
  return understood.ok
    ? answerRequest(understood.request, connections, limits)
    : refusal(understood.reason, '08P01');
}

/** Rejects as soon as more than `bytesMax` have arrived, without keeping them. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error('body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain', text);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
