import { expect, test } from 'vitest';
import { Connection } from '../../../worker/mcp/socket/connection.ts';

/** A client's connection whose time passes beat by beat, as the test says. */
async function connect(era: '2025' | '2026') {
  const sent: { id?: string; method?: string }[] = [];
  const served: string[] = [];
  const closed: number[] = [];
  let isBeating = true;
  let act = () => {};
  const connection = new Connection(
    {
      tenant: 'ann',
      async serve(request) {
        served.push(request.method);
        const headers = { ...(era === '2025' ? { 'mcp-session-id': 'sealed' } : {}) };
        return Response.json({ jsonrpc: '2.0', id: 1, result: {} }, { headers });
      },
      send: (text) => void sent.push(JSON.parse(text)),
      close: (code) => void closed.push(code),
      every(_ms, beat) {
        act = () => {
          if (isBeating) beat();
        };
        return () => {
          isBeating = false;
        };
      },
      pause: () => new Promise(() => {}),
    },
    'https://causeway.example.com/mcp',
    {},
  );
  const say = (message: object) => connection.take(JSON.stringify({ jsonrpc: '2.0', ...message }));
  await say({ id: 1, method: 'initialize', params: {} });
  sent.length = 0;
  served.length = 0;
  return { sent, served, closed, say, connection, beat: () => act() };
}

test('a silent client of a session is asked whether it is there, and stays as long as it answers', async () => {
  const client = await connect('2025');
  for (let round = 1; round <= 5; round++) {
    client.beat();
    client.beat();
    expect(client.sent.map(({ method }) => method)).toEqual(Array(round).fill('ping'));
    await client.say({ id: client.sent.at(-1)?.id, result: {} });
  }
  expect(new Set(client.sent.map(({ id }) => id)).size).toBe(5);
  expect(client.closed).toEqual([]);
  // Its answers are nobody’s business: they cost no request.
  expect(client.served).toEqual([]);
});

test('one that does not answer is gone, and nothing more is sent to it', async () => {
  const client = await connect('2025');
  for (let beats = 0; beats < 6; beats++) client.beat();
  expect(client.sent).toHaveLength(1);
  expect(client.closed).toEqual([1001]);
});

test('one that says something is not asked', async () => {
  const client = await connect('2025');
  for (let beats = 0; beats < 6; beats++) {
    client.beat();
    await client.say({ id: beats, method: 'ping' });
  }
  expect(client.sent.filter(({ method }) => method === 'ping')).toEqual([]);
  expect(client.closed).toEqual([]);
});

test('a client of the 2026 era, in which a server asks nothing, is left alone', async () => {
  const client = await connect('2026');
  for (let beats = 0; beats < 6; beats++) client.beat();
  expect(client.sent).toEqual([]);
  expect(client.closed).toEqual([]);
});

test('an answer to a question of the session is passed on', async () => {
  const client = await connect('2025');
  await client.say({ id: 'c2Vzc2lvbnF1ZXN0', result: {} });
  expect(client.served).toEqual(['POST']);
});
