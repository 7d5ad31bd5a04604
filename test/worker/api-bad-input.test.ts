import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiRoute } from '../../worker/api/route.ts';
import { API_ROUTES, type OperationName } from '../../worker/api/routes/index.ts';
import { type ApiClient, apiSession, pathOf } from '../support/api.ts';
import { codeOf } from '../support/api-callers.ts';
import { type ApiWorld, absentId, apiInputs, settleApiWorld } from '../support/api-inputs.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { tenantContents } from '../support/tenant-contents.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();

const LISTS = [
  ...([
    'listUsers',
    'listMembers',
    'listSessions',
    'listTokens',
    'listRequests',
    'listInvitations',
    'listGrants',
  ] as const),
  'listProjects',
] as const;
const cursorOf = (key: readonly unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');

let ann: Account;
let owner: ApiClient;
let world: ApiWorld;
let mallory: Account;
let mallorys: ApiClient;
let before: Awaited<ReturnType<typeof tenantContents>>;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  owner = await apiSession(stack, ann);
  world = await settleApiWorld(stack, ann.tenant, owner);
  mallory = await settleAccount(stack, { name: 'Mallory' });
  mallorys = await apiSession(stack, mallory);
  before = await tenantContents(stack, ann.tenant);
});

describe('what is absent and what is another tenant’s is answered with the same bytes', () => {
  const byId = Object.entries<ApiRoute>(API_ROUTES).filter(
    ([, { path, body }]) => /:tenant\/.*:/.test(path) || 'client' in body.shape,
  );
  test.each(byId.map(([name, route]) => [name as OperationName, route] as const))(
    '%s',
    async (name, route) => {
      const input = apiInputs(world)[name];
      const params = [...Object.keys(route.params.shape), ...Object.keys(route.body.shape)].filter(
        (key) => key !== 'tenant' && (key === 'client' || key in route.params.shape),
      );
      const ask = async (given: Record<string, string>) => {
        const { client, ...params } = given;
        const named = client === undefined ? {} : { body: { ...(input.body as object), client } };
        const { status, body } = await mallorys.call(name, { ...input, params, ...named });
        return JSON.stringify({ status, body }).replace(/req_[0-9a-z]{26}/, 'req');
      };
      const foreign = { ...input.params, tenant: mallory.tenant };
      const absentIds = Object.fromEntries(params.map((param) => [param, absentId(param)]));
      const absent = { tenant: mallory.tenant, ...absentIds };
      expect(JSON.parse(await ask(foreign)).status).toBe(404);
      expect(await ask(foreign)).toBe(await ask(absent));
      expect(await ask({ ...input.params })).toBe(await ask({ ...absent, tenant: absentId('tenant') }));
    },
  );
});

describe('bad input is refused with a sentence that names its place', () => {
  const wish = { name: 'nightly', scopes: ['projects:read'], role: 'viewer' };
  test.each<[string, OperationName, object, RegExp]>([
    ['a role that there is not', 'createInvitation', { email: 'a@example.org', role: 'king' }, /role/],
    ['no email', 'createInvitation', { role: 'viewer' }, /email/],
    ['an email that is none', 'createInvitation', { email: 'not an email', role: 'viewer' }, /email/],
    [
      'an email of 400 characters',
      'createInvitation',
      { email: `${'x'.repeat(388)}@example.org`, role: 'viewer' },
      /email/,
    ],
    ['a NUL character', 'createInvitation', { email: 'a\0@example.org', role: 'viewer' }, /NUL/],
    [
      'half of a surrogate pair',
      'createInvitation',
      { email: 'a\ud800@example.org', role: 'viewer' },
      /surrogate/,
    ],
    [
      'an argument that there is not',
      'createInvitation',
      { email: 'a@example.org', role: 'viewer', tenant: 'x' },
      /tenant: there is no such argument/,
    ],
    ['no scopes', 'createToken', { ...wish, scopes: [] }, /scopes/],
    ['a scope that there is not', 'createToken', { ...wish, scopes: ['administration'] }, /scopes/],
    ['a life of a second', 'createToken', { ...wish, lifetime_seconds: 1 }, /lifetime_seconds/],
    ['a life of a thousand years', 'createToken', { ...wish, lifetime_seconds: 31_536_000_000 }, /lifetime/],
    ['a life in words', 'createToken', { ...wish, lifetime_seconds: '90 days' }, /lifetime_seconds/],
    ['a network that is none', 'createToken', { ...wish, networks: ['300.0.0.0/8'] }, /300\.0\.0\.0/],
    ['a name that acts on a terminal', 'createToken', { ...wish, name: 'a\u001b[2Jb' }, /name/],
    ['a name that is read backwards', 'createToken', { ...wish, name: '\u202eevil' }, /name/],
    ['a name without end', 'createToken', { ...wish, name: 'x'.repeat(256) }, /name/],
  ])('%s', async (_what, name, body, says) => {
    const answer = await owner.call(name, { params: { tenant: ann.tenant }, body });
    expect(codeOf(answer)).toEqual({ status: 400, code: 'invalid_arguments' });
    expect(JSON.stringify(answer.body?.error)).toMatch(says);
  });

  test.each<[string, OperationName, Record<string, string>]>([
    ['a limit of none', 'listUsers', { limit: '0' }],
    ['a limit above the most', 'listUsers', { limit: '101' }],
    ['a limit that is no number', 'listUsers', { limit: 'ten' }],
    ['a cursor that no list gave', 'listUsers', { cursor: 'x'.repeat(20) }],
    ['a cursor of another form', 'listUsers', { cursor: Buffer.from('[1]').toString('base64url') }],
    ['a cursor without end', 'listUsers', { cursor: 'x'.repeat(501) }],
    ['a status that there is not', 'listUsers', { status: 'asleep' }],
    ['a user that is no id', 'listSessions', { user: "' or true --" }],
    ['a parameter that there is not', 'listUsers', { offset: '10' }],
    ['a moment that is none', 'listRequests', { from: 'yesterday' }],
    ['a moment before all years', 'listRequests', { until: '0000-01-01T00:00:00Z' }],
    ['a NUL character', 'listRequests', { credential: 'a\0b' }],
    ...LISTS.map((name): [string, OperationName, Record<string, string>] => [
      `a cursor with a NUL character, of ${name}`,
      name,
      { cursor: cursorOf(name === 'listProjects' ? ['\0', ''] : ['\0']) },
    ]),
  ])('in the query: %s', async (_what, name, query) => {
    const answer = await owner.call(name, { params: { tenant: ann.tenant }, query });
    expect(codeOf(answer)).toEqual({ status: 400, code: 'invalid_arguments' });
  });

  const path = () => pathOf(API_ROUTES.createInvitation, { params: { tenant: ann.tenant } });
  test.each([
    ['no JSON', '{email', 400],
    ['a list', '[]', 400],
    ['null', 'null', 400],
    ['nothing', '', 400],
    ['a byte order mark', '\ufeff{}', 400],
    ['JSON nested a hundred deep', `${'['.repeat(100)}${']'.repeat(100)}`, 400],
    ['__proto__', '{"__proto__": {"role": "owner"}, "email": "a@example.org"}', 400],
    ['a body of 40 KB', JSON.stringify({ email: 'x'.repeat(40_000), role: 'viewer' }), 413],
  ])('as body: %s', async (_what, body, status) => {
    const response = await owner.send('POST', path(), body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { request_id: expect.stringMatching(/^req_/) } });
  });

  test.each(['?limit=1&limit=2', '?limit=1&cursor=&cursor=x'])('a parameter twice: %s', async (search) => {
    const users = pathOf(API_ROUTES.listUsers, { params: { tenant: ann.tenant } });
    const response = await owner.send('GET', `${users}${search}`);
    expect(response.status).toBe(400);
    await response.text();
  });

  test.each(['ten_x', '..', '%2e%2e', '%00', "';drop table app.users;--", 'TEN_01'])(
    'a tenant that is no id: %s',
    async (tenant) => {
      const response = await owner.send('GET', `/api/v1/tenants/${tenant}/users`);
      expect([400, 404]).toContain(response.status);
      await response.text();
    },
  );

  test('and nothing was written', async () => {
    expect(await tenantContents(stack, ann.tenant)).toEqual(before);
  });
});
