import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What becomes of one HTTP request: passed on, answered 500, cut off in the middle, or held until {@link HostProxy.release}. */
export type Fate = 'pass' | 'fail' | 'cut' | 'hold';

/** The network between one host and the Worker, which breaks as the test says. */
export interface HostProxy {
  readonly url: string;
  /** Requests by `METHOD /path`, in the order in which they came. */
  readonly requests: readonly string[];
  /** Decides about each request from now on. */
  judge(fateOf: (what: string) => Fate): void;
  /** Passes on what was held, and whatever comes. */
  release(): void;
  /** Resets every connection (RST). */
  reset(): void;
  /** Swallows every byte, both ways, on what is open and what is dialled, without a word. */
  swallow(): void;
  /** Passes on again; what was open meanwhile is dead, as behind a NAT that forgot it. */
  heal(): void;
  stop(): Promise<void>;
}

export async function startHostProxy(port: number): Promise<HostProxy> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let held: (() => void)[] = [];
  let fateOf: (what: string) => Fate = () => 'pass';
  let isSwallowing = false;

  const passOn = (incoming: IncomingMessage, outgoing: ServerResponse, isCut: boolean): void => {
    const { method, url: path, headers } = incoming;
    const forwarded = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (!isCut) return void answer.pipe(outgoing);
      answer.once('data', (chunk: Buffer) => {
        outgoing.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => outgoing.destroy());
      });
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    if (isCut && method === 'PUT') incoming.once('data', () => incoming.destroy());
    incoming.pipe(forwarded);
  };

  const server = createServer((incoming, outgoing) => {
    const what = `${incoming.method} ${incoming.url}`;
    requests.push(what);
    const fate = fateOf(what);
    if (isSwallowing) return;
    if (fate === 'fail') return void outgoing.writeHead(500).end('the store failed');
    if (fate === 'hold') return void held.push(() => passOn(incoming, outgoing, false));
    passOn(incoming, outgoing, fate === 'cut');
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isSwallowing) return;
    const worker = connect(port, '127.0.0.1');
    const lines = [`GET ${incoming.url} HTTP/1.1`];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2)
      lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
    worker.write(`${lines.join('\r\n')}\r\n\r\n`);
    worker.write(head);
    for (const [from, to] of [[worker, socket] as const, [socket, worker] as const]) {
      from.on('data', (chunk: Buffer) => {
        if (!isSwallowing) to.write(chunk);
      });
      from.on('error', () => to.destroy());
      // Whoever is gone while everything is swallowed is not missed.
      from.on('close', () => {
        if (!isSwallowing) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    judge(next) {
      fateOf = next;
    },
    release() {
      fateOf = () => 'pass';
      for (const pass of held.splice(0)) pass();
    },
    reset,
    swallow() {
      isSwallowing = true;
    },
    heal() {
      isSwallowing = false;
      reset();
    },
    async stop() {
      held = [];
      reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
