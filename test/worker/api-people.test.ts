import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiAnswer, type ApiClient, apiSession } from '../support/api.ts';
import { codeOf } from '../support/api-callers.ts';
import { newEmail, newGrant } from '../support/api-inputs.ts';
import { postMcp } from '../support/mcp-call.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const NOT_FOUND = { status: 404, code: 'not_found' };
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let ann: Account;
let owner: ApiClient;
beforeEach(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  owner = await apiSession(stack, ann);
});

const joined = (name: string, role: 'viewer' | 'member' | 'admin' | 'owner') =>
  settleAccount(stack, { name, tenant: ann.tenant, role });
const inTenant = () => ({ tenant: ann.tenant });

async function sessionsOf(client: ApiClient, user: string): Promise<readonly string[]> {
  const { sessions } = await client.get<{ sessions: { session: string }[] }>('listSessions', {
    params: inTenant(),
    query: { user },
  });
  return sessions.map(({ session }) => session);
}

/** The audit events of the tenant with this action, newest first. */
const auditOf = (action: string) =>
  queryAs(
    stack.superuserUrl,
    `select actor_user_id, credential_kind, target_id, request_id from app.audit_events
      where tenant_id = $1 and action = $2 order by occurred_at desc`,
    [ann.tenant, action],
  );

describe("a member's session", () => {
  test('is seen and ended by an admin, for its very next request, and the audit log says by whom', async () => {
    const bob = await joined('Bob', 'member');
    const phone = await apiSession(stack, await joined('Adam', 'admin'));
    await apiSession(stack, bob);
    const [session = ''] = await sessionsOf(phone, bob.user);
    expect((await phone.call('endSession', { params: { ...inTenant(), session } })).status).toBe(204);
    expect(await sessionsOf(owner, bob.user)).toEqual([]);
    const [event] = await auditOf('session.end');
    expect(event).toMatchObject({ credential_kind: 'session', target_id: session });
    expect(event?.request_id).toMatch(/^req_/);
  });

  test("an owner's is not ended by an admin, but by an owner", async () => {
    const adam = await apiSession(stack, await joined('Adam', 'admin'));
    const other = await joined('Olga', 'owner');
    const olga = await apiSession(stack, other);
    const [session = ''] = await sessionsOf(adam, other.user);
    const end = { params: { ...inTenant(), session } };
    expect(codeOf(await adam.call('endSession', end))).toEqual(NOT_FOUND);
    expect((await olga.call('whoAmI')).status).toBe(200);
    expect((await owner.call('endSession', end)).status).toBe(204);
    expect(codeOf(await olga.call('whoAmI'))).toEqual({ status: 401, code: 'unauthenticated' });
  });

  test('of somebody who belongs to another tenant too is neither seen nor ended here', async () => {
    const carl = await settleAccount(stack, { name: 'Carl' });
    const his = await apiSession(stack, carl);
    await queryAs(
      stack.superuserUrl,
      "insert into app.memberships (tenant_id, user_id, role) values ($1, $2, 'member')",
      [ann.tenant, carl.user],
    );
    const { session } = await his.get<{ session: string }>('whoAmI');
    expect(await sessionsOf(owner, carl.user)).toEqual([]);
    expect(codeOf(await owner.call('endSession', { params: { ...inTenant(), session } }))).toEqual(NOT_FOUND);
    expect((await his.call('whoAmI')).status).toBe(200);
  });

  test('is ended by its own person, who sees which one is at hand', async () => {
    const second = await apiSession(stack, ann);
    const { sessions } = await owner.get<{ sessions: { session: string; is_current: boolean }[] }>(
      'listOwnSessions',
    );
    expect(sessions.map(({ is_current }) => is_current).sort()).toEqual([false, true]);
    expect(await owner.get('endOtherOwnSessions')).toEqual({ ended: 1 });
    expect((await second.call('whoAmI')).status).toBe(401);
    expect((await owner.call('signOut')).headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await owner.call('whoAmI')).status).toBe(401);
  });
});

describe('roles and members', () => {
  test('a changed role holds from the next request on, and an admin makes no owner', async () => {
    const account = await joined('Adam', 'admin');
    const adam = await apiSession(stack, account);
    const bob = await joined('Bob', 'member');
    const params = { ...inTenant(), user: bob.user };
    const body = (role: string) => ({ params, body: { role } });
    expect(await adam.get('changeRole', body('admin'))).toEqual({
      ...{ user: bob.user, role: 'admin', role_before: 'member' },
    });
    expect(codeOf(await adam.call('changeRole', body('owner')))).toEqual({
      ...{ status: 403, code: 'insufficient_role' },
    });
    await owner.get('changeRole', { params: { ...params, user: account.user }, body: { role: 'viewer' } });
    expect(codeOf(await adam.call('listMembers', { params: inTenant() }))).toEqual({
      ...{ status: 403, code: 'insufficient_role' },
    });
  });

  test('the last owner is neither lowered nor removed', async () => {
    const params = { ...inTenant(), user: ann.user };
    const refused = { status: 409, code: 'last_owner' };
    expect(codeOf(await owner.call('changeRole', { params, body: { role: 'admin' } }))).toEqual(refused);
    expect(codeOf(await owner.call('removeMember', { params }))).toEqual(refused);
  });

  test('who is removed is refused with their token and their session on the next request, and stays a user', async () => {
    const bob = await joined('Bob', 'admin');
    const his = await apiSession(stack, bob);
    expect((await postMcp(stack, bob.token, LIST)).status).toBe(200);
    const params = { ...inTenant(), user: bob.user };
    expect((await owner.call('removeMember', { params })).status).toBe(204);
    expect((await postMcp(stack, bob.token, LIST)).status).toBe(401);
    expect(codeOf(await his.call('listMembers', { params: inTenant() }))).toEqual(NOT_FOUND);
    expect(codeOf(await owner.call('getMember', { params }))).toEqual(NOT_FOUND);
    expect(await owner.get('getUser', { params })).toMatchObject({ user: bob.user, status: 'ended' });
  });

  test('the roles are counted, and an admin may not give all of them', async () => {
    const adam = await apiSession(stack, await joined('Adam', 'admin'));
    const { roles } = await adam.get<{
      roles: { role: string; members: number; you_may_give_it: boolean }[];
    }>('listRoles', { params: inTenant() });
    expect(roles.map(({ role, members, you_may_give_it }) => [role, members, you_may_give_it])).toEqual([
      ['viewer', 0, true],
      ['member', 0, true],
      ['admin', 1, true],
      ['owner', 1, false],
    ]);
  });
});

describe('a list is read page by page, each row once, with its total', () => {
  test.each([
    ['listUsers', 'users', 'user'],
    ['listMembers', 'members', 'user'],
    ['listInvitations', 'invitations', 'invitation'],
    ['listTokens', 'tokens', 'token'],
    ['listSessions', 'sessions', 'session'],
  ] as const)('%s', async (name, list, id) => {
    for (const who of ['Bea', 'Cid', 'Dov', 'Eve']) await apiSession(stack, await joined(who, 'member'));
    for (let n = 0; n < 5; n++) {
      const body = { email: newEmail(), role: 'viewer' };
      await owner.get('createInvitation', { params: inTenant(), body });
    }
    const seen: unknown[] = [];
    let cursor: string | null = null;
    for (let pages = 1; ; pages++) {
      const query: Record<string, string> = { limit: '2', ...(cursor === null ? {} : { cursor }) };
      const answer: Record<string, unknown> = await owner.get(name, { params: inTenant(), query });
      seen.push(...(answer[list] as Record<string, unknown>[]).map((row) => row[id]));
      expect([answer.total, answer.truncated]).toEqual([5, pages < 3]);
      cursor = answer.cursor as string | null;
      if (cursor === null) break;
    }
    expect([seen.length, new Set(seen).size]).toEqual([5, 5]);
  });
});

test('an admin ends an owner’s token and agent on their next request, and neither makes nor sees one', async () => {
  const olga = await joined('Olga', 'owner');
  const adam = await apiSession(stack, await joined('Adam', 'admin'));
  const { grant, client, accessToken } = await newGrant(stack, olga);
  for (const token of [olga.token, accessToken]) expect((await postMcp(stack, token, LIST)).status).toBe(200);
  const rotate = { params: { ...inTenant(), token: olga.tokenId } };
  expect(codeOf(await adam.call('rotateToken', rotate))).toEqual(NOT_FOUND);
  expect((await adam.call('revokeToken', rotate)).status).toBe(204);
  expect((await adam.call('endGrant', { params: { ...inTenant(), grant } })).status).toBe(204);
  for (const token of [olga.token, accessToken]) expect((await postMcp(stack, token, LIST)).status).toBe(401);
  expect(await adam.get('endClient', { params: inTenant(), body: { client } })).toEqual({
    client,
    grants_ended: 0,
  });
});

test('an invitation is withdrawn in its own tenant only, by somebody who administers two', async () => {
  const second = await settleAccount(stack, { name: 'Second' });
  await queryAs(
    stack.superuserUrl,
    "insert into app.memberships (tenant_id, user_id, role) values ($1, $2, 'owner')",
    [second.tenant, ann.user],
  );
  const body = { email: newEmail(), role: 'viewer' };
  const made = await owner.get<{ invitation: string }>('createInvitation', { params: inTenant(), body });
  const elsewhere = { tenant: second.tenant, invitation: made.invitation };
  expect(codeOf(await owner.call('withdrawInvitation', { params: elsewhere }))).toEqual(NOT_FOUND);
  const here = { ...inTenant(), invitation: made.invitation };
  expect((await owner.call('withdrawInvitation', { params: here })).status).toBe(204);
});

test('an admin lists the invitation of an owner without its link, by which they could become one', async () => {
  const body = { email: newEmail(), role: 'owner' };
  const made = await owner.get<{ invitation: string; url: string }>('createInvitation', {
    params: inTenant(),
    body,
  });
  const linkTo = async (client: ApiClient) => {
    const { invitations } = await client.get<{ invitations: { invitation: string; url: string | null }[] }>(
      'listInvitations',
      { params: inTenant() },
    );
    return invitations.find(({ invitation }) => invitation === made.invitation)?.url;
  };
  const adam = await apiSession(stack, await joined('Adam', 'admin'));
  expect(await linkTo(adam)).toBeNull();
  expect(await linkTo(owner)).toBe(made.url);
});

test('a session that calls too often is told when to come back', async () => {
  const ask = () => owner.call('getTenant', { params: inTenant() });
  let limited: ApiAnswer | undefined;
  while (limited === undefined) {
    const answers = await Promise.all(Array.from({ length: 100 }, ask));
    limited = answers.find(({ status }) => status !== 200);
  }
  expect(codeOf(limited)).toEqual({ status: 429, code: 'rate_limited' });
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
});

describe('signing in', () => {
  test('with a wrong password and with an unknown email is answered alike, and ends in a wait', async () => {
    const ask = (email: string) => owner.call('signIn', { body: { email, password: 'wrong password 123' } });
    const told = async (email: string) => {
      const { status, body } = await ask(email);
      return JSON.stringify({ status, body }).replace(/req_[0-9a-z]{26}/, 'req');
    };
    const known = await told(ann.email);
    expect(known).toBe(await told('nobody-here@example.org'));
    expect(JSON.parse(known).status).toBe(401);
    for (let n = 0; n < 4; n++) await ask(ann.email);
    const locked = await ask(ann.email);
    expect(codeOf(locked)).toEqual({ status: 429, code: 'rate_limited' });
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(locked.headers.get('ratelimit')).toMatch(/^"failed_logins_per_minute";r=0;t=\d+$/);
  });

  test('opens this API to no viewer, whose session is good for the pages, and for signing out', async () => {
    const viewer = await apiSession(stack, await joined('Vic', 'viewer'));
    expect(codeOf(await viewer.call('whoAmI'))).toEqual({ status: 403, code: 'insufficient_role' });
    expect((await viewer.send('GET', '/account')).status).toBe(200);
    expect((await viewer.call('signOut')).status).toBe(204);
    expect((await viewer.send('GET', '/account')).status).toBe(303);
  });
});
