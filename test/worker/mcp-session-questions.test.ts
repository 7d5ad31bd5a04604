import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isArchived, newProject } from '../support/archivable-projects.ts';
import { countEntries } from '../support/count-entries.ts';
import { readMessage } from '../support/mcp-call.ts';
import { type ClientSession, openSession, SseReader } from '../support/mcp-session.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const CAN_BE_ASKED = { elicitation: {}, sampling: {} };

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Person;
let mallory: Person;
beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0, entry: 'conformance' }));
  ann = await settlePerson(stack, { name: 'Ann' });
  mallory = await settlePerson(stack, { name: 'Mallory' });
});
afterAll(() => stop());

const open = (who: Person, capabilities: object = CAN_BE_ASKED) =>
  openSession(stack, who.token, { capabilities });

/** A call that asks its client something: the question as it arrives, and then the call's own end. */
class AskingCall {
  readonly question: { readonly id: string; readonly method: string; readonly params: { message?: string } };
  private readonly stream: SseReader;

  private constructor(stream: SseReader, question: unknown) {
    this.stream = stream;
    this.question = question as AskingCall['question'];
  }

  static async begin(
    session: ClientSession,
    name: string,
    args: object,
    id: unknown = 1,
  ): Promise<AskingCall> {
    const response = await session.post({ id, method: 'tools/call', params: { name, arguments: args } });
    const stream = new SseReader(response);
    return new AskingCall(stream, (await stream.next())?.message);
  }

  async end(): Promise<Record<string, unknown>> {
    const last = await this.stream.next();
    if (last !== null) expect(await this.stream.next()).toBeNull();
    return last?.message as Record<string, unknown>;
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const accept = (id: string, content: object = {}) => ({ id, result: { action: 'accept', content } });
const textOf = (message: Record<string, unknown>) => JSON.stringify(message.result);

test('a request in a session makes as many database requests as one without, and no more', async () => {
  const entries = await countEntries(stack);
  const session = await openSession(stack, ann.token);
  const ask = (method: string, params: object = {}) => session.post({ id: 1, method, params });
  const uri = 'project://prj/a.py';
  const steps: readonly [requests: number, step: () => Promise<Response>][] = [
    [1, () => session.post({ method: 'notifications/initialized' })],
    [1, () => ask('tools/list')],
    [1, () => ask('ping')],
    [1, () => ask('tools/call', { name: 'whoami', arguments: {} })],
    // The second writes the event of the refusal.
    [2, () => ask('tools/call', { name: 'whoami', arguments: { wrong: true } })],
    [1, () => ask('resources/list')],
    [1, () => ask('resources/subscribe', { uri })],
    [1, () => ask('logging/setLevel', { level: 'error' })],
    [1, () => session.post({ id: 'no question', result: {} })],
    [1, () => session.post({ id: 2, method: 'tools/list' }, { id: 'forged' })],
    [1, () => session.end()],
    [1, () => ask('tools/list')],
  ];
  for (const [, step] of steps) await (await step()).text();
  const expected = 1 + steps.reduce((sum, [requests]) => sum + requests, 0);
  // Postgres publishes its counts within a second; another count than this one never becomes it.
  await expect.poll(entries, { interval: 200 }).toBe(expected);
});

test('no log of any part holds a session’s id, whatever its client does with it', async () => {
  const session = await open(ann);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const forged = `${session.id.slice(0, -1)}${session.id.endsWith('A') ? 'B' : 'A'}`;
  const call = (name: string, args: object, _meta: object = {}) => ({
    id: 1,
    method: 'tools/call',
    params: { name, arguments: args, _meta },
  });
  const stream = new SseReader(await session.listen());
  await stream.next();
  const question = await AskingCall.begin(session, 'test_elicitation', { message: 'Who?' });
  const answers = [
    await session.post(accept(question.question.id, { username: 'Ann' })),
    await session.post(call('whoami', {}), { id: forged }),
    await session.post(call('no_such_tool', {})),
    await session.post(call('whoami', {}), { token: mallory.token }),
    await session.listen('none-of-its-events'),
    await session.post(call('test_evict_session', {})),
    await fetch(`${stack.mcpUrl}?mcp-session-id=${session.id}`, { headers: bearer(ann.token) }),
    await fetch(`${stack.mcpUrl}/${session.id}`, { headers: bearer(ann.token) }),
    await fetch(`${stack.mcpUrl}/${session.id}`),
    await session.end(),
    await session.post(call('whoami', {}, { traceparent })),
  ];
  for (const answer of answers) if (answer.status !== 200) await answer.text();

  const logs = () =>
    globSync('**/*.log*', { cwd: stack.stateDir }).map((name) =>
      readFileSync(join(stack.stateDir, name), 'utf8'),
    );
  // The last of it has come into the log, so that what came before has too.
  await expect.poll(() => logs().join('')).toContain('0af7651916cd43dd8448eb211c80319c');
  const [content = '', signature = ''] = session.id.split('.');
  const { c } = JSON.parse(Buffer.from(content, 'base64url').toString()) as {
    c: { session: { id: string } };
  };
  for (const secret of [content.slice(0, 60), signature, c.session.id])
    expect(logs().filter((log) => log.includes(secret))).toEqual([]);
});

describe('a person is asked on the stream of the call, and answers by another POST', () => {
  test('and what they agree to happens', async () => {
    const session = await open(ann);
    const project = await newProject(stack, ann);
    const call = await AskingCall.begin(session, 'archive_project', { project });
    expect(call.question).toMatchObject({ method: 'elicitation/create', params: { mode: 'form' } });
    expect(await isArchived(stack, ann, project)).toBe(false);
    expect((await session.post(accept(call.question.id))).status).toBe(202);
    expect(await call.end()).toMatchObject({ id: 1, result: { structuredContent: { project } } });
    expect(await isArchived(stack, ann, project)).toBe(true);
  });

  test.each([
    ['decline', { result: { action: 'decline' } }],
    ['fail to ask them', { error: { code: -32603, message: 'no screen' } }],
  ])('and what they %s does not', async (_what, answer) => {
    const session = await open(ann);
    const project = await newProject(stack, ann);
    const call = await AskingCall.begin(session, 'archive_project', { project });
    await session.post({ id: call.question.id, ...answer });
    expect(await call.end()).toMatchObject({ id: 1, result: { isError: true } });
    expect(await isArchived(stack, ann, project)).toBe(false);
  });
});

describe('an answer that is not the client’s reaches no call', () => {
  const answers: [string, (id: string, own: ClientSession) => Promise<Response>][] = [
    ['from Mallory’s session', async (id) => (await open(mallory)).post(accept(id))],
    ['from another session of the same person', async (id) => (await open(ann)).post(accept(id))],
    ['with Mallory’s token', (id, own) => own.post(accept(id), { token: mallory.token })],
    ['to a question that nobody asked', (_id, own) => own.post(accept('AAAAAAAAAAAAAAAA'))],
    ['to the question as the SDK numbers it', (_id, own) => own.post({ ...accept(''), id: 0 })],
  ];
  test.each(answers)('%s', async (_what, answerFalsely) => {
    const session = await open(ann);
    const project = await newProject(stack, ann);
    const call = await AskingCall.begin(session, 'archive_project', { project });
    expect((await answerFalsely(call.question.id, session)).status).toBeOneOf([202, 404]);
    await session.post({ id: call.question.id, result: { action: 'decline' } });
    expect(await call.end()).toMatchObject({ result: { isError: true } });
    expect(await isArchived(stack, ann, project)).toBe(false);
  });

  test('nor does one that is too large, or a second one', async () => {
    const session = await open(ann);
    const call = await AskingCall.begin(session, 'test_elicitation', { message: 'Who?' });
    const large = accept(call.question.id, { username: 'x'.repeat(256 * 1024) });
    expect((await session.post(large)).status).toBe(413);
    await session.post(accept(call.question.id, { username: 'first', email: 'a@b.c' }));
    await session.post(accept(call.question.id, { username: 'second', email: 'a@b.c' }));
    expect(textOf(await call.end())).toContain('first');
  });
});

test('questions that are open at once, with equal ids of calls, get each their own answer', async () => {
  const sessions = [await open(ann), await open(ann), await open(mallory)];
  const [first] = sessions as [ClientSession];
  const calls = await Promise.all(
    [...sessions, first].map((session, n) =>
      AskingCall.begin(session, 'test_elicitation', { message: `Question ${n}` }, n === 3 ? '1' : 1),
    ),
  );
  expect(new Set(calls.map(({ question }) => question.id)).size).toBe(4);
  for (const [n, { question }] of [...calls.entries()].toReversed()) {
    expect(question.params.message).toBe(`Question ${n}`);
    await (sessions[n] ?? first).post(accept(question.id, { username: `person ${n}`, email: 'a@b.c' }));
  }
  const ends = await Promise.all(calls.map((call) => call.end()));
  expect(ends.map(textOf)).toEqual([0, 1, 2, 3].map((n) => expect.stringContaining(`person ${n}`) as string));
  expect(ends.map(({ id }) => id)).toEqual([1, 1, 1, '1']);
});

test('more questions than a session may have open are refused to the call', async () => {
  const session = await open(ann);
  const calls = await Promise.all(
    Array.from({ length: 16 }, (_, id) =>
      AskingCall.begin(session, 'test_elicitation', { message: 'Who?' }, id),
    ),
  );
  const refused = await session.post({
    id: 99,
    method: 'tools/call',
    params: { name: 'test_elicitation', arguments: { message: 'Who?' } },
  });
  expect(textOf(await readMessage(refused))).toContain('16 questions open');
  for (const { question } of calls)
    await session.post(accept(question.id, { username: 'a', email: 'a@b.c' }));
  for (const call of calls) expect(textOf(await call.end())).toContain('accept');
});

test('a client that cannot be asked is not asked', async () => {
  const session = await open(ann, {});
  const project = await newProject(stack, ann);
  const response = await session.post({
    id: 1,
    method: 'tools/call',
    params: { name: 'archive_project', arguments: { project } },
  });
  expect(textOf(await readMessage(response))).toContain('confirmation_required');
});

test('a call of a cancelled question ends, and its answer comes too late', async () => {
  const session = await open(ann);
  const project = await newProject(stack, ann);
  const call = await AskingCall.begin(session, 'archive_project', { project }, 'asks');
  await session.post({ method: 'notifications/cancelled', params: { requestId: 'asks' } });
  expect(await call.end()).toBeUndefined();
  expect((await session.post(accept(call.question.id))).status).toBe(202);
  expect(await isArchived(stack, ann, project)).toBe(false);
});

test.each([
  ['debug', 3],
  ['info', 3],
  ['error', 0],
])('a session that wants logs from %s on is sent %i that a tool logs as info', async (level, expected) => {
  const session = await open(ann);
  const other = await open(ann);
  await session.post({ id: 1, method: 'logging/setLevel', params: { level } });
  await other.post({ id: 1, method: 'logging/setLevel', params: { level: 'emergency' } });
  const response = await session.post({
    id: 2,
    method: 'tools/call',
    params: { name: 'test_tool_with_logging', arguments: {} },
  });
  expect((await response.text()).split('notifications/message').length - 1).toBe(expected);
});
