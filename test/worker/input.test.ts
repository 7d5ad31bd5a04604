import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { apiSession } from '../support/api.ts';
import { callTool } from '../support/mcp-call.ts';
import { postRegistration, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, newAddress, PASSWORD, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
let ann: Account;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
});

const HOSTILE = [
  ['a script', '<script>alert(1)</script>'],
  ['a handler', 'x" onclick=alert(1)'],
  ['a template', '{{7*7}}'],
  ['an override of direction', 'gpj\u202eexe'],
  ['zero width', 'pay\u200bpal'],
  ['an escape', 'a\u001b[2J'],
  ['256 characters', 'x'.repeat(256)],
] as const;

describe('Mallory’s name is refused by tool, API, form and registration alike', () => {
  test.each(HOSTILE)('%s', async (_what, name) => {
    const tool = await callTool(stack, ann.token, 'create_project', { name });
    expect(tool.error).toMatchObject({
      code: 'invalid_arguments',
      message: expect.stringMatching(/^name: /) as string,
    });

    const api = await apiSession(stack, ann);
    const answer = await api.send('POST', `/api/v1/tenants/${ann.tenant}/pools`, { name });
    expect(answer.status).toBe(400);

    const browser = await signedIn(stack, ann);
    const fields = {
      tenant: ann.tenant,
      name,
      'scope:projects:read': 'on',
      role: 'member',
      days: '1',
      networks: '',
    };
    expect(await (await browser.submit('/tokens', '/tokens', fields)).text()).toContain(
      'Give the token a name',
    );

    const registered = await postRegistration(stack, {
      redirect_uris: ['https://agent.example/cb'],
      client_name: name,
    });
    expect(registered.status).toBe(400);
    expect(await registered.text()).toContain('invalid_client_metadata');
  });

  test('and nothing of it is stored', async () => {
    for (const [, name] of HOSTILE) {
      const stored = await queryAs(
        stack.superuserUrl,
        `select name from app.projects where name = $1 union all select name from app.pools where name = $1
         union all select name from app.api_tokens where name = $1 union all select name from app.oauth_clients where name = $1`,
        [name],
      );
      expect(stored).toEqual([]);
    }
  });
});

test('a name, a description and a message that use their bounds are stored', async () => {
  const name = `${'é'.repeat(240)} R&D: Q3/Q4 📈`;
  const made = await callTool(stack, ann.token, 'create_project', { name, description: 'é'.repeat(4096) });
  expect(made.error).toBeNull();
  const message = `Write <script> && {{x}}\n${'m'.repeat(8000)}`;
  const files = [{ path: 'a.html', content: '<script>alert("{{x}}" && 1 < 2)</script>' }];
  const written = await callTool(stack, ann.token, 'write_files', { project: name, files, message });
  expect(written.error).toBeNull();
  const { structured } = await callTool(stack, ann.token, 'list_commits', { project: name });
  expect(JSON.stringify(structured)).toContain('Write <script> && {{x}}');
});

/** A body of these members, with something in it that makes no other difference. */
const HOSTILE_JSON: readonly (readonly [string, (members: string) => string | Uint8Array<ArrayBuffer>])[] = [
  ['a prototype', (members) => `{"__proto__":{},${members}}`],
  ['a name twice', (members) => `{${members},${members}}`],
  ['depth', (members) => `{${members},"a":${'['.repeat(100)}${']'.repeat(100)}}`],
  ['a byte order mark', (members) => `\ufeff{${members}}`],
  [
    'half of an UTF-8 character',
    (members) => new Uint8Array([...Buffer.from(`{${members},"a":"`), 0xc3, ...Buffer.from('"}')]),
  ],
];

/** What each address takes: members of a body, what it answers to them, and what where they are hostile. */
const TAKES: Readonly<Record<string, readonly [() => Promise<object>, number, number]>> = {
  '/mcp': [async () => ({ jsonrpc: '2.0', id: 1, method: 'ping' }), 200, 400],
  '/oauth/register': [async () => ({ redirect_uris: ['https://agent.example/cb'] }), 201, 400],
  '/api/v1/session': [async () => ({ email: ann.email, password: PASSWORD }), 201, 400],
  '/executor/register': [
    async () => ({
      join_token: await mintJoinToken(stack.ownerUrl),
      name: 'host',
      public_key: randomBytes(32).toString('base64url'),
    }),
    201,
    401,
  ],
};

describe.each(Object.entries(TAKES))(
  'hostile JSON is refused wherever JSON is taken: %s',
  (path, [membersOf, accepted, refused]) => {
    test.each(HOSTILE_JSON)('%s; and it is taken without', async (_what, spoil) => {
      const members = JSON.stringify(await membersOf()).slice(1, -1);
      const post = async (body: string | Uint8Array<ArrayBuffer>) => {
        const response = await fetch(`${stack.publicUrl}${path}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'x-causeway-request': '1',
            'cf-connecting-ip': newAddress(),
            ...(path === '/mcp' ? { authorization: `Bearer ${ann.token}` } : {}),
          },
          body,
        });
        await response.body?.cancel();
        return response.status;
      };
      expect(await post(spoil(members))).toBe(refused);
      expect(await post(`{${members}}`)).toBe(accepted);
    });
  },
);

describe('a body that is said to be something else than the address takes', () => {
  test.each([
    ['POST', '/login', 'application/json', 415],
    ['POST', '/login', 'multipart/form-data; boundary=x', 415],
    ['POST', '/api/v1/session', 'text/plain', 415],
    ['POST', '/oauth/token', 'application/json', 400],
    ['POST', '/oauth/register', 'text/plain', 400],
    ['POST', '/mcp', 'text/plain', 415],
    ['POST', '/executor/register', 'text/plain', 415],
  ])('%s %s as %s is refused', async (method, path, type, status) => {
    const headers = {
      'content-type': type,
      origin: stack.publicUrl,
      'x-causeway-request': '1',
      'sec-fetch-site': 'same-origin',
      accept: 'application/json, text/event-stream',
      ...(path === '/mcp' ? { authorization: `Bearer ${ann.token}` } : {}),
    };
    // Whoever shows no join token is told that alone.
    const body = JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/list' },
      join_token: 'join_'.padEnd(48, 'x'),
    });
    expect((await fetch(`${stack.publicUrl}${path}`, { method, headers, body })).status).toBe(status);
  });

  test('an upload says the types of its format, and its address stays good', async () => {
    await callTool(stack, ann.token, 'create_project', { name: 'Typed' });
    const bytes = 8;
    const { structured } = await callTool(stack, ann.token, 'create_upload', {
      project: 'Typed',
      name: 'file',
      format: 'csv',
      bytes,
    });
    const put = (type: string) =>
      fetch(structured.url as string, {
        method: 'PUT',
        headers: { 'content-type': type },
        body: 'a,b\n1,2\n',
      });
    for (const type of ['text/html', 'application/x-www-form-urlencoded', 'image/svg+xml']) {
      const refused = await put(type);
      expect(refused.status).toBe(415);
      expect(await refused.text()).toContain('text/csv');
    }
    expect((await put('text/csv; charset=utf-8')).status).toBe(201);
  });
});

test.each(['/%ff', '/login?return_to=%ff', '/projects/%c0%af', '/?q=%', '/%00'])(
  'the address %s is no Unicode text, and refused',
  async (path) => {
    const response = await fetch(`${stack.publicUrl}${path}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  },
);
