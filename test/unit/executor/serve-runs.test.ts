import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Dial, dialTo } from '../../../executor/connection.ts';
import type { RunControl } from '../../../executor/run-job.ts';
import { type Serving, serveRuns } from '../../../executor/serve-runs.ts';
import { standingText } from '../../../executor/standing.ts';
import { newId } from '../../../protocol/ids.ts';
import type { FromExecutor, Job, Offer, ToExecutor } from '../../../protocol/messages.ts';
import { makeJob } from '../../support/make-job.ts';

const IMAGE = `sha256:${'a'.repeat(64)}` as Offer['image'];
const OFFER: Offer = {
  ...{ engine: 'gvisor', engine_version: '', image: IMAGE, python: '', packages: [], absent: [], slots: 2 },
};
const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

interface Begun {
  readonly job: Job;
  readonly control: RunControl;
  /** Nothing of it is left. */
  readonly clear: () => void;
}

/** An executor whose runs end when the test says so, at a pool that says what the test wants. */
async function serve() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  releases.push(() => server.close());
  const heard: FromExecutor[] = [];
  const begun: Begun[] = [];
  const logged: unknown[] = [];
  const welcomed = Promise.withResolvers<WebSocket>();
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as FromExecutor));
    socket.send(JSON.stringify({ type: 'welcome', protocol: 2, executor: newId('executor') }));
    welcomed.resolve(socket);
  });
  const serving: Serving = serveRuns({
    dial: dialTo(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`),
    identity: {
      ...{ executor: 'exe', pool: 'pol', accepted: () => {}, refused: () => {} },
      authorization: () => 'Causeway-Executor played',
    },
    offer: OFFER,
    version: '0',
    perform: (job, control) =>
      new Promise((resolve) => {
        begun.push({ job, control, clear: resolve });
      }),
    onWelcome: () => {},
    onStanding: () => {},
    log: (...line) => logged.push(line),
  });
  releases.push(async () => {
    for (const { clear } of begun) clear();
    await serving.stop();
  });
  const pool = await welcomed.promise;
  const say = (message: ToExecutor) => pool.send(JSON.stringify(message));
  await expect.poll(() => serving.live().connected).toBe(true);
  return { serving, say, heard, begun, logged };
}

/** An executor whose server does this with every connection, and what it says of itself each time that it stands otherwise. */
async function serveAt(meet: (socket: WebSocket) => void, status?: number, dial?: Dial) {
  const server = new WebSocketServer({
    ...{ port: 0, host: '127.0.0.1' },
    ...(status === undefined
      ? {}
      : { verifyClient: (_: unknown, answer: (ok: boolean, code: number) => void) => answer(false, status) }),
  });
  await once(server, 'listening');
  server.on('connection', meet);
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const said: string[] = [];
  const serving: Serving = serveRuns({
    dial: dial ?? dialTo(url),
    identity: {
      ...{ executor: 'exe', pool: 'pol', accepted: () => {}, refused: () => {} },
      authorization: () => 'Causeway-Executor played',
    },
    ...{ offer: OFFER, version: '0', onWelcome: () => {}, log: () => {} },
    perform: async () => {},
    onStanding: () => said.push(standingText({ ...serving.live(), key_trouble: null })),
  });
  releases.push(() => serving.stop());
  const close = () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  releases.push(close);
  return { said, serving, close };
}
const greet = (socket: WebSocket) =>
  socket.send(JSON.stringify({ type: 'welcome', protocol: 2, executor: newId('executor') }));

const job = (): Job => makeJob({ code: 'print(1)', image: IMAGE });

it('an outcome that a later attempt has overtaken is given up, and its executor notes why', async () => {
  const { serving, say, begun, logged } = await serve();
  const job = makeJob({ code: '', image: IMAGE });
  say(job);
  await expect.poll(() => begun).toHaveLength(1);
  const { run, fence } = job;
  say({ type: 'recorded', run, fence, code: 'old_fence' });
  await expect.poll(() => serving.live().runs).toBe(0);
  expect(logged).toContainEqual([
    'warn',
    'the outcome of an attempt counts for nothing',
    { run, fence, code: 'old_fence' },
  ]);
});

describe('an executor', () => {
  it('ends a run that is cancelled, and gives it up where nobody wants its outcome any more', async () => {
    const { say, begun } = await serve();
    const { run, fence, ...rest } = job();
    say({ ...rest, run, fence });
    say({ type: 'cancel', run, fence });
    await expect.poll(() => begun[0]?.control.signal.aborted).toBe(true);
    expect(begun[0]?.control.abandoned.aborted).toBe(false);
    say({ type: 'recorded', run, fence });
    await expect.poll(() => begun[0]?.control.abandoned.aborted).toBe(true);
  });

  it('that ends gives up a run that was being cancelled', async () => {
    const { serving, say, begun } = await serve();
    const { run, fence, ...rest } = job();
    say({ ...rest, run, fence });
    say({ type: 'cancel', run, fence });
    await expect.poll(() => begun[0]?.control.signal.aborted).toBe(true);
    const ended = serving.stop();
    expect(begun[0]?.control.abandoned.aborted).toBe(true);
    begun[0]?.clear();
    await ended;
  });

  it('that ends begins nothing that comes after its word', async () => {
    const { serving, say, begun } = await serve();
    say(job());
    await serving.stop();
    expect(begun).toEqual([]);
  });

  it('says why it takes no runs for now, and when it does again', async () => {
    const { serving, heard } = await serve();
    serving.pause('the disk is full');
    expect(serving.live()).toMatchObject({ draining: true, says: 'the disk is full' });
    serving.pause(null);
    expect(serving.live()).toMatchObject({ draining: false, says: null });
    await expect
      .poll(() => heard.map((message) => [message.type, 'draining' in message]))
      .toEqual([
        ['hello', false],
        ['draining', false],
        ['hello', false],
      ]);
  });

  it('that is told to drain between its hello and its welcome says so once it is welcome', async () => {
    const heard: FromExecutor[] = [];
    const met = Promise.withResolvers<WebSocket>();
    const { serving } = await serveAt((socket) => {
      socket.on('message', (data: Buffer) => {
        heard.push(JSON.parse(data.toString()) as FromExecutor);
        met.resolve(socket);
      });
    });
    const pool = await met.promise;
    void serving.drain();
    greet(pool);
    await expect.poll(() => heard.map(({ type }) => type)).toEqual(['hello', 'draining']);
    expect(heard[0]).not.toHaveProperty('draining');
  });
});

describe('why an executor is not connected', () => {
  it.each<[string, (socket: WebSocket) => void, number | undefined, RegExp]>([
    [
      'a version that is not served',
      (socket) => socket.close(4003, 'update this executor'),
      undefined,
      /^not connected: the deployment closed the connection \(4003: update this executor\); it dials again/,
    ],
    [
      'words that would move a terminal or another line of systemd',
      (socket) => socket.close(4003, 'a\nMAINPID=1\u001b[2J'),
      undefined,
      /^not connected: the deployment closed the connection \(4003: a MAINPID=1 \[2J\); /,
    ],
    ['a key that is not known', () => {}, 401, /^refused \(401\): the deployment knows no such executor/],
    [
      'a Worker that fails',
      () => {},
      503,
      /^refused \(503\): .* its \/healthz says why; it dials again by itself$/,
    ],
    ['a host that is too busy to be let in', () => {}, 429, /^refused \(429\); it dials again by itself$/],
  ])('is said: %s', async (_, meet, status, says) => {
    const { said, serving } = await serveAt(meet, status);
    await expect.poll(() => said[0]).toMatch(says);
    expect(serving.live()).toMatchObject({ connected: false, refused_status: status ?? null });
  });

  it('is said without what would move a terminal or another line of systemd, also where it cannot be reached', async () => {
    const refuse = new Error('no\nMAINPID=1\u001b[2J');
    const { said } = await serveAt(
      greet,
      undefined,
      () =>
        new WebSocket('ws://causeway.example.com', { lookup: (_host, _options, done) => done(refuse, '') }),
    );
    await expect
      .poll(() => said[0])
      .toMatch(/^not connected: the deployment cannot be reached \(no MAINPID=1 \[2J\); /);
  });

  it('is said until it is: a deployment that is not there, then there and gone again', async () => {
    const { said, close } = await serveAt(greet);
    await expect.poll(() => said).toEqual(['connected']);
    close();
    await expect
      .poll(() => said.at(-1))
      .toMatch(/^not connected: the deployment cannot be reached \(.*ECONNREFUSED/);
    expect(said[1]).toBe(
      'not connected: the deployment closed the connection (1006); it dials again by itself',
    );
  });

  it('is said no longer once it is welcome', async () => {
    const meets = [(socket: WebSocket) => socket.close(1013, 'later'), greet];
    const { serving } = await serveAt((socket) => meets.shift()?.(socket));
    await expect
      .poll(() => serving.live())
      .toMatchObject({ connected: false, trouble: expect.stringContaining('later') });
    await expect.poll(() => serving.live()).toMatchObject({ connected: true, trouble: null });
  });

  it('is what a pause and a drain are told beside', async () => {
    const { said, serving } = await serveAt(greet);
    await expect.poll(() => said).toEqual(['connected']);
    serving.pause('the disk is full');
    serving.pause(null);
    void serving.drain();
    expect(said.slice(1)).toEqual([
      'connected, takes no runs for now: the disk is full',
      'connected',
      'connected, draining: it takes no further runs, and ends when it has none',
    ]);
  });
});
