import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { type Database, DatabaseError, EntryRefused } from '../../worker/database/database.ts';
import { query } from '../../worker/database/query.ts';
import { enter, withTenant } from '../../worker/database/with-tenant.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`;
const DAY_MS = 86_400_000;

let database: TestDatabase;
let client: Database;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
});
afterAll(() => database.stop());

async function refusalOf(principal: Principal): Promise<string | null> {
  try {
    await enter(client, principal);
    return null;
  } catch (error) {
    if (!(error instanceof EntryRefused)) throw error;
    return error.reason;
  }
}

describe('a token that holds at some networks', () => {
  let ann: Inhabitant;
  beforeAll(async () => {
    ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Networks' });
    await database.asSuperuser('update app.api_tokens set address_ranges = $2 where token_id = $1', [
      ann.tokenId,
      ['192.0.2.0/24', '2001:db8::/48'],
    ]);
  });

  test.each(['192.0.2.0', '192.0.2.255', '2001:db8::1', '2001:DB8:0:ffff::'])(
    'enters from %s',
    async (address) => {
      expect(await refusalOf({ ...ann.principal, address })).toBeNull();
    },
  );

  test.each([
    '192.0.3.0',
    '192.0.1.255',
    '2001:db8:1::',
    '::ffff:192.0.2.1',
    '192.0.2.1, 10.0.0.1',
    '192.0.2',
    '192.0.2.1/0',
    '0.0.0.0/0',
    '',
    'unknown',
    null,
  ])('is refused from %j', async (address) => {
    expect(await refusalOf({ ...ann.principal, address })).toBe('address_not_allowed');
  });

  test('is refused as dead, not as far away, once it is revoked', async () => {
    const bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Revoked' });
    await database.asSuperuser(
      "update app.api_tokens set address_ranges = '{10.0.0.0/8}', revoked_at = now() where token_id = $1",
      [bob.tokenId],
    );
    expect(await refusalOf(bob.principal)).toBe('revoked');
  });
});

test('the operator sees the networks in the list', async () => {
  const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Listed' });
  await database.asSuperuser(
    "update app.api_tokens set address_ranges = '{192.0.2.0/24}' where token_id = $1",
    [ann.tokenId],
  );
  const [listed] = await database.asOwner('select address_ranges from app.list_api_tokens($1)', [
    ann.tenantId,
  ]);
  expect(listed).toEqual({ address_ranges: ['192.0.2.0/24'] });
});

describe("a tenant's bound on how long tokens live", () => {
  const create = async (who: Inhabitant, expiresAt: Date | null) =>
    (
      await database.asOwner('select app.create_api_token($1, $2, $3, $4, $5, $6, null, $7) as answer', [
        who.tenantId,
        newId('token'),
        who.userId,
        'nightly',
        HASH,
        ['projects:read'],
        expiresAt,
      ])
    )[0]?.answer;
  const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

  test('refuses a longer one and one without an end, and leaves what is there', async () => {
    const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Bounded' });
    await database.asOwner("select app.cap_token_lifetime($1, interval '30 days')", [ann.tenantId]);
    const refused = { ok: false, code: 'token_lifetime_too_long', details: { seconds_max: 30 * 86_400 } };
    expect(await create(ann, inDays(31))).toEqual(refused);
    expect(await create(ann, null)).toEqual(refused);
    expect(await create(ann, inDays(29))).toMatchObject({ ok: true });
    expect(await refusalOf(ann.principal)).toBeNull();
    await database.asOwner('select app.cap_token_lifetime($1, null)', [ann.tenantId]);
    expect(await create(ann, null)).toMatchObject({ ok: true });
  });
});

describe('a rotated token', () => {
  const rotate = async (tokenId: string, overlap: string) => {
    const successor = newId('token');
    const [row] = await database.asOwner('select app.rotate_api_token($1, $2, $3, $4) as answer', [
      tokenId,
      successor,
      HASH,
      overlap,
    ]);
    return { successor, answer: row?.answer as Record<string, unknown> };
  };
  const tokenRow = async (tokenId: string) =>
    (await database.asSuperuser('select * from app.api_tokens where token_id = $1', [tokenId]))[0];
  const withToken = ({ principal }: Inhabitant, id: string): Principal => ({
    ...principal,
    credential: { kind: 'api_token', id },
  });

  test('gives a successor with the same rights, beside which the old one holds for the overlap', async () => {
    const ann = await settle(database.asOwner, {
      person: 'Ann',
      tenant: 'Rotating',
      scopes: ['projects:read'],
      roleCeiling: 'viewer',
      expiresAt: new Date(Date.now() + 90 * DAY_MS),
    });
    await database.asSuperuser(
      "update app.api_tokens set address_ranges = '{192.0.2.0/24}' where token_id = $1",
      [ann.tokenId],
    );
    const { successor, answer } = await rotate(ann.tokenId, '1 hour');
    expect(answer).toMatchObject({ ok: true, tenant_id: ann.tenantId, token_id: successor });
    const [old, fresh] = [await tokenRow(ann.tokenId), await tokenRow(successor)];
    for (const column of ['tenant_id', 'user_id', 'name', 'scopes', 'role_ceiling', 'address_ranges'])
      expect(fresh?.[column], column).toEqual(old?.[column]);
    expect(Number(fresh?.expires_at)).toBeGreaterThan(Date.now() + 89 * DAY_MS);
    expect(Number(old?.expires_at)).toBeLessThan(Date.now() + 2 * 3_600_000);
    expect(await refusalOf(ann.principal)).toBeNull();
    expect(await refusalOf(withToken(ann, successor))).toBeNull();
  });

  test('ends at once without an overlap, and never lives longer than it would have', async () => {
    const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'At once' });
    await rotate(ann.tokenId, '0');
    expect(await refusalOf(ann.principal)).toBe('expired');
    const soon = new Date(Date.now() + 60_000);
    const bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Soon', expiresAt: soon });
    await rotate(bob.tokenId, '30 days');
    expect((await tokenRow(bob.tokenId))?.expires_at).toEqual(soon);
  });

  test('is not rotated when it is dead, or rotated at once by two', async () => {
    const eve = await settle(database.asOwner, { person: 'Eve', tenant: 'Dead' });
    const both = await Promise.all([rotate(eve.tokenId, '0'), rotate(eve.tokenId, '0')]);
    expect(both.map(({ answer }) => answer.ok).sort()).toEqual([false, true]);
    await database.asOwner('select app.revoke_api_token($1)', [eve.tokenId]);
    for (const token of [eve.tokenId, newId('token')])
      expect((await rotate(token, '1 hour')).answer).toMatchObject({ ok: false, code: 'token_not_found' });
  });

  test('has one successor: another one is made of that', async () => {
    const ann = await settle(database.asOwner, {
      person: 'Ann',
      tenant: 'Twice',
      expiresAt: new Date(Date.now() + 90 * DAY_MS),
    });
    const { successor } = await rotate(ann.tokenId, '1 hour');
    expect((await rotate(ann.tokenId, '1 hour')).answer).toMatchObject({
      ok: false,
      code: 'token_rotated',
      details: { successor },
    });
    const next = await rotate(successor, '1 hour');
    expect(Number((await tokenRow(next.successor))?.expires_at)).toBeGreaterThan(Date.now() + 89 * DAY_MS);
  });

  test('leaves an event', async () => {
    const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Audited' });
    const { successor } = await rotate(ann.tokenId, '1 hour');
    const events = await database.asSuperuser(
      "select target_id, details ->> 'successor' as successor from app.audit_events where action = 'token.rotate' and tenant_id = $1",
      [ann.tenantId],
    );
    expect(events).toEqual([{ target_id: ann.tokenId, successor }]);
  });
});

describe("SQL injected into a token's call", () => {
  test.each([
    ['mints no token', `select app.create_api_token('', '', '', '', '', '{}')`],
    ['rotates none', `select app.rotate_api_token('', '', '', '0')`],
    ['inserts none', `insert into app.api_tokens (name) values ('x')`],
    [
      'widens none',
      `update app.api_tokens set address_ranges = null, scopes = '{share}', role_ceiling = null`,
    ],
    ['lifts no bound', `select app.cap_token_lifetime('', null)`],
    ['does not either by the table', `update app.tenants set token_lifetime_max = null`],
    ['ends none', `select app.revoke_api_token('')`],
  ])('%s', async (_what, sql) => {
    const mallory = await settle(database.asOwner, { person: 'Mallory', tenant: `Evil ${newId('tenant')}` });
    const injected = query(sql, [], () => null);
    await expect(withTenant(client, mallory.principal, [injected])).rejects.toThrow(DatabaseError);
  });
});
