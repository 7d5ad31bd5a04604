import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { postMcp, readMessage } from '../support/mcp-call.ts';
import { type ClientSession, openSession, type SseEvent, SseReader } from '../support/mcp-session.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { postModern } from '../support/modern-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const EVENTS_KEPT = 256;

let ann: Modeller;
beforeAll(async () => {
  ann = await settleModeller(stack, 'Ann');
});

async function listen(session: ClientSession, from?: string): Promise<SseReader> {
  const response = await session.listen(from);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = new SseReader(response);
  onTestFinished(() => reader.cancel());
  return reader;
}

const commit = (file: string) =>
  ann.call('write_files', {
    project: ann.project,
    files: [{ path: file, content: `${Date.now()}` }],
    message: 'Change',
  });
const methodOf = (event: SseEvent | null) => event?.message?.method;
const watch = async (session: ClientSession, uri: string) => {
  const response = await session.post({ id: 9, method: 'resources/subscribe', params: { uri } });
  return readMessage(response);
};

test('a stream tells what changes: the lists, and what the session is subscribed to', async () => {
  const session = await openSession(stack, ann.token);
  const stream = await listen(session);
  expect(await stream.next()).toEqual({ id: expect.stringMatching(/^\w+-0$/) as string, message: null });
  const uri = `project://${ann.project}/watched.py`;
  expect(await watch(session, uri)).toMatchObject({ id: 9, result: {} });
  await commit('watched.py');
  const told = [(await stream.next())?.message, (await stream.next())?.message];
  expect(told).toEqual([
    { jsonrpc: '2.0', method: 'notifications/resources/list_changed' },
    { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } },
  ]);
  await session.post({ id: 10, method: 'resources/unsubscribe', params: { uri } });
  await commit('watched.py');
  await commit('another.py');
  expect(methodOf(await stream.next())).toBe('notifications/resources/list_changed');
});

test('a client of 2025-06-18 is sent no event without data', async () => {
  const session = await openSession(stack, ann.token, { version: '2025-06-18' });
  const stream = await listen(session);
  await commit('older.py');
  expect(methodOf(await stream.next())).toBe('notifications/resources/list_changed');
});

describe('a client whose stream broke', () => {
  test('is told what it missed, in order and once', async () => {
    const session = await openSession(stack, ann.token);
    const first = await listen(session);
    await first.next();
    await commit('missed-1.py');
    const seen = await first.next();
    await first.cancel();
    await commit('missed-2.py');
    const second = await listen(session, seen?.id ?? '');
    const missed = await second.next();
    expect(methodOf(missed)).toBe('notifications/resources/list_changed');
    expect(position(missed)).toBe(position(seen) + 1);
  });

  test.each([
    ['is of another session', 'AAAAAAAA-3'],
    ['has not come yet', null],
    ['is none', '../../etc'],
  ])('and whose last event %s is told that anything may have changed', async (_what, forged) => {
    const session = await openSession(stack, ann.token);
    const first = await listen(session);
    const start = await first.next();
    await watch(session, 'run://run_00000000000000000000000000/stdout');
    const second = await listen(session, forged ?? `${start?.id?.split('-')[0]}-999`);
    const told = [await second.next(), await second.next(), await second.next()];
    expect(told.map(methodOf)).toEqual([
      'notifications/tools/list_changed',
      'notifications/resources/list_changed',
      'notifications/resources/updated',
    ]);
  });

  test('gets at most what is kept, and is then told that anything may have changed', async () => {
    const session = await openSession(stack, ann.token);
    const stream = await listen(session);
    const start = (await stream.next())?.id ?? '';
    const [epoch] = start.split('-');
    // Each unknown place adds its two notices to what is kept.
    for (let n = 0; n < EVENTS_KEPT / 2 + 5; n++) await (await session.listen('unknown-1')).body?.cancel();
    const replayed = await listen(session, `${epoch}-1`);
    const events: SseEvent[] = [];
    while (events.length < EVENTS_KEPT + 2) events.push((await replayed.next()) as SseEvent);
    expect(position(events[0] ?? null)).toBeGreaterThan(2);
    expect(events.map(position)).toEqual(events.map((_, n) => position(events[0] ?? null) + n));
  });
});

function position(event: SseEvent | null): number {
  return Number(event?.id?.split('-')[1]);
}

test('a newer stream takes the place of an older one', async () => {
  const session = await openSession(stack, ann.token);
  const older = await listen(session);
  await older.next();
  const newer = await listen(session);
  await newer.next();
  expect(await older.next()).toBeNull();
  await commit('newer.py');
  expect(methodOf(await newer.next())).toBe('notifications/resources/list_changed');
});

test('Mallory’s session hears nothing of Acme, whatever she watches', async () => {
  const mallory = await settlePerson(stack, { name: 'Mallory' });
  const session = await openSession(stack, mallory.token);
  const stream = await listen(session);
  await stream.next();
  await watch(session, `project://${ann.project}/secret.py`);
  await commit('secret.py');
  const own = await session.post({
    id: 1,
    method: 'tools/call',
    params: { name: 'create_project', arguments: { name: 'Own' } },
  });
  expect(own.status).toBe(200);
  expect(methodOf(await stream.next())).toBe('notifications/resources/list_changed');
});

describe('subscriptions', () => {
  test('need the scope of what they watch', async () => {
    const narrow = await settlePerson(stack, { name: 'Narrow', scopes: ['data:read'] });
    const session = await openSession(stack, narrow.token);
    const response = await session.post({
      id: 1,
      method: 'resources/subscribe',
      params: { uri: 'project://prj/a.py' },
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'insufficient_scope' } });
  });

  test('are bounded, and one more is refused', async () => {
    const person: Person = await settlePerson(stack, { name: 'Many' });
    const session = await openSession(stack, person.token);
    for (let n = 0; n < 100; n++) expect(await watch(session, `data://p/${n}`)).toHaveProperty('result');
    expect(await watch(session, 'data://p/100')).toMatchObject({ error: { code: -32602 } });
    expect(await watch(session, 'data://p/99')).toHaveProperty('result');
  });
});

describe('a client that asks for logs is told of the life of its run', () => {
  const running = (code: string) => ({ name: 'run_code', arguments: { project: ann.project, code } });
  const logged = (text: string) =>
    [...text.matchAll(/^data: (.+)$/gm)]
      .map(
        ([, data = '']) => JSON.parse(data) as { method?: string; params: { level: string; data: object } },
      )
      .filter(({ method }) => method === 'notifications/message')
      .map(({ params }) => [params.level, params.data]);
  const run = expect.stringMatching(/^run_/) as string;
  const QUEUED = ['info', { run, state: 'queued' }];
  const SUCCEEDED = ['info', { run, state: 'succeeded' }];
  const FAILED = ['warning', { run, state: 'failed' }];

  test.each([
    ['info', 'print("from info on")', [QUEUED, SUCCEEDED]],
    ['warning', 'print("from warning on")', []],
    ['warning', 'raise ValueError("Ann’s own text")', [FAILED]],
    [null, 'print("not asked")', []],
  ])('in a session, from %s on', async (level, code, expected) => {
    const session = await openSession(stack, ann.token);
    if (level !== null) await session.post({ id: 1, method: 'logging/setLevel', params: { level } });
    const response = await session.post({ id: 2, method: 'tools/call', params: running(code) });
    expect(logged(await response.text())).toEqual(expected);
  });

  test.each([
    ['warning', [FAILED]],
    [undefined, []],
  ])('of the 2026 era, from %s on', async (level, expected) => {
    const meta = level === undefined ? {} : { 'io.modelcontextprotocol/logLevel': level };
    const params = running(`raise ValueError("${level}")`);
    const response = await postModern(stack, ann.token, 'tools/call', { params, meta });
    expect(logged(await response.text())).toEqual(expected);
  });

  test('without a session it cannot ask, and is told nothing', async () => {
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: running('print("stateless")') };
    expect(logged(await (await postMcp(stack, ann.token, message)).text())).toEqual([]);
  });
});

test('a call that is cancelled by another POST stops waiting, and its run stays', async () => {
  const slow = await settleModeller(stack, 'Slow', 'import time\ntime.sleep(20)\nprint("done")\n');
  const session = await openSession(stack, slow.token);
  const other = await openSession(stack, slow.token);
  const call = session.post({
    id: 'slow',
    method: 'tools/call',
    params: {
      name: 'run_model',
      arguments: { project: slow.project, path: 'model.py', wait_seconds: 45 },
      _meta: { progressToken: 1 },
    },
  });
  const stream = new SseReader(await call);
  const cancelled = { method: 'notifications/cancelled', params: { requestId: 'slow' } };
  // Another session's cancellation of the same id is not meant.
  expect((await other.post(cancelled)).status).toBe(202);
  await stream.next();
  expect((await session.post(cancelled)).status).toBe(202);
  const rest: unknown[] = [];
  for (let event = await stream.next(); event !== null; event = await stream.next()) rest.push(event.message);
  expect(rest.filter((message) => (message as { id?: unknown }).id === 'slow')).toEqual([]);
  const { structured } = await slow.call<{ runs: { run: string; state: string }[] }>('list_runs', {
    project: slow.project,
  });
  expect(structured.runs[0]?.state).toBe('active');
});
