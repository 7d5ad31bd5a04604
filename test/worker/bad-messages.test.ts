import { beforeAll, describe, expect, test } from 'vitest';
import { postMcp, readMessage } from '../support/mcp-call.ts';
import { openSession } from '../support/mcp-session.ts';
import { askModern } from '../support/modern-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const MIB = 1024 * 1024;
let ann: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
});

const call = (params: unknown) => ({ jsonrpc: '2.0', id: 7, method: 'tools/call', params });

test("an unknown tool is refused by the protocol's own error", async () => {
  const message = await readMessage(
    await postMcp(stack, ann.token, call({ name: 'drop_tables', arguments: {} })),
  );
  expect(message).toMatchObject({ id: 7, error: { code: -32602 } });
});

test('an unknown method is refused', async () => {
  const message = await readMessage(
    await postMcp(stack, ann.token, { jsonrpc: '2.0', id: 7, method: 'tools/destroy', params: {} }),
  );
  expect(message).toMatchObject({ id: 7, error: { code: -32601 } });
});

test.each<[string, string | Uint8Array<ArrayBuffer>, number, number]>([
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600],
  ['an empty batch', '[]', 400, -32600],
  ['no JSON', '{', 400, -32700],
  ['nothing', '', 400, -32700],
  ['a byte order mark', '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}', 400, -32700],
  ['invalid UTF-8', Uint8Array.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]), 400, -32700],
  ['a message named twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', 400, -32700],
  [
    'arguments named twice',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{"a":1,"a":2}}}',
    400,
    -32700,
  ],
  ['1e400', '{"jsonrpc":"2.0","id":1e400,"method":"ping"}', 400, -32700],
  ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', 400, -32600],
  [
    'a million values',
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[${'0,'.repeat(1e6)}0]}}`,
    400,
    -32700,
  ],
  [
    'depth 10^5',
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    400,
    -32700,
  ],
  ['depth 10^6', `{"params":${'['.repeat(1_000_000)}`, 400, -32700],
  [
    'a body over 8 MiB',
    JSON.stringify(call({ name: 'whoami', arguments: { x: 'y'.repeat(8 * MIB) } })),
    413,
    -32000,
  ],
  ['no object', '7', 400, -32600],
  [
    'an id that would be repeated at length',
    JSON.stringify({ ...call({}), id: 'i'.repeat(257) }),
    400,
    -32600,
  ],
  [
    'a token of progress that each notification would repeat',
    JSON.stringify(call({ name: 'whoami', _meta: { progressToken: 't'.repeat(257) } })),
    400,
    -32600,
  ],
  [
    'a cancellation that would be remembered at length',
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"${'c'.repeat(257)}"}}`,
    400,
    -32600,
  ],
  [
    '_meta that a call would hold while it waits',
    JSON.stringify(call({ name: 'get_run', arguments: {}, _meta: { x: 'y'.repeat(MIB) } })),
    413,
    -32000,
  ],
  [
    'a filter that a stream would hold as long as it lasts',
    JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen' },
      params: { notifications: { resourceSubscriptions: ['u'.repeat(MIB)] } },
    }),
    413,
    -32000,
  ],
])('%s is refused in both eras alike', async (_what, body, status, code) => {
  for (const headers of [{}, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'ping' }]) {
    const response = await postMcp(stack, ann.token, body, { headers });
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code } });
    expect(text).not.toMatch(/\bat .*\.ts/);
  }
});

test('a body over 8 MiB that does not announce its length is refused', async () => {
  const chunk = new TextEncoder().encode(' '.repeat(256 * 1024));
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ < 64) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const response = await fetch(stack.mcpUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${ann.token}`,
    },
    body,
    duplex: 'half',
  } as RequestInit);
  expect(response.status).toBe(413);
});

test('__proto__ in arguments is refused: a member that no object here has', async () => {
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_files","arguments":{"project":"Bad input","__proto__":{"prefix":"zzz"}}}}`;
  const response = await postMcp(stack, ann.token, body);
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringContaining('holds a member named `__proto__`') as string,
  ]);
});

describe('parameters of another form are refused as such, by a sentence and not as a fault of the server', () => {
  const both: [string, object, string][] = [
    ['tools/call', { name: 'whoami', arguments: 7 }, 'params.arguments'],
    ['tools/call', { name: 7 }, 'params.name'],
    ['tools/list', { cursor: 7 }, 'params.cursor'],
    ['resources/list', { cursor: 7 }, 'params.cursor'],
    ['resources/read', { uri: 7 }, 'params.uri'],
    ['prompts/get', { name: 'explain_run', arguments: [] }, 'params.arguments'],
    ['completion/complete', { ref: { type: 'x' }, argument: {} }, 'params.ref'],
  ];
  const older: [string, object, string][] = [
    ['initialize', {}, 'params.protocolVersion'],
    [
      'initialize',
      {
        protocolVersion: '2025-11-25',
        capabilities: { elicitation: 7 },
        clientInfo: { name: 'x', version: '1' },
      },
      'params.capabilities.elicitation',
    ],
    ['logging/setLevel', { level: 'shout' }, 'params.level'],
    ['resources/subscribe', { uri: 7 }, 'params.uri'],
    ['resources/unsubscribe', {}, 'params.uri'],
  ];
  const told = (place: string) => ({
    code: -32602,
    message: expect.stringMatching(
      new RegExp(`^Invalid params of [\\w/]+: ${place}: [^{}[\\]]+\\.$`),
    ) as string,
  });

  test.each([...both, ...older])('2025: %s with %j', async (method, params, place) => {
    const session = await openSession(stack, ann.token);
    const { error } = await readMessage(await session.post({ id: 1, method, params }));
    expect(error).toEqual(told(place));
  });

  test.each(both)('2026: %s with %j', async (method, params, place) => {
    const { name, uri } = params as { name?: unknown; uri?: unknown };
    const named = name ?? uri;
    const headers = named === undefined ? {} : { 'mcp-name': `${named}` };
    const { error } = await askModern(stack, ann.token, method, { params: { ...params }, headers });
    expect(error).toEqual(told(place));
  });
});
