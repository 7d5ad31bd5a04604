import { describe, expect, test } from 'vitest';
import { Connection } from '../../../worker/mcp/socket/connection.ts';

const MIB = 1024 * 1024;

type Said = { readonly id?: unknown; readonly error?: { readonly code: number; readonly message: string } };

/** A connection whose Worker answers as the test says: `serve` is given each request with the text of its body. */
function connect(serve: (request: Request, text: string) => Promise<Response> | Response, tenant = 'ann') {
  const sent: string[] = [];
  const served: string[] = [];
  const closed: number[] = [];
  const pauses: (() => void)[] = [];
  const connection = new Connection(
    {
      tenant,
      async serve(request) {
        const text = await request.text();
        served.push(text === '' ? `${request.method} ${request.headers.get('last-event-id')}` : text);
        return serve(request, text);
      },
      send: (text) => void sent.push(text),
      close: (code) => void closed.push(code),
      every: () => () => {},
      pause: () => new Promise((resolve) => pauses.push(resolve)),
    },
    'https://causeway.example.com/mcp',
    {},
  );
  const say = (message: object) => connection.take(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const heard = () => sent.map((text) => JSON.parse(text) as Said);
  return { connection, say, sent, heard, served, closed, pauses };
}

const never = () => new Promise<Response>(() => {});
const done = () => Response.json({ jsonrpc: '2.0', id: 1, result: {} });
const events = (...frames: readonly string[]) =>
  new Response(frames.join(''), { headers: { 'content-type': 'text/event-stream' } });

test('Mallory’s requests of one id do not pass for one: the second is refused while the first is underway', async () => {
  const { say, heard, served } = connect(never);
  for (const id of [7, 7, '7']) void say({ id, method: 'tools/call' });
  await expect.poll(heard).toMatchObject([{ id: 7, error: { code: -32600 } }]);
  expect(served).toHaveLength(2);
});

test('Mallory’s flood of notifications, answers and what is none ends her connection', async () => {
  const { connection, say, served, closed } = connect(never);
  const kinds = [
    () => say({ method: 'notifications/progress' }),
    () => say({ id: 'x', result: {} }),
    () => connection.take('{'),
  ];
  for (let n = 0; n < 64; n++) void kinds[n % 3]?.();
  await expect.poll(() => served.length).toBe(64);
  expect(closed).toEqual([]);
  void say({ method: 'notifications/progress' });
  expect(closed).toEqual([1008]);
  void say({ id: 1, method: 'ping' });
  await new Promise(setImmediate);
  expect(served).toHaveLength(64);
});

test('as many that come one after the other are nothing to end it for', async () => {
  const { say, served, closed } = connect(() => new Response(null, { status: 202 }));
  for (let n = 0; n < 100; n++) await say({ method: 'notifications/progress' });
  expect([served.length, closed]).toEqual([100, []]);
});

test('Mallory’s large messages are served one at once in an isolate, over whatever sockets; the others are told, and her neighbours served', async () => {
  let finish = () => {};
  const large = { name: 'write_files', arguments: { content: 'x'.repeat(2 * MIB) } };
  const first = connect(() => new Promise((resolve) => (finish = () => resolve(done()))), 'mallory');
  const second = connect(never, 'mallory');
  const underway = first.say({ id: 1, method: 'tools/call', params: large });
  await second.say({ id: 2, method: 'tools/call', params: large });
  expect(second.heard()).toMatchObject([{ id: 2, error: { code: -32000 } }]);
  void second.say({ id: 3, method: 'ping' });
  await expect.poll(() => second.served.length).toBe(1);
  const ann = connect(never, 'ann');
  void ann.say({ id: 1, method: 'tools/call', params: large });
  await expect.poll(() => ann.served.length).toBe(1);
  const bob = connect(done, 'bob');
  await bob.say({ id: 1, method: 'tools/call', params: large });
  expect(bob.heard()).toMatchObject([{ id: 1, error: { code: -32000 } }]);
  finish();
  await underway;
  await bob.say({ id: 2, method: 'tools/call', params: large });
  expect(bob.served).toHaveLength(1);
});

describe('what is wrong with the id of a request is told, as it is by POST', () => {
  test.each([['null'], ['{}'], ['[1]'], ['true']])('%s', async (id) => {
    const wrong = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'wrong' } };
    const { connection, heard } = connect(() => Response.json(wrong, { status: 400 }));
    await connection.take(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    expect(heard()).toEqual([wrong]);
  });

  test('and a notification is told nothing', async () => {
    const { say, sent } = connect(() => Response.json({ error: { message: 'wrong' } }, { status: 400 }));
    await say({ method: 'notifications/none' });
    expect(sent).toEqual([]);
    const broken = connect(() => Promise.reject(new Error('broken')));
    await broken.say({ method: 'notifications/none' });
    expect(broken.sent).toEqual([]);
  });
});

test('an event arrives whole, whatever its text holds', async () => {
  const message = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { text: 'a\u2028b\u2029c\r\u0085' } });
  const { say, sent } = connect(() =>
    events(`id: 1\ndata: \n\n: keepalive\n\nevent: message\ndata: ${message}\n\n`),
  );
  await say({ id: 1, method: 'tools/call' });
  expect(sent).toEqual([message]);
});

describe('the stream of a session', () => {
  const changed = (n: number) =>
    `id: e-${n}\ndata: {"jsonrpc":"2.0","method":"changed","params":{"n":${n}}}\n\n`;

  function session(streams: (() => Response | Promise<Response>)[]) {
    const connected = connect((request, text) => {
      if (request.method === 'GET') return streams.shift()?.() ?? never();
      if (!text.includes('"initialize"')) return new Response(null, { status: 202 });
      return Response.json(
        { jsonrpc: '2.0', id: 0, result: {} },
        { headers: { 'mcp-session-id': 'sealed' } },
      );
    });
    const gets = () => connected.served.filter((asked) => asked.startsWith('GET'));
    return { ...connected, gets };
  }

  test('that breaks goes on after its last event', async () => {
    const { say, sent, gets, pauses } = session([
      () => events(changed(1), changed(2)),
      () => Promise.reject(new Error('evicted')),
      () => new Response(null, { status: 503 }),
      () => new Response(null, { status: 429 }),
      () => events(changed(3)),
    ]);
    await say({ id: 0, method: 'initialize' });
    await say({ method: 'notifications/initialized' });
    for (let broken = 1; broken <= 4; broken++) {
      await expect.poll(() => pauses.length).toBe(broken);
      pauses.at(-1)?.();
    }
    await expect.poll(() => sent.filter((text) => text.includes('changed'))).toHaveLength(3);
    expect(gets()).toEqual(['GET null', ...Array(4).fill('GET e-2')]);
  });

  test('that is refused is not asked for again', async () => {
    const { say, gets, pauses } = session([() => new Response(null, { status: 404 })]);
    await say({ id: 0, method: 'initialize' });
    await say({ method: 'notifications/initialized' });
    await expect.poll(gets).toHaveLength(1);
    await say({ id: 1, method: 'ping' });
    expect(pauses).toEqual([]);
  });

  test('is opened once, however often a client says that it is there', async () => {
    const { say, gets } = session([]);
    await say({ id: 0, method: 'initialize' });
    for (let n = 0; n < 5; n++) await say({ method: 'notifications/initialized' });
    expect(gets()).toHaveLength(1);
  });

  test('ends where its client introduces itself anew, and the new session’s is opened', async () => {
    const signals: AbortSignal[] = [];
    const { say } = connect((request, text) => {
      if (request.method === 'GET') {
        signals.push(request.signal);
        return never();
      }
      if (!text.includes('"initialize"')) return new Response(null, { status: 202 });
      return Response.json(
        { jsonrpc: '2.0', id: 0, result: {} },
        { headers: { 'mcp-session-id': 'sealed' } },
      );
    });
    for (let opened = 1; opened <= 2; opened++) {
      await say({ id: 0, method: 'initialize' });
      await say({ method: 'notifications/initialized' });
    }
    await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });
});
