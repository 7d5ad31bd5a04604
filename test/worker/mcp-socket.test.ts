import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ElicitRequestSchema,
  ResourceListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { postMcp, readMessage } from '../support/mcp-call.ts';
import { RawSocket, socketTransport } from '../support/mcp-socket.ts';
import { settleModeller } from '../support/model-project.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const whoami = { method: 'tools/call', params: { name: 'whoami', arguments: {} } };
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const call = (name: string) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name, arguments: {}, _meta: META },
});
const bearer = (person: Pick<Person, 'token'>) => ({ authorization: `Bearer ${person.token}` });

let ann: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
});

async function open(person: Person, headers: Record<string, string> = {}): Promise<RawSocket> {
  const socket = await RawSocket.open(stack, { ...bearer(person), ...headers });
  if (typeof socket === 'number') throw new Error(`upgrade: ${socket}`);
  onTestFinished(() => socket.close());
  return socket;
}

test('the 1.x SDK’s WebSocket client works: tools, a call, a ping', async () => {
  const client = new Client({ name: 'socket-agent', version: '1' });
  await client.connect(socketTransport(stack, bearer(ann)) as unknown as Transport);
  onTestFinished(() => client.close());
  expect(client.getServerVersion()?.name).toBe('causeway');
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('run_model');
  const { structuredContent } = await client.callTool({ name: 'whoami', arguments: {} });
  expect(structuredContent).toMatchObject({ tenant: { id: ann.tenant } });
  await client.ping();
});

test('over a socket a person is asked, and the session’s stream arrives', async () => {
  const client = new Client({ name: 'socket-agent', version: '1' }, { capabilities: { elicitation: {} } });
  let asked = '';
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked = params.message;
    return { action: 'accept', content: {} };
  });
  const changed = new Promise((resolve) =>
    client.setNotificationHandler(ResourceListChangedNotificationSchema, resolve),
  );
  await client.connect(socketTransport(stack, bearer(ann)) as unknown as Transport);
  onTestFinished(() => client.close());
  const created = await client.callTool({ name: 'create_project', arguments: { name: 'By socket' } });
  const { project } = created.structuredContent as { project: string };
  const archived = await client.callTool({ name: 'archive_project', arguments: { project } });
  expect(archived.structuredContent).toMatchObject({ project });
  expect(asked).toContain('By socket');
  await changed;
});

test.each([
  ['2025', undefined],
  ['2026', META],
])('calls of the %s era that are cancelled over a socket make room at once', async (_era, _meta) => {
  const slow = await settleModeller(stack, 'Slow', 'import time\ntime.sleep(50)\n');
  const run = await slow.startModel(1);
  const socket = await open(slow);
  const call = (id: unknown, name: string, args: object) =>
    socket.send({ id, method: 'tools/call', params: { name, arguments: args, ...(_meta && { _meta }) } });
  for (let id = 0; id < 16; id++) call(id, 'get_run', { run, wait_seconds: 45 });
  call('refused', 'whoami', {});
  expect(await socket.next()).toMatchObject({ id: 'refused', error: {} });
  for (let id = 0; id < 16; id++)
    socket.send({ method: 'notifications/cancelled', params: { requestId: id, ...(_meta && { _meta }) } });
  call('served', 'whoami', {});
  expect(await socket.next()).toMatchObject({ id: 'served', result: {} });
  expect((await slow.getRun(run)).state).toMatch(/queued|leased|running/);
  await slow.call('cancel_run', { run });
});

test('over a socket each era says what it says over HTTP', async () => {
  const socket = await open(ann);
  const messages = [
    { id: 1, method: 'tools/list' },
    { id: 'two', method: 'tools/list', params: { _meta: META } },
    { id: 3, method: 'server/discover', params: { _meta: META } },
    { id: 4, method: 'tools/call', params: { name: 'nöne 工具', arguments: {}, _meta: META } },
    { id: 5, method: 'no/such' },
  ];
  for (const { id, ...message } of messages) {
    socket.send({ id, ...message });
    const overSocket = await socket.next();
    const { params } = message as { params?: { _meta?: object; name?: string } };
    const name = params?.name;
    const headers =
      params?._meta === undefined
        ? {}
        : {
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': message.method,
            ...(name === undefined
              ? {}
              : { 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` }),
          };
    const overHttp = await postMcp(stack, ann.token, { jsonrpc: '2.0', id, ...message }, { headers });
    expect(overSocket).toEqual(await readMessage(overHttp));
  }
});

test('an answer that comes as an event arrives whole, with every end of a line that Unicode knows', async () => {
  const ann = await settleModeller(stack, 'Lines');
  const socket = await open(ann);
  const code = 'import time\nprint("a\\u2028b\\u2029c")\ntime.sleep(2)\n';
  const params = { name: 'run_code', arguments: { project: ann.project, code }, _meta: { progressToken: 1 } };
  socket.send({ id: 'lines', method: 'tools/call', params });
  let answer = await socket.next();
  while (answer.id !== 'lines') answer = await socket.next();
  expect(answer).toMatchObject({ result: { structuredContent: { stdout: { text: 'a\u2028b\u2029c\n' } } } });
});

test('requests that are underway together are answered each under its own id', async () => {
  const socket = await open(ann);
  for (let id = 0; id < 10; id++) socket.send({ id, ...whoami });
  const answered = await socket.take(10);
  expect(answered.map(({ id }) => id).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a subscription of the 2026 era comes over the socket, and ends when it is cancelled', async () => {
  const socket = await open(ann);
  const notifications = { resourcesListChanged: true };
  socket.send({ id: 'sub', method: 'subscriptions/listen', params: { notifications, _meta: META } });
  expect((await socket.next()).method).toBe('notifications/subscriptions/acknowledged');
  const create = { name: 'create_project', arguments: { name: 'Heard' } };
  socket.send({ id: 1, method: 'tools/call', params: create });
  const heard = await socket.take(2);
  expect(heard.map(({ id, method }) => id ?? method)).toEqual([1, 'notifications/resources/list_changed']);
  socket.send({ method: 'notifications/cancelled', params: { requestId: 'sub', _meta: META } });
  socket.send({ id: 2, method: 'tools/call', params: { ...create, arguments: { name: 'Not heard' } } });
  expect((await socket.next()).id).toBe(2);
});

test('a credential has a bounded number of sockets, and a closed one makes room', async () => {
  const many = await settlePerson(stack, { name: 'Many' });
  const [first] = await Promise.all(Array.from({ length: 16 }, () => open(many)));
  expect(await RawSocket.open(stack, bearer(many))).toBe(429);
  first?.close();
  await first?.closed;
  await expect.poll(() => RawSocket.open(stack, bearer(many))).toBeInstanceOf(RawSocket);
});

describe('no socket is opened', () => {
  const cases: [string, number, () => Promise<RawSocket | number>][] = [
    ['without a token', 401, () => RawSocket.open(stack, {})],
    ['with a wrong one', 401, () => RawSocket.open(stack, { authorization: `Bearer ${ann.token}x` })],
    [
      'from a web page of another site',
      403,
      () => RawSocket.open(stack, { ...bearer(ann), origin: 'https://evil.example' }),
    ],
    ['for another subprotocol', 400, () => RawSocket.open(stack, bearer(ann), ['chat'])],
  ];
  test.each(cases)('%s', async (_what, status, opened) => {
    expect(await opened()).toBe(status);
  });

  test('with a token that was revoked', async () => {
    const leaver = await settlePerson(stack, { name: 'Leaver' });
    await revoke(leaver);
    expect(await RawSocket.open(stack, bearer(leaver))).toBe(401);
  });
});

function revoke({ tokenId }: Person): Promise<unknown> {
  return queryAs(stack.superuserUrl, 'update app.api_tokens set revoked_at = now() where token_id = $1', [
    tokenId,
  ]);
}

describe('a socket is closed', () => {
  test('by the first message after its token was revoked, and nothing of it happens', async () => {
    const leaver = await settlePerson(stack, { name: 'Leaver' });
    const socket = await open(leaver);
    socket.send({ id: 1, ...whoami });
    expect(await socket.next()).toMatchObject({ id: 1, result: {} });
    await revoke(leaver);
    socket.send({
      id: 2,
      method: 'tools/call',
      params: { name: 'create_project', arguments: { name: 'X' } },
    });
    expect((await socket.closed).code).toBe(1008);
    const [{ made } = { made: -1 }] = await queryAs(
      stack.superuserUrl,
      'select count(*)::int as made from app.projects where tenant_id = $1',
      [leaver.tenant],
    );
    expect(made).toBe(0);
  });

  test('by a binary message, and by one over the limit', async () => {
    const binary = await open(ann);
    binary.send(Buffer.from('{}'));
    expect((await binary.closed).code).toBe(1003);
    const large = await open(ann);
    large.send('x'.repeat(8 * 1024 * 1024 + 1));
    expect((await large.closed).code).toBe(1009);
  });
});

describe('a message that is none is answered, and the socket stays', () => {
  test.each([
    ['no JSON', '{"a":', /not valid JSON/],
    ['depth 10^5', '['.repeat(100_000), /nested/],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', /Batches/],
    ['no message', '{"jsonrpc":"2.0"}', /JSON-RPC/],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', /JSON-RPC/],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', /JSON-RPC/],
    ['a name of 4 MiB', JSON.stringify(call('é'.repeat(2 * 1024 * 1024))), /over 65536 characters/],
  ])('%s', async (_what, text, message) => {
    const socket = await open(ann);
    socket.send(text);
    const answer = await socket.next();
    expect(answer).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { message: expect.stringMatching(message) as string },
    });
    socket.send({ id: 1, ...whoami });
    expect(await socket.next()).toMatchObject({ id: 1, result: {} });
  });
});

test('a token that names networks is of no use over a socket from elsewhere', async () => {
  const narrow = await settlePerson(stack, { name: 'Narrow', addressRanges: ['192.0.2.0/24'] });
  expect(await RawSocket.open(stack, { ...bearer(narrow), 'cf-connecting-ip': '198.51.100.7' })).toBe(403);
  const socket = await open(narrow, { 'cf-connecting-ip': '192.0.2.7' });
  socket.send({ id: 1, ...whoami });
  expect(await socket.next()).toMatchObject({ id: 1, result: { structuredContent: {} } });
});

test('more requests at once than a connection may have are refused by id, and the others are answered', async () => {
  const socket = await open(ann);
  for (let id = 0; id < 40; id++) socket.send({ id, ...whoami });
  const answered = await socket.take(40);
  expect(new Set(answered.map(({ id }) => id)).size).toBe(40);
  const refused = answered.filter(({ error }) => error !== undefined);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(40 - 15);
  expect(JSON.stringify(refused[0])).toContain('16 requests underway');
});
