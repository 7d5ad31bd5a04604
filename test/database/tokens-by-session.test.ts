import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import {
  createToken,
  type NewApiToken,
  revokeToken,
  rotateToken,
  selectTokens,
} from '../../worker/database/api-tokens.ts';
import type { Database } from '../../worker/database/database.ts';
import type { SqlAnswer } from '../../worker/database/refusal-data.ts';
import { enter, withTenant } from '../../worker/database/with-tenant.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { TENANT_ROLES } from '../../worker/tenants/roles.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { openSessionOf } from '../support/sessions.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`;
const DAY_SECONDS = 86_400;

let database: TestDatabase;
let client: Database;
let tenants = 0;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
});
afterAll(() => database?.stop());

interface Signed extends Inhabitant {
  readonly session: Principal;
}

async function settleSigned(
  wish: {
    person?: string;
    role?: 'viewer' | 'member' | 'admin' | 'owner';
    tenantId?: Inhabitant['tenantId'];
  } = {},
): Promise<Signed> {
  const inhabitant = await settle(database.asOwner, {
    person: wish.person ?? 'Ann',
    tenant: `Tokens${++tenants}`,
    ...wish,
  });
  return { ...inhabitant, session: await openSessionOf(database.asSuperuser, inhabitant) };
}

const wish = (changes: Partial<NewApiToken> = {}): NewApiToken => ({
  id: newId('token'),
  name: 'nightly',
  argon2id: HASH,
  scopes: ['projects:read'],
  role: 'viewer',
  lifetimeSeconds: 90 * DAY_SECONDS,
  networks: [],
  projects: [],
  ...changes,
});
const create = async (by: Principal, changes: Partial<NewApiToken> = {}, aliveMax = 50) =>
  (await withTenant(client, by, [createToken(wish(changes), aliveMax)] as const))[0];
const rotate = async (by: Principal, old: string, id: string = newId('token')) =>
  (
    await withTenant(client, by, [rotateToken({ old, id, argon2id: HASH, overlapSeconds: 3600 })] as const)
  )[0];
const revoke = async (by: Principal, id: string) =>
  (await withTenant(client, by, [revokeToken(id)] as const))[0];
const list = async (by: Principal, isWithEnded = false) =>
  (await withTenant(client, by, [selectTokens({ isWithEnded, rowsMax: 100 })] as const))[0];
const codeOf = (answer: SqlAnswer<object>) => (answer.ok ? 'ok' : answer.code);
const tokenRow = async (tokenId: string) =>
  (await database.asSuperuser('select * from app.api_tokens where token_id = $1', [tokenId]))[0];
const asToken = ({ principal }: Inhabitant, id: string): Principal => ({
  ...principal,
  credential: { kind: 'api_token', id },
});

describe('a token that a person makes', () => {
  test.each(TENANT_ROLES.flatMap((own) => TENANT_ROLES.map((role) => [own, role] as const)))(
    'by a %s, for the role %s, is no stronger than its maker',
    async (own, role) => {
      const ann = await settleSigned({ role: own });
      const id = newId('token');
      const may = TENANT_ROLES.indexOf(role) <= TENANT_ROLES.indexOf(own);
      expect(codeOf(await create(ann.session, { id, role }))).toBe(may ? 'ok' : 'insufficient_role');
      if (!may) return expect(await tokenRow(id)).toBeUndefined();
      expect((await enter(client, asToken(ann, id))).role).toBe(role);
    },
  );

  test('stays as weak when its maker rises, and weakens when they are lowered', async () => {
    const ann = await settleSigned({ role: 'member' });
    const id = newId('token');
    await create(ann.session, { id, role: 'member' });
    const roleOfToken = async (role: string) => {
      await database.asSuperuser('update app.memberships set role = $2 where user_id = $1', [
        ann.userId,
        role,
      ]);
      return (await enter(client, asToken(ann, id))).role;
    };
    expect(await roleOfToken('owner')).toBe('member');
    expect(await roleOfToken('viewer')).toBe('viewer');
  });

  test('is theirs, holds at its networks, ends in time, and is in the audit log', async () => {
    const ann = await settleSigned();
    const id = newId('token');
    await create(ann.session, { id, networks: ['192.0.2.77/24', '2001:db8::1'], scopes: ['share'] });
    const row = await tokenRow(id);
    expect(row).toMatchObject({ user_id: ann.userId, scopes: ['share'], argon2id_hash: HASH });
    expect(Number(row?.expires_at) - Number(row?.created_at)).toBe(90 * DAY_SECONDS * 1000);
    expect((await list(ann.session))[0]?.networks).toEqual(['192.0.2.0/24', '2001:db8::1/128']);
    await expect(enter(client, { ...asToken(ann, id), address: '192.0.3.1' })).rejects.toThrow(
      'address_not_allowed',
    );
    const [event] = await database.asSuperuser(
      "select actor_user_id, credential_kind, details from app.audit_events where action = 'token.create' and target_id = $1",
      [id],
    );
    expect(event).toMatchObject({ actor_user_id: ann.userId, credential_kind: 'session' });
    expect(JSON.stringify(event)).not.toContain('argon2');
  });

  test.each(['10.0.0.0/33', 'example.org', '', '192.0.2.0/24; drop', '::g', "'"])(
    'names no such network as %j',
    async (network) => {
      const ann = await settleSigned();
      expect(await create(ann.session, { networks: ['192.0.2.0/24', network] })).toEqual({
        ok: false,
        code: 'invalid_arguments',
        details: { network },
      });
    },
  );

  test('reaches the projects that it names alone, also after a rotation, and names none that its maker does not see', async () => {
    const ann = await settleSigned({ role: 'member' });
    const olga = await settleSigned({ person: 'Olga', tenantId: ann.tenantId });
    const project = async (name: string, restricted = false) => {
      const id = newId('project');
      await database.asSuperuser(
        'insert into app.projects (tenant_id, project_id, name, created_by, restricted) values ($1, $2, $3, $4, $5)',
        [ann.tenantId, id, name, olga.userId, restricted],
      );
      return id;
    };
    const [budget, sales, hidden] = [
      await project('Budget'),
      await project('Sales'),
      await project('Hidden', true),
    ];
    const [id, successor] = [newId('token'), newId('token')];
    expect(codeOf(await create(ann.session, { id, projects: ['budget', sales] }))).toBe('ok');
    await rotate(ann.session, id, successor);
    for (const token of [id, successor])
      expect((await enter(client, asToken(ann, token))).projects?.toSorted()).toEqual([budget, sales].sort());
    expect((await list(ann.session))[0]?.projects?.map(({ name }) => name)).toEqual(['Budget', 'Sales']);
    for (const name of [hidden, 'Hidden', 'Nowhere', newId('project')])
      expect(await create(ann.session, { projects: [name] })).toEqual({
        ok: false,
        code: 'invalid_arguments',
        details: { project: name },
      });
  });

  test('lives no longer than the tenant allows, to the second', async () => {
    const ann = await settleSigned();
    await database.asOwner("select app.cap_token_lifetime($1, interval '30 days')", [ann.tenantId]);
    expect(await create(ann.session, { lifetimeSeconds: 30 * DAY_SECONDS + 1 })).toEqual({
      ok: false,
      code: 'invalid_arguments',
      details: { seconds_max: 30 * DAY_SECONDS },
    });
    expect(codeOf(await create(ann.session, { lifetimeSeconds: 30 * DAY_SECONDS }))).toBe('ok');
  });

  test('is one of so many, also of ten made at the same moment; a revoked one makes room', async () => {
    const ann = await settleSigned();
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(ann.session, {}, 4)));
    // One was there before.
    expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
    expect(answers.filter((answer) => codeOf(answer) === 'limit_exceeded')).toHaveLength(7);
    await revoke(ann.session, ann.tokenId);
    expect(codeOf(await create(ann.session, {}, 4))).toBe('ok');
  });

  test('is made once where its form is sent twice', async () => {
    const ann = await settleSigned();
    const id = newId('token');
    const answers = await Promise.all([create(ann.session, { id }), create(ann.session, { id })]);
    expect(answers.map(codeOf).sort()).toEqual(['already_exists', 'ok']);
  });
});

describe('rotating', () => {
  test('keeps every right that the token has, and one successor', async () => {
    const ann = await settleSigned();
    const [old, id] = [newId('token'), newId('token')];
    await create(ann.session, { id: old, networks: ['192.0.2.0/24'], role: 'admin' });
    expect(await rotate(ann.session, old, id)).toMatchObject({ ok: true, name: 'nightly' });
    const { token_id, argon2id_hash, created_at, expires_at, successor_id, ...rights } =
      (await tokenRow(old)) ?? {};
    expect(await tokenRow(id)).toMatchObject(rights);
    expect(Object.keys(rights)).toContain('address_ranges');
    expect(await rotate(ann.session, old)).toEqual({
      ok: false,
      code: 'already_exists',
      details: { successor: id },
    });
    await enter(client, asToken(ann, old));
    await enter(client, asToken(ann, id));
  });

  test('respects a bound that has come down since', async () => {
    const ann = await settleSigned();
    const id = newId('token');
    await create(ann.session, { id });
    await database.asOwner("select app.cap_token_lifetime($1, interval '7 days')", [ann.tenantId]);
    expect(codeOf(await rotate(ann.session, id))).toBe('invalid_arguments');
  });
});

describe('whose tokens', () => {
  test('an admin sees and ends those of the whole tenant, and rotates none of another’s', async () => {
    const ann = await settleSigned({ role: 'admin' });
    const bob = await settleSigned({ person: 'Bob', role: 'owner', tenantId: ann.tenantId });
    expect((await list(ann.session)).map(({ userName }) => userName).sort()).toEqual(['Ann', 'Bob']);
    expect(await rotate(ann.session, bob.tokenId)).toEqual({ ok: false, code: 'not_found' });
    expect(codeOf(await revoke(ann.session, bob.tokenId))).toBe('ok');
    await expect(enter(client, bob.principal)).rejects.toThrow('revoked');
    expect(codeOf(await revoke(ann.session, bob.tokenId))).toBe('not_found');
    const withEnded = await list(ann.session, true);
    expect(withEnded.find(({ tokenId }) => tokenId === bob.tokenId)?.isAlive).toBe(false);
    expect((await list(ann.session)).map(({ tokenId }) => tokenId)).toEqual([ann.tokenId]);
  });

  test('a member sees and ends their own alone; another’s is like one that is not there', async () => {
    const bob = await settleSigned({ person: 'Bob', role: 'member' });
    const ann = await settleSigned({ role: 'owner', tenantId: bob.tenantId });
    const mallory = await settleSigned({ person: 'Mallory', role: 'owner' });
    expect((await list(bob.session)).map(({ userName }) => userName)).toEqual(['Bob']);
    for (const [by, id] of [
      [bob, ann.tokenId],
      [mallory, ann.tokenId],
      [mallory, newId('token')],
      [mallory, ''],
    ] as const) {
      expect(await revoke(by.session, id)).toEqual({ ok: false, code: 'not_found' });
      expect(await rotate(by.session, id)).toEqual({ ok: false, code: 'not_found' });
    }
    await enter(client, ann.principal);
  });

  test('a token of an owner, with whatever SQL, makes, rotates, ends and lists none', async () => {
    const ann = await settleSigned();
    expect(codeOf(await create(ann.principal))).toBe('insufficient_role');
    expect(codeOf(await rotate(ann.principal, ann.tokenId))).toBe('not_found');
    expect(codeOf(await revoke(ann.principal, ann.tokenId))).toBe('not_found');
    expect(await list(ann.principal)).toEqual([]);
  });

  test('somebody who is removed at the same moment keeps none', async () => {
    for (let round = 0; round < 5; round++) {
      const ann = await settleSigned();
      const bob = await settleSigned({ person: `Bob${round}`, role: 'member', tenantId: ann.tenantId });
      await Promise.allSettled([
        create(bob.session),
        withTenant(client, ann.session, [
          { text: 'select app.system_remove_member($1)', params: [bob.userId], read: () => null },
        ]),
      ]);
      const alive = await database.asSuperuser(
        'select from app.api_tokens where user_id = $1 and revoked_at is null',
        [bob.userId],
      );
      expect(alive).toEqual([]);
    }
  });
});
