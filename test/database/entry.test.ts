import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { type Database, EntryRefused } from '../../worker/database/database.ts';
import { type Query, query } from '../../worker/database/query.ts';
import { enter, withTenant } from '../../worker/database/with-tenant.ts';
import type { Identity, Principal } from '../../worker/tenants/principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let mallory: Inhabitant;
let requests = 0;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open(() => requests++);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
});
afterAll(() => database.stop());

/** What `app.enter` answers this principal: its refusal, or null. */
async function refusalOf(
  principal: Principal,
): Promise<{ reason: string; needed: readonly string[] } | null> {
  try {
    await enter(client, principal);
    return null;
  } catch (error) {
    if (!(error instanceof EntryRefused)) throw error;
    return { reason: error.reason, needed: error.needed };
  }
}

const needing = (inhabitant: Inhabitant, needs: object): Principal =>
  ({ ...inhabitant.principal, needs: { scopes: [], role: null, ...needs } }) as Principal;

describe('somebody who may enter', () => {
  test('is told who they are, in one request', async () => {
    const seen: Identity[] = [];
    const before = requests;
    const identity = await enter(client, { ...ann.principal, entered: (found) => seen.push(found) });
    expect(requests - before).toBe(1);
    expect(seen).toEqual([identity]);
    expect(identity).toEqual({
      tenantId: ann.tenantId,
      tenantName: 'Acme',
      userId: ann.userId,
      userName: 'Ann',
      userEmail: 'ann@acme.example',
      role: 'owner',
      scopes: expect.arrayContaining(['projects:read', 'tools:call']),
      projects: null,
    });
  });

  test('does everything of a transaction in that same request', async () => {
    const before = requests;
    const [tenants, sum] = await withTenant(client, ann.principal, [
      query('select name from app.tenants', [], (rows) => rows.map((row) => row.name)),
      query('select $1::int + 1 as sum', [41], ([row]) => row?.sum),
    ]);
    expect([tenants, sum]).toEqual([['Acme'], 42]);
    expect(requests - before).toBe(1);
  });

  test('gets the role that the token allows, never more than the membership', async () => {
    const capped = await settle(database.asOwner, {
      person: 'Cleo',
      tenant: 'Capped',
      roleCeiling: 'viewer',
    });
    const lowly = await settle(database.asOwner, {
      person: 'Lou',
      tenant: 'Lowly',
      role: 'viewer',
      roleCeiling: 'owner',
    });
    expect((await enter(client, capped.principal)).role).toBe('viewer');
    expect((await enter(client, lowly.principal)).role).toBe('viewer');
  });
});

describe('a call that needs more than its credential has', () => {
  test('is refused with all scopes that it needs and no more', async () => {
    const reader = await settle(database.asOwner, {
      person: 'Rea',
      tenant: 'Reading',
      scopes: ['projects:read'],
    });
    expect(await refusalOf(needing(reader, { scopes: ['projects:read', 'runs:execute'] }))).toEqual({
      reason: 'insufficient_scope',
      needed: ['projects:read', 'runs:execute'],
    });
    expect(await refusalOf(needing(reader, { scopes: ['projects:read'] }))).toBeNull();
  });

  test('is refused with the role that it needs', async () => {
    const viewer = await settle(database.asOwner, { person: 'Vi', tenant: 'Viewing', role: 'viewer' });
    expect(await refusalOf(needing(viewer, { role: 'member' }))).toEqual({
      reason: 'insufficient_role',
      needed: ['member'],
    });
    expect(await refusalOf(needing(viewer, { role: 'viewer' }))).toBeNull();
  });

  test('is refused when it needs a role that does not exist', async () => {
    expect(await refusalOf(needing(ann, { role: 'emperor' }))).toMatchObject({ reason: 'insufficient_role' });
  });

  test('is refused a role where no person acts', async () => {
    const system: Principal = { ...ann.principal, userId: null, credential: { kind: 'system', id: 'sweep' } };
    expect(await refusalOf({ ...system, needs: { scopes: [], role: 'viewer' } })).toMatchObject({
      reason: 'insufficient_role',
    });
    expect(await refusalOf(system)).toBeNull();
  });
});

describe('a credential that died is refused on the next request', () => {
  const cases: readonly {
    readonly because: string;
    readonly reason: string;
    readonly sql: string;
  }[] = [
    {
      because: 'the token was revoked',
      reason: 'revoked',
      sql: 'update app.api_tokens set revoked_at = now() where token_id = $1',
    },
    {
      because: 'the token expired a moment ago',
      reason: 'expired',
      sql: "update app.api_tokens set expires_at = clock_timestamp() - interval '1 ms' where token_id = $1",
    },
    {
      because: 'the person was disabled',
      reason: 'user_disabled',
      sql: "update app.users set status = 'disabled' where user_id = (select user_id from app.api_tokens where token_id = $1)",
    },
    {
      because: 'the membership ended',
      reason: 'membership_ended',
      sql: "update app.memberships set status = 'ended' where (tenant_id, user_id) = (select tenant_id, user_id from app.api_tokens where token_id = $1)",
    },
    {
      because: 'the tenant was suspended',
      reason: 'tenant_suspended',
      sql: "update app.tenants set status = 'suspended' where tenant_id = (select tenant_id from app.api_tokens where token_id = $1)",
    },
  ];
  test.each(cases)('because $because', async ({ reason, sql }) => {
    const bob = await settle(database.asOwner, {
      person: `Bob ${reason}`.replaceAll(/[ _]/g, ''),
      tenant: reason,
    });
    expect(await refusalOf(bob.principal)).toBeNull();
    await database.asSuperuser(sql, [bob.tokenId]);
    expect(await refusalOf(bob.principal)).toEqual({ reason, needed: [] });
  });

  test('and the operator revokes by one call, once', async () => {
    const bob = await settle(database.asOwner, { person: 'Bobby', tenant: 'Revoking' });
    const revoke = async () =>
      (await database.asOwner('select app.revoke_api_token($1) as answer', [bob.tokenId]))[0]?.answer;
    expect(await revoke()).toMatchObject({ ok: true });
    expect(await refusalOf(bob.principal)).toMatchObject({ reason: 'revoked' });
    expect(await revoke()).toMatchObject({ ok: false, code: 'token_not_found' });
  });

  test('while the system still records what becomes of a suspended tenant', async () => {
    const bob = await settle(database.asOwner, { person: 'Bo', tenant: 'Winding' });
    await database.asSuperuser("update app.tenants set status = 'suspended' where tenant_id = $1", [
      bob.tenantId,
    ]);
    expect(
      await refusalOf({ ...bob.principal, userId: null, credential: { kind: 'system', id: 'sweep' } }),
    ).toBeNull();
  });
});

describe('a ticket that mixes what does not belong together is refused as unknown', () => {
  const mixes: readonly (readonly [string, () => Principal])[] = [
    ["Mallory's token for Ann's tenant", () => ({ ...mallory.principal, tenantId: ann.tenantId })],
    ["Mallory's token as Ann", () => ({ ...mallory.principal, userId: ann.userId })],
    ["Ann's token as Mallory in Ann's tenant", () => ({ ...ann.principal, userId: mallory.userId })],
    [
      'a token that does not exist',
      () => ({ ...ann.principal, credential: { kind: 'api_token', id: newId('token') } }),
    ],
    ['a tenant that does not exist', () => ({ ...ann.principal, tenantId: newId('tenant') })],
    [
      'an executor that does not exist',
      () => ({ ...ann.principal, userId: null, credential: { kind: 'executor', id: newId('executor') } }),
    ],
    [
      'a kind of credential that does not exist',
      () => ({ ...ann.principal, credential: { kind: 'root', id: 'x' } as never }),
    ],
  ];
  test.each(mixes)('%s', async (_name, principal) => {
    expect(await refusalOf(principal())).toEqual({ reason: 'unknown', needed: [] });
  });
});

test('a refused entry leaves nothing of its batch behind', async () => {
  const bob = await settle(database.asOwner, { person: 'Bill', tenant: 'Batch' });
  await database.asSuperuser('update app.api_tokens set revoked_at = now() where token_id = $1', [
    bob.tokenId,
  ]);
  const note: Query<unknown> = query("select app.audit('note.add', 'note', 'x', 'ok')", [], () => null);
  await expect(withTenant(client, bob.principal, [note])).rejects.toThrow(EntryRefused);
  const written = await database.asSuperuser(
    "select from app.audit_events where action = 'note.add' and tenant_id = $1",
    [bob.tenantId],
  );
  expect(written).toHaveLength(0);
});

test('people of other tenants are not in the list of people', async () => {
  const [people] = await withTenant(client, ann.principal, [
    query('select name from app.tenant_people()', [], (rows) => rows.map((row) => row.name)),
  ]);
  expect(people).toEqual(['Ann']);
});

test('provisioning a tenant twice changes nothing the second time', async () => {
  const again = await database.asOwner('select app.provision_tenant($1, $2, $3, $4, $5) as answer', [
    ann.tenantId,
    'Another name',
    newId('user'),
    'ANN@acme.example',
    'Ann',
  ]);
  expect(again[0]?.answer).toEqual({
    ok: true,
    tenant_id: ann.tenantId,
    user_id: ann.userId,
    created: false,
  });
});
