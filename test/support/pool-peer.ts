import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type FromExecutor, fromExecutorSchema, type ToExecutor } from '../../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { type PeerBlobs, peerBlobs } from './peer-blobs.ts';
import { type PeerFeeds, peerFeeds } from './peer-feeds.ts';
import { peerIdentity } from './peer-identity.ts';

/** The other end of an executor's connection, as the Worker is seen from outside: HTTP, WebSocket, signatures, blobs. */
export interface PoolPeer
  extends Pick<PeerFeeds, 'feeds' | 'repeated' | 'cutFeeds'>,
    Pick<PeerBlobs, 'blobs' | 'unanswered' | 'grant'> {
  readonly url: string;
  readonly executor: string;
  /** All that an executor sent, in order. */
  readonly received: readonly FromExecutor[];
  /** Requests by `METHOD /path`, to count what was fetched and stored. */
  readonly requests: readonly string[];
  readonly connections: number;
  /** Faults to play, each a number of requests to answer with 503. */
  readonly faults: PeerBlobs['faults'] & { connects: number };
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
  stop(): Promise<void>;
}

interface Waiter {
  accepts(message: FromExecutor): boolean;
  resolve(message: FromExecutor): void;
}

export async function startPoolPeer(): Promise<PoolPeer> {
  const received: FromExecutor[] = [];
  const waiters: Waiter[] = [];
  const requests: string[] = [];
  let connections = 0;
  let current: WebSocket | null = null;
  let isAway = false;
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const identity = peerIdentity(url);
  const { open: openFeed, ...feeds } = peerFeeds();
  const { answer: answerForBlob, ...blobs } = peerBlobs();

  const peer: PoolPeer = {
    url,
    executor: identity.executor,
    received,
    ...feeds,
    ...blobs,
    faults: Object.assign(blobs.faults, { connects: 0 }),
    requests,
    get connections() {
      return connections;
    },
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
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url: path = '', headers } = request;
    requests.push(`${method} ${path}`);
    const body = await bodyOf(request);
    if (method === 'POST' && path === '/executor/register') {
      const registered = identity.register(body);
      response.writeHead(registered === null ? 401 : 201, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify(registered ?? {}));
    }
    const answered = answerForBlob({ method, path, authorization: headers.authorization, body });
    if (answered !== null) response.writeHead(answered.status).end(answered.body);
  };

  const onExecutor = (socket: WebSocket): void => {
    connections += 1;
    current = socket;
    socket.on('message', (data: Buffer) => {
      const message = fromExecutorSchema.parse(JSON.parse(data.toString()));
      received.push(message);
      if (message.type === 'hello')
        socket.send(
          JSON.stringify({ type: 'welcome', protocol: PROTOCOL_VERSION, executor: identity.executor }),
        );
      if (message.type === 'outcome' && peer.recordsOutcomes)
        socket.send(JSON.stringify({ type: 'recorded', run: message.run, fence: message.fence }));
      for (const waiter of waiters.filter(({ accepts }) => accepts(message))) {
        waiters.splice(waiters.indexOf(waiter), 1);
        waiter.resolve(message);
      }
    });
  };

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = request.url ?? '';
    requests.push(`UPGRADE ${path}`);
    if (isAway) return void socket.destroy();
    const run = /^\/executor\/runs\/([^/]+)\/feed$/.exec(path)?.[1];
    if (run !== undefined) return sockets.handleUpgrade(request, socket, head, (feed) => openFeed(feed, run));
    const nowMs = Date.now() + peer.clockOffsetSeconds * 1000;
    const refuse = (status: string): void => {
      const date = new Date(nowMs).toUTCString();
      socket.end(`HTTP/1.1 ${status}\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    };
    if (peer.faults.connects > 0) {
      peer.faults.connects -= 1;
      return refuse('503 Service Unavailable');
    }
    if (!identity.isProven(request.headers.authorization, nowMs / 1000)) return refuse('401 Unauthorized');
    sockets.handleUpgrade(request, socket, head, onExecutor);
  });
  return peer;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
