import { afterAll, beforeAll, expect, test } from 'vitest';
import { countEntries } from '../support/count-entries.ts';
import { callTool, postMcp, readMessage } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Person;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack());
  ann = await settlePerson(stack, { name: 'Ann' });
  await callTool(stack, ann.token, 'create_project', { name: 'Budget' });
});
afterAll(() => stop());

const call = (tool: string, input: Record<string, unknown>) =>
  callTool(stack, ann.token, tool, { project: 'Budget', ...input });

const SALES = { project: 'Budget', source: 'sales' };
const COMPLETION = {
  ref: { type: 'ref/prompt', name: 'explore_data' },
  argument: { name: 'source', value: 's' },
  context: { arguments: SALES },
};

async function ask(method: string, params: object): Promise<void> {
  const message = await readMessage(
    await postMcp(stack, ann.token, { jsonrpc: '2.0', id: 1, method, params }),
  );
  expect(message, JSON.stringify(message)).toHaveProperty('result');
}

test('data tools, resources, prompts and completions make one database request to read, two to import and two for a PUT', async () => {
  const entries = await countEntries(stack);
  const csv = { name: 'sales', format: 'csv', text: 'a,b\n1,2\n' };
  const keyed = { ...csv, name: 'keyed', idempotency_key: crypto.randomUUID() };
  const steps: readonly [requests: number, what: string, step: () => Promise<unknown>][] = [
    [2, 'an import', () => call('import_data', csv)],
    [2, 'an import of bytes that are known', () => call('import_data', { ...csv, name: 'again' })],
    [
      3,
      'an import that is refused, and the event that says so',
      () => call('import_data', { ...csv, text: 'a,b\n1,2,3\n' }),
    ],
    [2, 'an import with a key', () => call('import_data', keyed)],
    [1, 'its repetition', () => call('import_data', keyed)],
    [1, 'describe_data', () => call('describe_data', { name: 'sales' })],
    [1, 'list_data_sources', () => call('list_data_sources', {})],
    [1, 'its resource', () => ask('resources/read', { uri: 'data://Budget/sales' })],
    [1, 'a list of resources', () => ask('resources/list', {})],
    [1, 'a prompt about it', () => ask('prompts/get', { name: 'explore_data', arguments: SALES })],
    [1, 'a completion of its name', () => ask('completion/complete', COMPLETION)],
    [3, 'create_upload and its PUT', () => upload('a\n1\n', 'a\n1\n')],
    [3, 'create_upload and a PUT of other bytes', () => upload('a\n1\n', 'a\n12\n')],
  ];
  for (const [, , step] of steps) await step();
  const expected = steps.reduce((sum, [requests]) => sum + requests, 0);
  // Postgres publishes its counts within a second; another count than this one never becomes it.
  await expect.poll(entries, { interval: 200 }).toBe(expected);
});

async function upload(announced: string, sent: string): Promise<void> {
  const asked = { name: 'file', format: 'csv', bytes: announced.length };
  const { structured } = await call('create_upload', asked);
  await fetch(structured.url as string, { method: 'PUT', body: sent });
}
