import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { logFileOf } from '../../cli/stack/part.ts';
import { statePaths } from '../../cli/stack/state-paths.ts';
import { readMessage } from '../support/mcp-call.ts';
import { askModern, MODERN, type ModernWish, postModern } from '../support/modern-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const HEADER_MISMATCH = -32020;
let ann: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
});

const whoami = { name: 'whoami', arguments: {} };

describe('headers that say what the body says are let through', () => {
  test.each<[string, string, ModernWish]>([
    ['method', 'tools/list', {}],
    ['method and name', 'tools/call', { params: whoami }],
    [
      'a name in base64, as other characters need it',
      'tools/call',
      { params: whoami, headers: { 'mcp-name': `=?base64?${btoa('whoami')}?=` } },
    ],
    [
      'header names in another case',
      'tools/list',
      { headers: { 'mcp-method': undefined, 'MCP-METHOD': 'tools/list' } },
    ],
    ['a uri', 'resources/read', { params: { uri: 'skill://none' }, headers: { 'mcp-name': 'skill://none' } }],
  ])('%s', async (_what, method, wish) => {
    const response = await postModern(stack, ann.token, method, wish);
    const message = await readMessage(response);
    expect((message.error as { code?: number } | undefined)?.code).not.toBe(HEADER_MISMATCH);
    expect(response.status).toBe(200);
  });
});

describe('headers that say another thing are refused, and nothing is done', () => {
  const create = (name: string) => ({ name: 'create_project', arguments: { name } });
  test.each<[string, string, ModernWish]>([
    ['another method', 'tools/call', { params: create('x1'), headers: { 'mcp-method': 'tools/list' } }],
    ['no method', 'tools/call', { params: create('x2'), headers: { 'mcp-method': undefined } }],
    [
      'a method in another case',
      'tools/call',
      { params: create('x3'), headers: { 'mcp-method': 'Tools/Call' } },
    ],
    ['another name', 'tools/call', { params: create('x4'), headers: { 'mcp-name': 'whoami' } }],
    ['no name', 'tools/call', { params: create('x5'), headers: { 'mcp-name': undefined } }],
    [
      'another name in base64',
      'tools/call',
      { params: create('x6'), headers: { 'mcp-name': `=?base64?${btoa('whoami')}?=` } },
    ],
    ['another uri', 'resources/read', { params: { uri: 'skill://a' }, headers: { 'mcp-name': 'skill://b' } }],
    [
      'another version than the body',
      'tools/call',
      { params: create('x7'), headers: { 'mcp-protocol-version': '2025-11-25' } },
    ],
    ['no version', 'tools/call', { params: create('x8'), headers: { 'mcp-protocol-version': undefined } }],
  ])('%s', async (_what, method, wish) => {
    const response = await postModern(stack, ann.token, method, wish);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ id: 1, error: { code: HEADER_MISMATCH } });
    const listed = await askModern(stack, ann.token, 'tools/call', {
      params: { name: 'list_projects', arguments: {} },
    });
    expect(listed.result).toMatchObject({ structuredContent: { total: 0 } });
  });

  test('a version that nobody speaks is told which are spoken', async () => {
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' };
    const headers = { 'mcp-protocol-version': '2099-01-01' };
    const response = await postModern(stack, ann.token, 'tools/list', { meta, headers });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: -32022, data: { supported: [MODERN], requested: '2099-01-01' } },
    });
  });
});

describe('what a result says of itself', () => {
  const SKILL = 'skill://write-a-model/SKILL.md';
  test.each<[string, object, ModernWish?]>([
    ['server/discover', { ttlMs: 300_000, cacheScope: 'public' }],
    ['prompts/list', { ttlMs: 300_000, cacheScope: 'public' }],
    ['resources/templates/list', { ttlMs: 300_000, cacheScope: 'public' }],
    ['tools/list', { ttlMs: 300_000, cacheScope: 'private' }],
    ['resources/list', { ttlMs: 10_000, cacheScope: 'private' }],
    [
      'resources/read',
      { ttlMs: 0, cacheScope: 'private' },
      { params: { uri: SKILL }, headers: { 'mcp-name': SKILL } },
    ],
  ])('%s: complete, how long it may be kept, and by whom: %j', async (method, hint, wish = {}) => {
    const { result } = await askModern(stack, ann.token, method, wish);
    expect(result).toMatchObject({ resultType: 'complete', ...hint });
  });

  test('server/discover names the versions, what is offered and the instructions', async () => {
    const { result } = await askModern(stack, ann.token, 'server/discover');
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: [MODERN],
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } },
      instructions: expect.stringContaining('run_model'),
    });
  });

  test('a call that was done is complete', async () => {
    const { result } = await askModern(stack, ann.token, 'tools/call', { params: whoami });
    expect(result).toMatchObject({ resultType: 'complete', structuredContent: {} });
  });

  test('the tools come in one order, whoever asks and however often', async () => {
    const other = await settlePerson(stack, { name: 'Bob', role: 'viewer', scopes: ['projects:read'] });
    const names = async (token: string) => {
      const { result } = await askModern(stack, token, 'tools/list');
      return (result as { tools: { name: string }[] }).tools.map(({ name }) => name);
    };
    const lists = await Promise.all([ann.token, ann.token, other.token, stack.apiToken].map(names));
    expect(new Set(lists.map((list) => list.join())).size).toBe(1);
    expect(lists[0]?.length).toBeGreaterThan(15);
  });

  test.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe'])(
    '%s, which that era does not have, is not found',
    async (method) => {
      const response = await postModern(stack, ann.token, method, {
        params: { uri: 'run://x', level: 'info' },
      });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: -32601 } });
    },
  );
});

describe('the id of a request', () => {
  test.each([['text'], [7], [0], [-1], [''], ['\u202eevil'], [Number.MAX_SAFE_INTEGER]])(
    '%j comes back as it is',
    async (id) => {
      const message = await askModern(stack, ann.token, 'tools/call', { id, params: whoami });
      expect(message.id).toBe(id);
    },
  );

  test.each<[unknown]>([[null], [true], [{}], [[]], [1.5]])('%j is refused', async (id) => {
    const response = await postModern(stack, ann.token, 'tools/call', { params: whoami, id });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32600 } });
  });
});

test('a trace that the client sends stands in the log beside the request id, and one that is none does not', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const trace = (traceparent: string) =>
    postModern(stack, ann.token, 'tools/call', { params: whoami, meta: { traceparent, tracestate: 'a=b' } });
  const traced = await trace(`00-${traceId}-b7ad6b7169203331-01`);
  await trace(`00-${traceId.toUpperCase()}-b7ad6b7169203331-01`);
  const lines = () =>
    readFileSync(logFileOf(statePaths(stack.stateDir), 'worker'), 'utf8')
      .split('\n')
      .filter((line) => line.toLowerCase().includes(traceId));
  await expect.poll(() => lines().length).toBeGreaterThan(0);
  expect(lines().map((line) => JSON.parse(line.slice(line.indexOf('{'))))).toEqual([
    {
      level: 'info',
      where: 'mcp',
      request_id: traced.headers.get('x-request-id'),
      method: 'tools/call',
      trace_id: traceId,
      parent_id: 'b7ad6b7169203331',
      sampled: true,
      trace_state: 'a=b',
    },
  ]);
});
