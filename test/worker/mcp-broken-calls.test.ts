import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { connect2025 } from '../../examples/demo/clients/connect-2025.ts';
import { asDemoClient } from '../../examples/demo/clients/connect-2026.ts';
import type { DemoClient } from '../../examples/demo/clients/demo-client.ts';
import { type ClientSession, openSession, type SseEvent, SseReader } from '../support/mcp-session.ts';
import { type Modeller, type RunReply, settleModeller } from '../support/model-project.ts';
import { settlePerson } from '../support/people.ts';
import { type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const SLOW = `import time
import causeway
for n in range(1, 9):
    causeway.progress(n, 8, f"step {n}")
    time.sleep(0.5)
print("all of it")
`;

let ann: Modeller;
let proxy: ReverseProxy;
beforeAll(async () => {
  ann = await settleModeller(stack, 'Ann', SLOW);
  proxy = await startReverseProxy();
  proxy.leadTo(stack.port);
});
afterAll(() => proxy.stop());

const runsOf = async () => {
  const { structured } = await ann.call<{ runs: { run: string }[] }>('list_runs', { project: ann.project });
  return structured.runs.map(({ run }) => run);
};

async function dialSdk2(mcpUrl: string): Promise<DemoClient> {
  const client = new Client({ name: 'reader', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
  const requestInit = { headers: { authorization: `Bearer ${ann.token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(mcpUrl), { requestInit }));
  return asDemoClient(client);
}

test.each([
  ['SDK 1', (mcpUrl: string) => connect2025({ mcpUrl, apiToken: ann.token })],
  ['SDK 2', dialSdk2],
])('a client of %s whose connections all break in the middle of a run has its answer', async (sdk, dial) => {
  const client = await dial(`http://127.0.0.1:${proxy.port}/mcp`);
  onTestFinished(() => client.close());
  // It checks answers by the schemas that it was told.
  await client.listTools();
  const before = await runsOf();
  const told: number[] = [];
  let isCut = false;
  const { structuredContent } = await client.callTool(
    'run_model',
    { project: ann.project, path: 'model.py', parameters: { sdk } },
    {
      timeoutMs: 50_000,
      onProgress: ({ progress }) => {
        told.push(progress);
        if (isCut || progress < 2) return;
        isCut = true;
        proxy.cut();
      },
    },
  );
  expect(structuredContent).toMatchObject({ state: 'succeeded', stdout: { text: 'all of it\n' } });
  expect(isCut).toBe(true);
  expect(told.at(-1)).toBeGreaterThan(2);
  expect(told).toEqual(told.toSorted((left, right) => left - right));
  expect(await runsOf()).toHaveLength(before.length + 1);
});

/** A call of run_model in a session, as far as its first two events: where it may be resumed, and the first progress. */
async function begin(session: ClientSession, n: number, more: object = {}) {
  const response = await session.post({
    id: 'the call',
    method: 'tools/call',
    params: {
      name: 'run_model',
      arguments: { project: ann.project, path: 'model.py', parameters: { n }, ...more },
      _meta: { progressToken: 'p' },
    },
  });
  const stream = new SseReader(response);
  return { stream, first: await stream.next(), second: await stream.next() };
}

async function rest(stream: SseReader): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for (let event = await stream.next(); event !== null; event = await stream.next()) events.push(event);
  return events;
}

const answerIn = (events: readonly SseEvent[]) =>
  events.at(-1)?.message as { id: unknown; result: { structuredContent: RunReply } } | undefined;

test('the answer comes under the call’s own id, on a stream with ids of its own, as often as it is asked for', async () => {
  const session = await openSession(stack, ann.token);
  const { stream, first, second } = await begin(session, 1);
  expect(first).toMatchObject({ id: expect.any(String), message: null });
  expect(second?.message).toMatchObject({ method: 'notifications/progress', params: { progressToken: 'p' } });
  await stream.cancel();
  const resumed = await rest(new SseReader(await session.listen(first?.id ?? '')));
  expect(answerIn(resumed)).toMatchObject({
    id: 'the call',
    result: { structuredContent: { state: 'succeeded' } },
  });
  const methods = resumed.slice(0, -1).flatMap(({ message }) => (message === null ? [] : [message.method]));
  expect(new Set(methods)).toEqual(new Set(['notifications/progress']));
  const ids = [first, ...resumed].flatMap((event) => (event?.id ? [event.id] : []));
  expect(ids.length).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(ids.length);
  // The answer itself may have been lost with the connection.
  const again = await rest(new SseReader(await session.listen(ids.at(-1))));
  expect(answerIn(again)?.result.structuredContent.run).toBe(answerIn(resumed)?.result.structuredContent.run);
});

test('who comes back waits no longer than the call would have, and can cancel', async () => {
  const session = await openSession(stack, ann.token);
  const { stream, first } = await begin(session, 2, { wait_seconds: 2 });
  await stream.cancel();
  const ended = await rest(new SseReader(await session.listen(first?.id ?? '')));
  expect(answerIn(ended)?.result.structuredContent).toMatchObject({
    state: expect.stringMatching(/^(queued|leased|running)$/),
    hint: expect.stringContaining('get_run'),
  });

  const other = await begin(session, 3);
  await other.stream.cancel();
  const resumed = new SseReader(await session.listen(other.first?.id ?? ''));
  await resumed.next();
  await session.post({ method: 'notifications/cancelled', params: { requestId: 'the call' } });
  const messages = (await rest(resumed)).map(({ message }) => message);
  expect(messages.filter((message) => message?.id === 'the call')).toEqual([]);
});

test('a client of 2025-06-18, which does not know events without data, is sent none', async () => {
  const { stream, first } = await begin(await openSession(stack, ann.token, { version: '2025-06-18' }), 6);
  onTestFinished(() => stream.cancel());
  expect(first?.message).toMatchObject({ method: 'notifications/progress' });
});

describe('the id of an event lets nobody else wait for Ann’s run', () => {
  test.each([
    ['Mallory of another tenant', async () => (await settlePerson(stack, { name: 'Mallory' })).token],
    ['a colleague', async () => (await settlePerson(stack, { name: 'Bob', tenant: ann.tenant })).token],
    ['another session of hers', async () => ann.token],
  ])('%s', async (_who, tokenOf) => {
    const { stream, first } = await begin(await openSession(stack, ann.token), 4);
    onTestFinished(() => stream.cancel());
    const thief = await openSession(stack, await tokenOf());
    const own = new SseReader(await thief.listen(first?.id ?? ''));
    onTestFinished(() => own.cancel());
    // It is an event that this session does not know, so its own stream begins, and says so.
    expect((await own.next())?.message).toMatchObject({ method: 'notifications/tools/list_changed' });
  });

  test('Ann herself, once her token is revoked', async () => {
    const leaver = await settlePerson(stack, { name: 'Leaver', tenant: ann.tenant });
    const session = await openSession(stack, leaver.token);
    const { stream, first } = await begin(session, 5);
    await stream.cancel();
    expect(await asOperator(stack.ownerUrl, (operator) => operator.revokeToken(leaver.tokenId))).toBe(true);
    expect((await session.listen(first?.id ?? '')).status).toBe(401);
  });
});
