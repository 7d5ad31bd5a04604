import { createHash, createPublicKey, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectStatement, EXECUTOR_SCHEME } from '../../protocol/executor-identity.ts';
import { type FeedEvent, type FeedReceipt, feedEventSchema } from '../../protocol/feed.ts';
import { newId } from '../../protocol/ids.ts';
import { type FromExecutor, fromExecutorSchema, type ToExecutor } from '../../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';

export const JOIN_TOKEN = 'join-token-for-one-executor';
const CAPABILITY = 'capability';

/** The other end of an executor's connection, as the Worker is seen from outside: HTTP, WebSocket, signatures, blobs. */
export interface PoolPeer {
  readonly url: string;
  readonly executor: string;
  /** All that an executor sent, in order. */
  readonly received: readonly FromExecutor[];
  /** Events of each run, as its feed brought them; what came twice stands in `repeated`. */
  readonly feeds: ReadonlyMap<string, FeedEvent[]>;
  readonly repeated: readonly FeedEvent[];
  /** Cuts all feeds without a word, as a deploy does; one that crashes has lost what it did not confirm. */
  cutFeeds(how: 'cut' | 'crash'): void;
  readonly blobs: Map<string, Buffer>;
  /** Requests by `METHOD /path`, to count what was fetched and stored. */
  readonly requests: readonly string[];
  readonly connections: number;
  /** Faults to play, each a number of requests to answer with 503. */
  readonly faults: { gets: number; puts: number; connects: number };
  /** GET or PUT of a blob that is never answered, as `PUT` or `GET <sha256>`. */
  readonly unanswered: Set<string>;
  /** How far this peer's clock is from the executor's, in seconds. */
  clockOffsetSeconds: number;
  /** Answers to `outcome` with `recorded`; switched off to see an outcome sent again. */
  recordsOutcomes: boolean;
  send(message: ToExecutor): void;
  /** The first message of `type` that satisfies `matches`, received already or to come. */
  next<Type extends FromExecutor['type']>(
    type: Type,
    matches?: (message: Extract<FromExecutor, { type: Type }>) => boolean,
  ): Promise<Extract<FromExecutor, { type: Type }>>;
  /** Cuts the connection without a word, as a network does. */
  cut(): void;
  /** Refuses new connections until {@link PoolPeer.returnToService}. */
  goAway(): void;
  returnToService(): void;
  /** Puts bytes where the executor can fetch them. */
  grant(bytes: Buffer): { sha256: string; bytes: number; capability: string };
  stop(): Promise<void>;
}

interface Waiter {
  accepts(message: FromExecutor): boolean;
  resolve(message: FromExecutor): void;
}

export async function startPoolPeer(): Promise<PoolPeer> {
  const executor = newId('executor');
  const received: FromExecutor[] = [];
  const waiters: Waiter[] = [];
  const feeds = new Map<string, FeedEvent[]>();
  const repeated: FeedEvent[] = [];
  const feedSockets = new Set<WebSocket>();
  const confirmed = new Map<string, number>();
  const blobs = new Map<string, Buffer>();
  const requests: string[] = [];
  let publicKey: string | null = null;
  let connections = 0;
  let current: WebSocket | null = null;
  let isAway = false;
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const peer: PoolPeer = {
    url,
    executor,
    received,
    feeds,
    repeated,
    cutFeeds(how) {
      for (const [run, events] of feeds) if (how === 'crash') events.splice(confirmed.get(run) ?? 0);
      for (const socket of feedSockets) socket.terminate();
    },
    blobs,
    requests,
    get connections() {
      return connections;
    },
    faults: { gets: 0, puts: 0, connects: 0 },
    unanswered: new Set(),
    clockOffsetSeconds: 0,
    recordsOutcomes: true,
    send: (message) => current?.send(JSON.stringify(message)),
    next(type, matches = () => true) {
      type Wanted = Extract<FromExecutor, { type: typeof type }>;
      const accepts = (message: FromExecutor) => message.type === type && matches(message as Wanted);
      const already = received.find(accepts);
      if (already !== undefined) return Promise.resolve(already as Wanted);
      return new Promise<Wanted>((resolve) => {
        waiters.push({ accepts, resolve: (message) => resolve(message as Wanted) });
      });
    },
    cut: () => current?.terminate(),
    goAway() {
      isAway = true;
      current?.terminate();
    },
    returnToService() {
      isAway = false;
    },
    grant(bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      blobs.set(sha256, bytes);
      return { sha256, bytes: bytes.length, capability: CAPABILITY };
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  const register = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse((await bodyOf(request)).toString()) as { join_token: string; public_key: string };
    if (body.join_token !== JOIN_TOKEN || publicKey !== null) {
      response.writeHead(401).end('{}');
      return;
    }
    publicKey = body.public_key;
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ executor, pool: newId('pool'), audience: url }));
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    requests.push(`${request.method} ${path}`);
    if (request.method === 'POST' && path === '/executor/register') return register(request, response);
    const sha256 = /^\/executor\/blobs\/([0-9a-f]{64})$/.exec(path)?.[1];
    const body = await bodyOf(request);
    if (sha256 === undefined || request.headers.authorization !== `Bearer ${CAPABILITY}`)
      return void response.writeHead(404).end();
    if ([request.method, `${request.method} ${sha256}`].some((each) => peer.unanswered.has(each ?? '')))
      return;
    const fault = request.method === 'GET' ? 'gets' : 'puts';
    if (peer.faults[fault] > 0) {
      peer.faults[fault] -= 1;
      return void response.writeHead(503).end();
    }
    if (request.method === 'PUT') {
      const isRight = createHash('sha256').update(body).digest('hex') === sha256;
      if (isRight) blobs.set(sha256, body);
      return void response.writeHead(isRight ? 204 : 409).end();
    }
    const blob = blobs.get(sha256);
    response.writeHead(blob === undefined ? 404 : 200).end(blob);
  };

  /** Whether the proof is signed by the registered key, for this audience, at this peer's time. */
  const isProven = (header: string | undefined): boolean => {
    const [scheme, proof] = (header ?? '').split(' ');
    const [id, seconds, nonce, signature] = (proof ?? '').split('.');
    if (scheme !== EXECUTOR_SCHEME || id !== executor || publicKey === null) return false;
    if (seconds === undefined || nonce === undefined || signature === undefined) return false;
    const nowSeconds = Date.now() / 1000 + peer.clockOffsetSeconds;
    if (Math.abs(nowSeconds - Number(seconds)) > 60) return false;
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    const statement = connectStatement({ executor, audience: url, seconds: Number(seconds), nonce });
    return verify(null, statement, key, Buffer.from(signature, 'base64url'));
  };

  const onExecutor = (socket: WebSocket): void => {
    connections += 1;
    current = socket;
    socket.on('message', (data: Buffer) => {
      const message = fromExecutorSchema.parse(JSON.parse(data.toString()));
      received.push(message);
      if (message.type === 'hello')
        socket.send(JSON.stringify({ type: 'welcome', protocol: PROTOCOL_VERSION, executor }));
      if (message.type === 'outcome' && peer.recordsOutcomes)
        socket.send(JSON.stringify({ type: 'recorded', run: message.run, fence: message.fence }));
      for (const waiter of waiters.filter(({ accepts }) => accepts(message))) {
        waiters.splice(waiters.indexOf(waiter), 1);
        waiter.resolve(message);
      }
    });
  };

  const onFeed = (socket: WebSocket, run: string): void => {
    const events: FeedEvent[] = feeds.get(run) ?? [];
    feeds.set(run, events);
    feedSockets.add(socket);
    socket.on('close', () => feedSockets.delete(socket));
    const have = () => events.at(-1)?.sequence ?? 0;
    socket.on('message', (data: Buffer) => {
      const event = feedEventSchema.parse(JSON.parse(data.toString()));
      if (event.sequence <= have()) repeated.push(event);
      else events.push(event);
    });
    confirmed.set(run, have());
    socket.send(JSON.stringify({ have: have() } satisfies FeedReceipt));
  };

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = request.url ?? '';
    requests.push(`UPGRADE ${path}`);
    if (isAway) return void socket.destroy();
    const run = /^\/executor\/runs\/([^/]+)\/feed$/.exec(path)?.[1];
    if (run !== undefined) return sockets.handleUpgrade(request, socket, head, (feed) => onFeed(feed, run));
    const refuse = (status: string): void => {
      const date = new Date(Date.now() + peer.clockOffsetSeconds * 1000).toUTCString();
      socket.end(`HTTP/1.1 ${status}\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    };
    if (peer.faults.connects > 0) {
      peer.faults.connects -= 1;
      return refuse('503 Service Unavailable');
    }
    if (!isProven(request.headers.authorization)) return refuse('401 Unauthorized');
    sockets.handleUpgrade(request, socket, head, onExecutor);
  });
  return peer;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
