import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { type Database, DatabaseError } from '../../worker/database/database.ts';
import { type Query, query } from '../../worker/database/query.ts';
import { recordTokenUses, sweepTokenUses } from '../../worker/database/token-uses.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import type { TokenUse } from '../../worker/tokens/token-use.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let mallory: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
});
afterAll(() => database.stop());

const systemOf = ({ principal }: Inhabitant): Principal => ({
  ...principal,
  userId: null,
  credential: { kind: 'system', id: 'token-uses' },
});

const useOf = (who: Inhabitant, more: Partial<TokenUse> = {}): TokenUse => ({
  request: newId('request'),
  at: new Date().toISOString(),
  kind: 'api_token',
  credential: who.tokenId,
  user_id: who.userId,
  method: 'tools/call',
  target: 'whoami',
  address: '192.0.2.7',
  agent: 'test',
  latency_ms: 3,
  answer_bytes: 21,
  outcome: 'ok',
  reason: null,
  trace: null,
  admitted: true,
  ...more,
});

const LATER = new Date(Date.now() + 60_000).toISOString();

const rowsOf = (who: Inhabitant) =>
  database.asSuperuser('select * from app.token_uses where tenant_id = $1 order by occurred_at', [
    who.tenantId,
  ]);

test('a batch is written by one request as the system, and a second time adds nothing', async () => {
  const batch = [
    useOf(ann),
    useOf(ann, { at: LATER, outcome: 'refused', reason: 'revoked', admitted: false }),
  ];
  await withTenant(client, systemOf(ann), [recordTokenUses(batch, 0)]);
  await withTenant(client, systemOf(ann), [recordTokenUses(batch, 0)]);
  expect(await rowsOf(ann)).toMatchObject([
    {
      credential_id: ann.tokenId,
      user_id: ann.userId,
      target: 'whoami',
      outcome: 'ok',
      latency_ms: 3,
      answer_bytes: '21',
    },
    { outcome: 'refused', reason: 'revoked' },
  ]);
});

test('entries that found no room are one row that says how many', async () => {
  await withTenant(client, systemOf(ann), [recordTokenUses([], 17)]);
  expect((await rowsOf(ann)).filter(({ outcome }) => outcome === 'dropped')).toMatchObject([
    { dropped: 17, credential_id: null },
  ]);
});

describe("Mallory's injected SQL", () => {
  const inject = (injected: Query<unknown>) => withTenant(client, mallory.principal, [injected]);

  test.each<[string, () => Query<unknown>]>([
    ['adds no entry', () => recordTokenUses([useOf(mallory)], 0)],
    [
      'inserts none by itself',
      () => query("insert into app.token_uses (request_id, outcome) values ('x', 'ok')", [], () => null),
    ],
    ['changes none', () => query("update app.token_uses set outcome = 'ok'", [], () => null)],
    ['deletes none', () => query('delete from app.token_uses', [], () => null)],
    ['truncates nothing', () => query('truncate app.token_uses', [], () => null)],
    [
      'forges no last use',
      () => query('update app.token_last_uses set last_used_at = now()', [], () => null),
    ],
  ])('%s', async (_what, injected) => {
    const before = await rowsOf(mallory);
    await expect(inject(injected())).rejects.toThrow(DatabaseError);
    expect(await rowsOf(mallory)).toEqual(before);
  });

  test("reads no entry of Ann's", async () => {
    await withTenant(client, systemOf(ann), [recordTokenUses([useOf(ann)], 0)]);
    const read = (rows: readonly unknown[]) => rows.length;
    const counts = await withTenant(client, mallory.principal, [
      query('select 1 from app.token_uses', [], read),
      query('select 1 from app.token_last_uses', [], read),
    ]);
    expect(counts).toEqual([0, 0]);
  });
});

test('the last use of a token is that of its last admitted request, and the operator sees it', async () => {
  const eve = await settle(database.asOwner, { person: 'Eve', tenant: 'Late' });
  const listed = async () =>
    (await database.asOwner('select last_used_at from app.list_api_tokens($1)', [eve.tenantId]))[0]
      ?.last_used_at;
  expect(await listed()).toBeNull();
  const batch = [
    useOf(eve, { at: '2026-03-02T10:00:00.000Z' }),
    useOf(eve, { at: '2026-03-01T10:00:00.000Z' }),
    useOf(eve, { at: '2026-03-03T10:00:00.000Z', outcome: 'refused', reason: 'expired', admitted: false }),
  ];
  await withTenant(client, systemOf(eve), [recordTokenUses(batch, 0)]);
  await withTenant(client, systemOf(eve), [
    recordTokenUses([useOf(eve, { at: '2026-01-01T00:00:00.000Z' })], 0),
  ]);
  expect(await listed()).toEqual(new Date('2026-03-02T10:00:00.000Z'));
});

test('entries are forgotten after 90 days, the last use is not', async () => {
  const old = await settle(database.asOwner, { person: 'Otto', tenant: 'Old' });
  const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  await withTenant(client, systemOf(old), [
    recordTokenUses([useOf(old, { at: at(91) }), useOf(old, { at: at(89) })], 0),
  ]);
  await client.transaction([sweepTokenUses()]);
  expect(await rowsOf(old)).toHaveLength(1);
  const last = await database.asSuperuser('select 1 from app.token_last_uses where tenant_id = $1', [
    old.tenantId,
  ]);
  expect(last).toHaveLength(1);
});
