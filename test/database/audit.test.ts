import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordAudit } from '../../worker/database/audit.ts';
import { type Database, DatabaseError } from '../../worker/database/database.ts';
import { query } from '../../worker/database/query.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
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

/** Runs one statement inside Mallory's tenant, as injected SQL would. */
const inject = (sql: string, params: readonly unknown[] = []) =>
  withTenant(client, mallory.principal, [query(sql, params, (rows) => rows)]);

test('an event says who acted, by what, from where and when, without being told', async () => {
  const [eventId] = await withTenant(client, ann.principal, [
    recordAudit({
      action: 'run.start',
      targetKind: 'run',
      targetId: 'run_1',
      outcome: 'ok',
      details: { model: 'a.py' },
    }),
  ]);
  const [event] = await database.asSuperuser('select * from app.audit_events where event_id = $1', [eventId]);
  expect(event).toMatchObject({
    tenant_id: ann.tenantId,
    actor_user_id: ann.userId,
    credential_kind: 'api_token',
    credential_id: ann.tokenId,
    request_id: ann.principal.requestId,
    address: '192.0.2.7',
    user_agent: 'test',
    action: 'run.start',
    outcome: 'ok',
    details: { model: 'a.py' },
  });
  expect(Math.abs(Date.now() - Number(event?.occurred_at))).toBeLessThan(60_000);
});

test('an event is gone with the transaction that it records', async () => {
  await expect(
    withTenant(client, ann.principal, [
      recordAudit({ action: 'work.fail', targetKind: 'x', targetId: null, outcome: 'ok' }),
      query('select 1 / 0', [], () => null),
    ]),
  ).rejects.toThrow(DatabaseError);
  expect(await database.asSuperuser("select from app.audit_events where action = 'work.fail'")).toEqual([]);
});

test('what the operator does to tokens is recorded', async () => {
  await database.asOwner('select app.revoke_api_token($1)', [
    (await settle(database.asOwner, { person: 'Bob', tenant: 'Bobco' })).tokenId,
  ]);
  const events = await database.asSuperuser(
    "select action, credential_kind, outcome from app.audit_events join app.tenants using (tenant_id) where name = 'Bobco' order by position",
  );
  expect(events).toEqual(
    ['tenant.provision', 'token.create', 'token.revoke'].map((action) => ({
      action,
      credential_kind: 'operator',
      outcome: 'ok',
    })),
  );
});

describe('Mallory cannot falsify the log, not even the part about her own tenant', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['change an event', "update app.audit_events set outcome = 'ok'"],
    ['delete an event', 'delete from app.audit_events'],
    ['empty the log', 'truncate app.audit_events'],
    [
      'name another actor',
      "insert into app.audit_events (action, target_kind, outcome, actor_user_id) values ('a.b', 'x', 'ok', null)",
    ],
    [
      'back-date an event',
      "insert into app.audit_events (action, target_kind, outcome, occurred_at) values ('a.b', 'x', 'ok', '2001-01-01')",
    ],
    [
      'choose its id',
      "insert into app.audit_events (action, target_kind, outcome, event_id) values ('a.b', 'x', 'ok', 'evt_00000000000000000000000000')",
    ],
    [
      'choose its position',
      "insert into app.audit_events (action, target_kind, outcome, position) overriding system value values ('a.b', 'x', 'ok', 1)",
    ],
    [
      'name another address',
      "insert into app.audit_events (action, target_kind, outcome, address) values ('a.b', 'x', 'ok', '127.0.0.1')",
    ],
    [
      'write into the log of Acme',
      "insert into app.audit_events (action, target_kind, outcome, tenant_id) select 'a.b', 'x', 'ok', 'ten_00000000000000000000000000'",
    ],
    ['switch the trigger off', 'alter table app.audit_events disable trigger all'],
    ['switch triggers off for the session', "set session_replication_role = 'replica'"],
    [
      'change one by way of a conflict',
      "insert into app.audit_events (action, target_kind, outcome) values ('a.b', 'x', 'ok') on conflict (tenant_id, event_id) do update set outcome = 'error'",
    ],
    [
      'change one by a merge',
      "merge into app.audit_events as e using (select 1) as s on true when matched then update set outcome = 'ok'",
    ],
    ['lock them away', 'select from app.audit_events for update'],
    ['take the log away', 'drop table app.audit_events'],
    ['hang a rule of her own on it', 'create rule r as on insert to app.audit_events do instead nothing'],
    ['let everybody read it', 'drop policy readers on app.audit_events'],
    ['restart the numbering', 'alter table app.audit_events alter position restart'],
  ];
  test.each(refused)('%s', async (_name, sql) => {
    await expect(inject(sql)).rejects.toMatchObject({ sqlstate: '42501' });
  });
});

describe('the owner, with row security switched off, still meets the trigger', () => {
  test.each([
    "update app.audit_events set outcome = 'ok'",
    'delete from app.audit_events',
    'truncate app.audit_events',
    "set session_replication_role = 'replica'; delete from app.audit_events",
  ])('%s', async (sql) => {
    const sibling = await database.sibling();
    await settle(sibling.asOwner, { person: 'Ann', tenant: 'Acme' });
    await sibling.asOwner('alter table app.audit_events no force row level security');
    const run = sql.startsWith('set') ? sibling.asSuperuser : sibling.asOwner;
    await expect(run(sql)).rejects.toThrow(/append-only/);
  });
});

describe('nothing is served where every member may read the log, because its policy', () => {
  const only = 'using (request_id = (select app.request_id()) or (select app.may_read_audit()))';
  test.each([
    ['is gone', ''],
    [
      'shows all',
      'create policy readers on app.audit_events as restrictive for select to causeway_app using (true)',
    ],
    [
      'forgets who asks',
      'create policy readers on app.audit_events as restrictive for select to causeway_app using (request_id is not null or (select app.may_read_audit()))',
    ],
    ['adds to what is seen', `create policy readers on app.audit_events for select to causeway_app ${only}`],
    [
      'binds somebody else',
      `create policy readers on app.audit_events as restrictive for select to causeway_backup ${only}`,
    ],
    [
      'is about something else',
      `create policy readers on app.audit_events as restrictive for update to causeway_app ${only}`,
    ],
  ])('%s', async (_what, sql) => {
    const scratch = await database.sibling();
    const codes =
      "select code from app.check_catalogue() where severity = 'error' and object = 'app.audit_events'";
    expect(await scratch.asApp(codes)).toEqual([]);
    await scratch.asOwner(`drop policy readers on app.audit_events; ${sql}`);
    expect(await scratch.asApp(codes)).toEqual([{ code: 'audit_open_to_members' }]);
  });
});

describe('what cannot be an event is refused', () => {
  test.each([
    ['an action that is no dotted words', "select app.audit('Run started!', 'run', 'x', 'ok')"],
    ['an outcome that does not exist', "select app.audit('a.b', 'run', 'x', 'maybe')"],
    ['details that are no object', "select app.audit('a.b', 'run', 'x', 'ok', '[1]')"],
    [
      'details of a megabyte',
      "select app.audit('a.b', 'run', 'x', 'ok', jsonb_build_object('x', repeat('x', 1000000)))",
    ],
  ])('%s', async (_name, sql) => {
    await expect(inject(sql)).rejects.toMatchObject({ sqlstate: '23514' });
  });
});

test("an event's id has the form and the order of the ids that the Worker makes", async () => {
  const made = await database.asSuperuser(
    "select app.new_id('evt') as id, extract(epoch from clock_timestamp()) * 1000 as ms from generate_series(1, 50)",
  );
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  for (const { id, ms } of made) {
    expect(id).toMatch(/^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
    let value = 0n;
    for (const character of String(id).slice(4)) value = value * 32n + BigInt(alphabet.indexOf(character));
    expect(Math.abs(Number(value >> 80n) - Number(ms))).toBeLessThan(1_000);
    expect([(value >> 76n) & 0xfn, (value >> 62n) & 0x3n]).toEqual([7n, 2n]);
  }
  expect(new Set(made.map(({ id }) => id)).size).toBe(50);
});
