import { beforeAll, describe, expect, test } from 'vitest';
import { OBJECTS } from '../../worker/audit/call-record.ts';
import { callEventsDuring } from '../support/call-events.ts';
import { postModern } from '../support/modern-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();

describe('a call leaves its event whoever refuses it', () => {
  let ann: Person;
  beforeAll(async () => {
    ann = await settlePerson(stack, { name: 'Ann' });
  });

  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(stack.mcpUrl, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${ann.token}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const message = (params: unknown, changes: object = {}) => ({
    ...{ jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    ...changes,
  });
  const whoami = { name: 'whoami', arguments: {} };
  const modern = (params: Record<string, unknown>, headers: Record<string, string> = {}) =>
    postModern(stack, ann.token, 'tools/call', { params, headers });

  test.each<[string, () => Promise<Response>, string, string | null, string]>([
    ['an unknown tool', () => post(message({ name: 'drop_tables' })), 'tool.call', null, 'invalid_arguments'],
    ['a name that is a number', () => post(message({ name: 7 })), 'tool.call', null, 'invalid_arguments'],
    ['no parameters', () => post(message(undefined)), 'tool.call', null, 'invalid_arguments'],
    [
      'arguments that are a list',
      () => post(message({ ...whoami, arguments: [] })),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    [
      '_meta that is a number',
      () => post(message({ ...whoami, _meta: 7 })),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    [
      'a token of progress that is none',
      () => post(message({ ...whoami, _meta: { progressToken: {} } })),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    ['no id', () => post(message(whoami, { id: undefined })), 'tool.call', 'whoami', 'invalid_arguments'],
    ['a null id', () => post(message(whoami, { id: null })), 'tool.call', 'whoami', 'invalid_arguments'],
    [
      'an Accept that leaves no answer',
      () => post(message(whoami), { accept: 'text/html' }),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    [
      'a revision that is none',
      () => post(message(whoami), { 'mcp-protocol-version': '1999-01-01' }),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    [
      'a session that is nobody’s',
      () => post(message(whoami), { 'mcp-session-id': 'forged' }),
      'tool.call',
      'whoami',
      'not_found',
    ],
    [
      'a URI that is a number',
      () => post(message({ uri: 7 }, { method: 'resources/read' })),
      'resource.read',
      null,
      'invalid_arguments',
    ],
    [
      'NUL in what it names',
      () => post(message({ name: 'list_files', arguments: { project: 'a\u0000b' } })),
      'tool.call',
      'list_files',
      'invalid_arguments',
    ],
    [
      'half of a surrogate pair in what it names',
      () =>
        post(
          '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_files","arguments":{"project":"\\ud800"}}}',
        ),
      'tool.call',
      'list_files',
      'invalid_arguments',
    ],
    [
      'more than the log holds in what Mallory names',
      () =>
        post(
          message({
            name: 'list_files',
            arguments: Object.fromEntries(OBJECTS.map((named) => [named, '\u0001'.repeat(300)])),
          }),
        ),
      'tool.call',
      'list_files',
      'invalid_arguments',
    ],
    [
      'of today’s revision, arguments that are a number',
      () => modern({ ...whoami, arguments: 7 }),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    [
      'of today’s revision, another tool in its header',
      () => modern(whoami, { 'mcp-name': 'list_projects' }),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    [
      'of today’s revision, another method in its header',
      () => modern(whoami, { 'mcp-method': 'tools/list' }),
      'tool.call',
      'whoami',
      'invalid_arguments',
    ],
    ['a batch', () => post([message(whoami)]), 'mcp.call', '/mcp', 'invalid_arguments'],
    [
      'a member named __proto__',
      () =>
        post(
          `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{"__proto__":{}}}}`,
        ),
      'mcp.call',
      '/mcp',
      'invalid_arguments',
    ],
    ['no JSON', () => post('{'), 'mcp.call', '/mcp', 'invalid_arguments'],
  ])('%s', async (_what, act, action, target, code) => {
    let status = 0;
    const events = await callEventsDuring(stack, ann.tenant, async () => {
      const response = await act();
      status = response.status;
      await response.text();
    });
    expect(status).toBeLessThan(500);
    expect(
      events.map((event) => [event.action, event.target_id, event.outcome, event.code, event.actor_user_id]),
    ).toEqual([[action, target, 'refused', code, ann.user]]);
  });
});
