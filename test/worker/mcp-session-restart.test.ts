import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { readMessage } from '../support/mcp-call.ts';
import { type ClientSession, openSession, SseReader } from '../support/mcp-session.ts';
import { RawSocket } from '../support/mcp-socket.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let revived: RevivedWorker | undefined;
let ann: Modeller;
beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0, entry: 'conformance' }));
  ann = await settleModeller(stack, 'Ann');
});
afterAll(async () => {
  await revived?.stop();
  await stop();
});

const setLevel = (session: ClientSession, level: string) =>
  session.post({ id: 1, method: 'logging/setLevel', params: { level } });

async function logsOf(session: ClientSession): Promise<number> {
  const params = { name: 'test_tool_with_logging', arguments: {} };
  const response = await session.post({ id: 2, method: 'tools/call', params });
  return (await response.text()).split('notifications/message').length - 1;
}

/** What a stream says that does not know what happened meanwhile. */
const anythingChanged = (uri: string) => [
  { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
  { jsonrpc: '2.0', method: 'notifications/resources/list_changed' },
  { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } },
];

async function take(stream: SseReader, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  while (messages.length < count) messages.push((await stream.next())?.message);
  return messages;
}

const evict = async (session: ClientSession) => {
  const evicted = await session.post({
    id: 'evicts',
    method: 'tools/call',
    params: { name: 'test_evict_session', arguments: {} },
  });
  expect(await evicted.text()).toContain('Its object was evicted.');
};

const folder = () => join(stack.stateDir, 'worker/durable-objects/causeway-McpSession');

/** Storages of sessions that have had an object. */
const files = () =>
  existsSync(folder()) ? readdirSync(folder()).filter((name) => /^[0-9a-f]+\.sqlite$/.test(name)) : [];

/** Reads the storages of all sessions that keep something: what `of` makes of each. */
function storages<Found>(of: (storage: DatabaseSync) => Found): Found[] {
  return files().flatMap((name) => {
    const storage = new DatabaseSync(join(folder(), name));
    try {
      const tables = storage
        .prepare("select name from sqlite_master where substr(name, 1, 4) <> '_cf_'")
        .all();
      return tables.length === 0 ? [] : [of(storage)];
    } finally {
      storage.close();
    }
  });
}

const levels = () =>
  storages((storage) => storage.prepare("select value from settings where name = 'level'").get()?.value);

/** Lets time pass: the session that has this level was used long ago, and all alarms (ns) ring when the Worker starts. */
function forget(level: string): void {
  storages((storage) => {
    storage.exec('update _cf_METADATA set value = 1 where key = 1');
    storage
      .prepare(
        `update settings set value = '1' where name = 'used_at'
            and exists (select 1 from settings where name = 'level' and value = ?)`,
      )
      .run(level);
  });
  const metadata = new DatabaseSync(join(folder(), 'metadata.sqlite'));
  metadata.exec('update _cf_ALARM set scheduled_time = 1');
  metadata.close();
}

test('a session makes no object until it needs one, and keeps nothing until it needs state', async () => {
  const stateful = () => storages(() => 'state').length;
  const before = { objects: files().length, stateful: stateful() };
  const session = await openSession(stack, ann.token, { capabilities: { elicitation: {} } });
  const { project } = ann;
  const without: readonly object[] = [
    { method: 'notifications/initialized' },
    { id: 1, method: 'ping' },
    { id: 2, method: 'tools/list' },
    { id: 3, method: 'resources/list' },
    { id: 4, method: 'resources/read', params: { uri: `project://${project}/model.py` } },
    { id: 5, method: 'prompts/list' },
    { id: 6, method: 'tools/call', params: { name: 'list_runs', arguments: { project } } },
  ];
  for (const message of without) await (await session.post(message)).text();
  // Another session's object comes after all that this one might have made.
  await setLevel(await openSession(stack, ann.token), 'info');
  await expect.poll(files).toHaveLength(before.objects + 1);

  const asking: readonly object[] = [
    { method: 'notifications/cancelled', params: { requestId: 6 } },
    { id: 'to no question', result: {} },
  ];
  for (const message of asking) await (await session.post(message)).text();
  expect(files()).toHaveLength(before.objects + 2);
  expect(stateful()).toBe(before.stateful + 1);

  const stream = new SseReader(await session.listen());
  await stream.next();
  await expect.poll(stateful).toBe(before.stateful + 2);
  expect(files()).toHaveLength(before.objects + 2);
  await stream.cancel();
});

test('an object that is evicted in the middle of its stream loses nothing, and says what it cannot know', async () => {
  const uri = `project://${ann.project}/model.py`;
  const session = await openSession(stack, ann.token, { capabilities: { elicitation: {} } });
  await session.post({ id: 1, method: 'resources/subscribe', params: { uri } });
  await setLevel(session, 'error');
  const stream = new SseReader(await session.listen());
  const start = (await stream.next())?.id ?? '';
  const write = (content: string) =>
    ann.call('write_files', {
      project: ann.project,
      files: [{ path: 'model.py', content }],
      message: 'Change',
    });
  await write('print("heard")\n');
  const heard = await stream.next();
  const asking = new SseReader(
    await session.post({
      id: 'asks',
      method: 'tools/call',
      params: { name: 'test_elicitation', arguments: { message: 'Who?' } },
    }),
  );
  const question = await asking.next();

  await evict(session);
  await expect(stream.next()).rejects.toThrow();
  // Nobody hears of this one.
  await write('print("missed")\n');

  const again = new SseReader(await session.listen(start));
  expect(await again.next()).toEqual(heard);
  expect(await take(again, 3)).toEqual(anythingChanged(uri));
  await write('print("heard again")\n');
  expect((await again.next())?.message).toMatchObject({ params: { uri } });
  expect(await logsOf(session)).toBe(0);
  await session.post({
    id: question?.message?.id,
    result: { action: 'accept', content: { username: 'Ann' } },
  });
  expect((await asking.next())?.message).toMatchObject({
    id: 'asks',
    result: { content: expect.anything() },
  });
  await again.cancel();
});

test('a socket goes on hearing of changes when the object of its session is evicted', async () => {
  const socket = await RawSocket.open(stack, { authorization: `Bearer ${ann.token}` });
  if (typeof socket === 'number') throw new Error(`upgrade: ${socket}`);
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  socket.send({ id: 0, method: 'initialize', params });
  await socket.next();
  socket.send({ method: 'notifications/initialized' });
  const uri = `project://${ann.project}/heard.py`;
  socket.send({ id: 1, method: 'resources/subscribe', params: { uri } });
  await socket.next();
  const untilTold = async () => {
    while ((await socket.next()).method !== 'notifications/resources/updated');
  };
  const write = (content: string) =>
    ann.call('write_files', {
      project: ann.project,
      files: [{ path: 'heard.py', content }],
      message: 'Change',
    });
  await write('1\n');
  await untilTold();
  socket.send({ id: 2, method: 'tools/call', params: { name: 'test_evict_session', arguments: {} } });
  expect(await socket.next()).toMatchObject({ id: 2, result: {} });
  // What it cannot know it says anew.
  await untilTold();
  await write('2\n');
  await untilTold();
  socket.close();
});

test('a Worker that is killed takes no session with it, and nothing that one keeps', async () => {
  const session = await openSession(stack, ann.token, { capabilities: { elicitation: {} } });
  const deleted = await openSession(stack, ann.token);
  await deleted.end();
  const uri = `project://${ann.project}/model.py`;
  await session.post({ id: 1, method: 'resources/subscribe', params: { uri } });
  await setLevel(session, 'error');
  const stream = new SseReader(await session.listen());
  const start = (await stream.next())?.id ?? '';
  const change = (content: string) =>
    ann.call('write_files', {
      project: ann.project,
      files: [{ path: 'model.py', content }],
      message: 'Change',
    });
  await change('print(2)\n');
  expect((await stream.next())?.message).toMatchObject({ params: { uri } });
  const asking = await session.post({
    id: 'asks',
    method: 'tools/call',
    params: { name: 'test_elicitation', arguments: { message: 'Who?' } },
  });
  const question = await new SseReader(asking).next();

  revived = await crashWorker(stack);
  await expect(stream.next()).rejects.toThrow();

  const whoami = { id: 3, method: 'tools/call', params: { name: 'whoami', arguments: {} } };
  expect(await readMessage(await session.post(whoami))).toMatchObject({ id: 3, result: {} });
  expect((await deleted.post(whoami)).status).toBe(404);
  expect(await logsOf(session)).toBe(0);
  const again = new SseReader(await session.listen(start));
  expect((await again.next())?.message).toMatchObject({ params: { uri } });
  expect(await take(again, 3)).toEqual(anythingChanged(uri));
  await change('print(3)\n');
  expect((await again.next())?.message).toMatchObject({ params: { uri } });
  // The call died with its Worker; an answer to it is nobody's, and disturbs nothing.
  const late = { id: question?.message?.id, result: { action: 'accept', content: {} } };
  expect((await session.post(late)).status).toBe(202);
  await again.cancel();
});

test('a session that is deleted leaves nothing in its storage', async () => {
  const session = await openSession(stack, ann.token);
  const stream = new SseReader(await session.listen());
  await stream.next();
  await setLevel(session, 'notice');
  await expect.poll(levels).toContain('notice');
  await session.end();
  await expect.poll(levels).not.toContain('notice');
});

test('what a session keeps expires by alarm after its last use, and leaves nothing in storage', async () => {
  const used = await openSession(stack, ann.token);
  const forgotten = await openSession(stack, ann.token);
  await setLevel(used, 'critical');
  await setLevel(forgotten, 'alert');
  await expect.poll(() => levels().toSorted()).toEqual(expect.arrayContaining(['alert', 'critical']));
  revived = await crashWorker(stack, async () => forget('alert'), revived?.pid);
  await expect.poll(levels).not.toContain('alert');
  expect(levels()).toContain('critical');
  expect(await logsOf(used)).toBe(0);
  // The session itself goes on, as one that has never kept anything.
  expect(await logsOf(forgotten)).toBe(3);
});
