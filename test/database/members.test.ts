import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Database } from '../../worker/database/database.ts';
import {
  endMembership,
  type MemberPage,
  selectMemberSignIns,
  selectMembers,
  setMemberRole,
} from '../../worker/database/members.ts';
import { enter, withTenant } from '../../worker/database/with-tenant.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { TENANT_ROLES, type TenantRole } from '../../worker/tenants/roles.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { openSessionOf } from '../support/sessions.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
});
afterAll(() => database?.stop());

interface Signed extends Inhabitant {
  readonly session: Principal;
}

let tenants = 0;
/** A tenant of its own with one member of each role, all signed in. */
async function settleTeam(): Promise<Record<TenantRole | 'owner2', Signed>> {
  const tenant = `Team${++tenants}`;
  const tenantId = newId('tenant');
  const signed = async (role: TenantRole, person: string): Promise<Signed> => {
    const inhabitant = await settle(database.asOwner, { person, tenant, tenantId, role });
    return { ...inhabitant, session: await openSessionOf(database.asSuperuser, inhabitant) };
  };
  const owner = await signed('owner', 'Olga');
  const [admin, member, viewer, owner2] = await Promise.all([
    signed('admin', 'Adam'),
    signed('member', 'Mia'),
    signed('viewer', 'Vito'),
    signed('owner', 'Otto'),
  ]);
  return { owner, admin, member, viewer, owner2 };
}

const change = async (by: Principal, of: string, role: TenantRole) =>
  (await withTenant(client, by, [setMemberRole(of, role)] as const))[0];
const remove = async (by: Principal, of: string) =>
  (await withTenant(client, by, [endMembership(of)] as const))[0];
const codeOf = (answer: { ok: true } | { ok: false; code: string }) => (answer.ok ? 'ok' : answer.code);
const membership = async ({ tenantId, userId }: Inhabitant) =>
  (
    await database.asSuperuser(
      'select role, status from app.memberships where tenant_id = $1 and user_id = $2',
      [tenantId, userId],
    )
  )[0];
const rank = (role: TenantRole) => TENANT_ROLES.indexOf(role);

describe('who may give whom which role', () => {
  const cells = TENANT_ROLES.flatMap((by) =>
    TENANT_ROLES.flatMap((of) => TENANT_ROLES.map((to) => [by, of, to] as const)),
  );
  let team: Record<TenantRole, Signed>;
  beforeAll(async () => {
    team = await settleTeam();
  });

  test.each(cells)('%s makes another %s %s', async (by, of, to) => {
    const { tenantId } = team.owner;
    const target = await settle(database.asOwner, {
      person: `T${by}${of}${to}`,
      tenant: 'Targets',
      tenantId,
      role: of,
    });
    const mayTouch = rank(by) >= rank('admin') && rank(by) >= rank(of) && rank(by) >= rank(to);
    const answer = await change(team[by].session, target.userId, to);
    expect(codeOf(answer)).toBe(mayTouch ? 'ok' : 'insufficient_role');
    expect(await membership(target)).toEqual({ role: mayTouch ? to : of, status: 'active' });
  });

  test.each(TENANT_ROLES.flatMap((of) => TENANT_ROLES.map((to) => [of, to] as const)))(
    '%s makes themselves %s',
    async (of, to) => {
      const fresh = await settleTeam();
      const answer = await change(fresh[of].session, fresh[of].userId, to);
      expect(codeOf(answer)).toBe(rank(to) <= rank(of) ? 'ok' : 'insufficient_role');
    },
  );

  test.each(TENANT_ROLES.flatMap((by) => TENANT_ROLES.map((of) => [by, of] as const)))(
    '%s removes another %s',
    async (by, of) => {
      const { tenantId } = team.owner;
      const target = await settle(database.asOwner, {
        person: `R${by}${of}`,
        tenant: 'R',
        tenantId,
        role: of,
      });
      const may = rank(by) >= rank('admin') && rank(by) >= rank(of);
      expect(codeOf(await remove(team[by].session, target.userId))).toBe(may ? 'ok' : 'insufficient_role');
      expect(await membership(target)).toEqual({ role: of, status: may ? 'ended' : 'active' });
    },
  );

  test.each(TENANT_ROLES)('%s leaves', async (role) => {
    const fresh = await settleTeam();
    expect(codeOf(await remove(fresh[role].session, fresh[role].userId))).toBe('ok');
    await expect(enter(client, fresh[role].session)).rejects.toThrow('membership_ended');
    await expect(enter(client, fresh[role].principal)).rejects.toThrow('revoked');
  });
});

test('who is lowered while their change waits is judged by the role that they have then', async () => {
  const { owner, admin, member } = await settleTeam();
  const holder = new pg.Client({ connectionString: database.superuserUrl });
  await holder.connect();
  try {
    await holder.query('begin');
    await holder.query('select from app.tenants where tenant_id = $1 for update', [owner.tenantId]);
    await holder.query("update app.memberships set role = 'member' where user_id = $1", [admin.userId]);
    const waiting = remove(admin.session, member.userId);
    const removing =
      "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%system_remove_member%'";
    await expect.poll(() => database.asSuperuser(removing)).toHaveLength(1);
    await holder.query('commit');
    expect(codeOf(await waiting)).toBe('insufficient_role');
  } finally {
    await holder.end();
  }
  expect(await membership(member)).toEqual({ role: 'member', status: 'active' });
});

describe('the last owner', () => {
  test('neither leaves, nor is lowered or removed, by anybody', async () => {
    const { owner, owner2, admin } = await settleTeam();
    expect(codeOf(await remove(owner.session, owner2.userId))).toBe('ok');
    expect(codeOf(await remove(owner.session, owner.userId))).toBe('last_owner');
    expect(codeOf(await change(owner.session, owner.userId, 'admin'))).toBe('last_owner');
    expect(codeOf(await remove(admin.session, owner.userId))).toBe('insufficient_role');
    expect(await membership(owner)).toEqual({ role: 'owner', status: 'active' });
  });

  test('is who remains where the other owner’s account is closed', async () => {
    const { owner, owner2 } = await settleTeam();
    await database.asSuperuser("update app.users set status = 'disabled' where user_id = $1", [
      owner2.userId,
    ]);
    expect(codeOf(await remove(owner.session, owner.userId))).toBe('last_owner');
  });

  test.each([
    ['lower', (by: Signed, of: Signed) => change(by.session, of.userId, 'admin')],
    ['remove', (by: Signed, of: Signed) => remove(by.session, of.userId)],
    ['each lower themselves', (by: Signed) => change(by.session, by.userId, 'viewer')],
    ['each leave', (by: Signed) => remove(by.session, by.userId)],
  ])('remains where two owners %s one another at the same moment', async (_what, act) => {
    for (let round = 0; round < 5; round++) {
      const { owner, owner2 } = await settleTeam();
      const settled = await Promise.allSettled([act(owner, owner2), act(owner2, owner)]);
      const codes = settled.map((one) => (one.status === 'fulfilled' ? codeOf(one.value) : 'refused entry'));
      expect(codes.filter((code) => code === 'ok')).toHaveLength(1);
      const owners = await database.asSuperuser(
        "select user_id from app.memberships where tenant_id = $1 and role = 'owner' and status = 'active'",
        [owner.tenantId],
      );
      expect(owners).toHaveLength(1);
    }
  });
});

describe('Mallory', () => {
  test('finds a member of another tenant like one that is not there', async () => {
    const { owner } = await settleTeam();
    const victim = (await settleTeam()).member;
    for (const id of [victim.userId, newId('user'), 'usr_x', '']) {
      expect(await change(owner.session, id, 'viewer')).toEqual({ ok: false, code: 'not_found' });
      expect(await remove(owner.session, id)).toEqual({ ok: false, code: 'not_found' });
      const [page, signIns] = await withTenant(client, owner.session, [
        selectMembers({ only: id, rowsMax: 1 }),
        selectMemberSignIns(id, { rowsMax: 10 }),
      ] as const);
      expect([page.members, signIns]).toEqual([[], []]);
    }
    expect(await membership(victim)).toEqual({ role: 'member', status: 'active' });
  });

  test('with SQL in an owner’s token or agent changes no member, and lists none', async () => {
    const { owner, member } = await settleTeam();
    await database.asSuperuser(
      "insert into app.authentication_events (user_id, method, outcome) values ($1, 'password', 'ok')",
      [member.userId],
    );
    expect(codeOf(await change(owner.principal, member.userId, 'owner'))).toBe('insufficient_role');
    expect(codeOf(await remove(owner.principal, member.userId))).toBe('insufficient_role');
    const [page, signIns] = await withTenant(client, owner.principal, [
      selectMembers({ rowsMax: 10 }),
      selectMemberSignIns(member.userId, { rowsMax: 10 }),
    ] as const);
    expect([page.members, signIns]).toEqual([[], []]);
  });

  test.each([
    ['judges none', "select app.judge_member_change('', null)"],
    ['changes none by the table', "update app.memberships set role = 'owner'"],
  ])('with SQL in a session %s', async (_what, sql) => {
    const { viewer } = await settleTeam();
    const injected = { text: sql, params: [], read: () => null };
    await expect(withTenant(client, viewer.session, [injected])).rejects.toThrow('permission denied');
  });
});

describe('a removed member', () => {
  test('holds nothing that a later membership would wake', async () => {
    const { owner, admin } = await settleTeam();
    const { tenantId, userId } = admin;
    await database.asSuperuser(
      `insert into app.oauth_grants (tenant_id, grant_id, user_id, client_id, scopes, resource, activated_at)
       values ($1, app.new_id('gra'), $2, 'cli_00000000000000000000000000', '{share}', 'x', now())`,
      [tenantId, userId],
    );
    await database.asSuperuser(
      `insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, created_by, expires_at)
       values ($1, app.new_id('inv'), repeat('c', 64), 'x@y.example', 'admin', $2, now() + interval '1 day')`,
      [tenantId, userId],
    );
    expect(codeOf(await remove(owner.session, userId))).toBe('ok');
    await database.asSuperuser("update app.memberships set status = 'active' where user_id = $1", [userId]);
    await expect(enter(client, admin.principal)).rejects.toThrow('revoked');
    const alive = await database.asSuperuser(
      `select 'token' from app.api_tokens where user_id = $1 and revoked_at is null
       union all select 'grant' from app.oauth_grants where user_id = $1 and revoked_at is null
       union all select 'invitation' from app.invitations where created_by = $1 and revoked_at is null`,
      [userId],
    );
    expect(alive).toEqual([]);
  });

  test.each([
    ['lowered', (by: Signed, of: Signed) => change(by.session, of.userId, 'viewer')],
    ['removed', (by: Signed, of: Signed) => remove(by.session, of.userId)],
  ])('or one who is %s has no other link that leads back', async (_what, act) => {
    const { owner, admin } = await settleTeam();
    const open = async () =>
      database.asSuperuser(
        'select from app.invitations where tenant_id = $1 and revoked_at is null and accepted_at is null',
        [owner.tenantId],
      );
    await database.asSuperuser(
      `insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, created_by, expires_at)
       select $1, app.new_id('inv'), md5($2) || md5($2), email, 'admin', $3, now() + interval '1 day' from app.users where user_id = $2`,
      [owner.tenantId, admin.userId, owner.userId],
    );
    expect(await open()).toHaveLength(1);
    expect(codeOf(await act(owner, admin))).toBe('ok');
    expect(await open()).toEqual([]);
  });

  test('is in the audit log with who did it, from where, and what ended', async () => {
    const { owner, member } = await settleTeam();
    await change(owner.session, member.userId, 'viewer');
    await change(owner.session, member.userId, 'viewer');
    await remove(owner.session, member.userId);
    const events = await database.asSuperuser(
      `select action, actor_user_id, credential_kind, target_id, host(address) as address, details
         from app.audit_events where tenant_id = $1 and action like 'member.%' order by position`,
      [owner.tenantId],
    );
    const by = {
      actor_user_id: owner.userId,
      credential_kind: 'session',
      target_id: member.userId,
      address: '192.0.2.7',
    };
    expect(events).toEqual([
      { ...by, action: 'member.role', details: { from: 'member', to: 'viewer' } },
      { ...by, action: 'member.remove', details: { role: 'viewer', tokens: 1, agents: 0, invitations: 0 } },
    ]);
  });
});

describe('the list of members', () => {
  test('goes by name, page by page, and only admins and owners see when others signed in', async () => {
    const { owner, viewer } = await settleTeam();
    await database.asSuperuser(
      "insert into app.authentication_events (user_id, method, outcome) values ($1, 'password', 'ok'), ($2, 'password', 'ok'), ($2, 'password', 'wrong')",
      [viewer.userId, owner.userId],
    );
    const list = async (by: Principal) =>
      (await withTenant(client, by, [selectMembers({ rowsMax: 10 })] as const))[0];
    const seen = await list(owner.session);
    expect(seen.total).toBe(5);
    expect(seen.members.map(({ name, role }) => [name, role])).toEqual([
      ['Adam', 'admin'],
      ['Mia', 'member'],
      ['Olga', 'owner'],
      ['Otto', 'owner'],
      ['Vito', 'viewer'],
    ]);
    const signedIn = ({ members }: typeof seen) =>
      members.filter(({ lastSignInAt }) => lastSignInAt !== null).map(({ name }) => name);
    expect(signedIn(seen)).toEqual(['Olga', 'Vito']);
    expect(signedIn(await list(viewer.session))).toEqual(['Vito']);

    const names: string[] = [];
    for (let after: string | null = null; ; ) {
      const found: readonly [MemberPage] = await withTenant(client, owner.session, [
        selectMembers({ after, rowsMax: 2 }),
      ] as const);
      names.push(...found[0].members.map(({ name }) => name));
      after = found[0].members.at(-1)?.userId ?? null;
      if (after === null) break;
    }
    expect(names).toEqual(['Adam', 'Mia', 'Olga', 'Otto', 'Vito']);
  });
});

describe('how a member signed in', () => {
  test('is seen by themselves, admins and owners, by no other member, and by nobody of another tenant', async () => {
    const { owner, admin, member, viewer } = await settleTeam();
    const mallory = (await settleTeam()).owner;
    await database.asSuperuser(
      `insert into app.authentication_events (user_id, method, outcome, address, occurred_at)
       select $1, 'password', 'wrong', '192.0.2.7', now() - n * interval '1 minute' from generate_series(1, 3) as n`,
      [member.userId],
    );
    const signIns = async ({ session }: Signed, before: string | null = null, rowsMax = 10) =>
      (
        await withTenant(client, session, [selectMemberSignIns(member.userId, { before, rowsMax })] as const)
      )[0];
    for (const asker of [owner, admin, member]) {
      const seen = await signIns(asker);
      expect(seen).toHaveLength(3);
      expect(seen[0]).toMatchObject({ method: 'password', outcome: 'wrong', address: '192.0.2.7' });
    }
    for (const asker of [viewer, mallory]) expect(await signIns(asker)).toEqual([]);
    const [first, second, third] = await signIns(owner);
    expect(await signIns(owner, first?.eventId, 1)).toEqual([second]);
    expect(await signIns(owner, second?.eventId)).toEqual([third]);
  });
});
