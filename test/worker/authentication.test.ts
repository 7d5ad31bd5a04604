import { beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { formatApiToken } from '../../protocol/api-token.ts';
import { newId } from '../../protocol/ids.ts';
import { newSecret } from '../../protocol/secret.ts';
import { callTool, postMcp } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
const WHOAMI = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } };

let ann: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
});

/** The test acts as the edge: each flood comes from an address of its own, so that no test meets another's. */
let addresses = 0;
const fromNewAddress = () => ({ 'cf-connecting-ip': `203.0.113.${++addresses}` });

const guess = (person: Person) =>
  formatApiToken({ tenant: person.tenant, token: person.tokenId, secret: newSecret() });

describe('a request without a good token gets 401 with WWW-Authenticate and nothing else', () => {
  test.each<[string, () => string | null]>([
    ['no token', () => null],
    ['a token of another form', () => 'ghp_abc'],
    [
      'a token with a wrong checksum',
      () => `${ann.token.slice(0, -1)}${ann.token.endsWith('0') ? '1' : '0'}`,
    ],
    [
      'a token that nobody has',
      () => formatApiToken({ tenant: ann.tenant, token: newId('token'), secret: newSecret() }),
    ],
    ['a known token with a wrong secret', () => guess(ann)],
    [
      'a token under another tenant',
      () => formatApiToken({ tenant: newId('tenant'), token: ann.tokenId, secret: ann.token.slice(57, 100) }),
    ],
  ])('%s', async (_what, token) => {
    const response = await postMcp(stack, token(), WHOAMI, { headers: fromNewAddress() });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="causeway"/);
    const body = (await response.json()) as { error: { code: string } };
    expect(body.error.code).toBe('unauthenticated');
    expect(JSON.stringify(body)).not.toContain(ann.tenant);
  });

  test('a token in the query string or the body is not looked at', async () => {
    const inQuery = await fetch(`${stack.mcpUrl}?access_token=${ann.token}`, {
      method: 'POST',
      body: JSON.stringify(WHOAMI),
    });
    expect(inQuery.status).toBe(401);
    const inBody = await postMcp(stack, null, { ...WHOAMI, access_token: ann.token });
    expect(inBody.status).toBe(401);
  });
});

describe('an ended credential is refused on the very next request', () => {
  async function statusesAfter(person: Person, end: () => Promise<unknown>): Promise<number[]> {
    // The token is remembered as verified before it ends: no cache may keep it alive.
    expect((await callTool(stack, person.token, 'whoami')).error).toBeNull();
    expect((await postMcp(stack, person.token, LIST)).status).toBe(200);
    await end();
    return Promise.all(
      [postMcp(stack, person.token, WHOAMI), postMcp(stack, person.token, LIST)].map(
        async (sent) => (await sent).status,
      ),
    );
  }

  test('revoked', async () => {
    const bob = await settlePerson(stack, { name: 'Bob' });
    expect(
      await statusesAfter(bob, () =>
        asOperator(stack.ownerUrl, (operator) => operator.revokeToken(bob.tokenId)),
      ),
    ).toEqual([401, 401]);
  });

  test.each([
    ['user disabled', "update app.users set status = 'disabled' where user_id = $1", 401],
    ['membership ended', "update app.memberships set status = 'ended' where user_id = $1", 401],
    [
      'token expired',
      "update app.api_tokens set expires_at = now() - interval '1 second' where user_id = $1",
      401,
    ],
    [
      'tenant suspended',
      "update app.tenants set status = 'suspended' where tenant_id = (select tenant_id from app.memberships where user_id = $1)",
      403,
    ],
  ])('%s', async (_what, sql, status) => {
    const bob = await settlePerson(stack, { name: 'Bob' });
    expect(await statusesAfter(bob, () => queryAs(stack.superuserUrl, sql, [bob.user]))).toEqual([
      status,
      status,
    ]);
  });
});

test('clients that hang up while their token is checked take nobody’s place', async () => {
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const headers = { 'cf-connecting-ip': `198.51.100.${index}` };
      const signal = AbortSignal.timeout(5 + (index % 8) * 5);
      await postMcp(stack, guess(ann), WHOAMI, { headers, signal }).catch(() => undefined);
    }),
  );
  const bob = await settlePerson(stack, { name: 'Bob' });
  const reply = await callTool(stack, bob.token, 'whoami', {}, { headers: fromNewAddress() });
  expect(reply.error).toBeNull();
});

describe('a flood of wrong secrets', () => {
  test('for one known token is refused by its address before hashing, and does not lock its owner out', async () => {
    const flood = fromNewAddress();
    const statuses: number[] = [];
    for (let index = 0; index < 30; index++)
      statuses.push((await postMcp(stack, guess(ann), WHOAMI, { headers: flood })).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses.slice(15).every((status) => status === 429)).toBe(true);
    // From her own address, with a token that nobody remembers: it must be hashed, and it is.
    const again = await settlePerson(stack, { name: 'Ann again', tenant: ann.tenant });
    expect(
      (await callTool(stack, again.token, 'whoami', {}, { headers: fromNewAddress() })).error,
    ).toBeNull();
    // And even beside the flood, a token that was verified before goes on working.
    expect((await callTool(stack, again.token, 'whoami', {}, { headers: flood })).error).toBeNull();
  });

  test('over many token ids is refused just so, and says when to come back', async () => {
    const flood = fromNewAddress();
    let last = new Response();
    for (let index = 0; index < 20; index++) {
      const token = formatApiToken({
        tenant: newId('tenant'),
        token: newId('token'),
        secret: newSecret(),
      });
      last = await postMcp(stack, token, WHOAMI, { headers: flood });
      await last.text();
    }
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('from one IPv6 network counts as one address', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 20; index++) {
      const headers = { 'cf-connecting-ip': `2001:db8:${addresses}:7::${index.toString(16)}` };
      statuses.push((await postMcp(stack, guess(ann), WHOAMI, { headers })).status);
    }
    expect(statuses.at(-1)).toBe(429);
  });

  test('that forges X-Forwarded-For gets no further', async () => {
    const flood = fromNewAddress();
    const statuses: number[] = [];
    for (let index = 0; index < 20; index++) {
      const headers = {
        ...flood,
        'x-forwarded-for': `198.51.100.${index}`,
        'x-real-ip': `198.51.100.${index}`,
      };
      statuses.push((await postMcp(stack, guess(ann), WHOAMI, { headers })).status);
    }
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('the right that counts is the least of token, role and need', () => {
  test('a token without the scope gets 403 that names it, and nothing happens', async () => {
    const reader = await settlePerson(stack, { name: 'Reader', scopes: ['projects:read'] });
    const response = await postMcp(stack, reader.token, {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'create_project', arguments: { name: 'not allowed' } },
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain(
      'error="insufficient_scope", scope="projects:write"',
    );
    const listed = await callTool<{ total: number }>(stack, reader.token, 'list_projects');
    expect(listed.structured.total).toBe(0);
  });

  test('a Mcp-Name header that names another tool changes nothing', async () => {
    const reader = await settlePerson(stack, { name: 'Reader', scopes: ['projects:read'] });
    const call = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'create_project', arguments: { name: 'sneaky' } },
    };
    const response = await postMcp(stack, reader.token, call, {
      headers: { 'mcp-name': 'whoami', 'mcp-method': 'tools/call' },
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect((await callTool<{ total: number }>(stack, reader.token, 'list_projects')).structured.total).toBe(
      0,
    );
  });

  test('a viewer with every scope may read and not write; a ceiling lowers an owner to it', async () => {
    const owner = await settlePerson(stack, { name: 'Owner' });
    for (const weak of [
      await settlePerson(stack, { name: 'Viewer', tenant: owner.tenant, role: 'viewer' }),
      await settlePerson(stack, { name: 'Lowered', tenant: owner.tenant, roleCeiling: 'viewer' }),
    ]) {
      expect((await callTool(stack, weak.token, 'list_projects')).error).toBeNull();
      const refused = await postMcp(stack, weak.token, {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'create_project', arguments: { name: 'x' } },
      });
      expect(refused.status).toBe(403);
      expect(((await refused.json()) as { error: { code: string } }).error.code).toBe('insufficient_role');
    }
  });
});
