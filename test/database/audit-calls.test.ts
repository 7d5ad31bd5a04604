import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CallEvent, CallRecord, callEvent } from '../../worker/audit/call-record.ts';
import { auditRefusal } from '../../worker/database/audit.ts';
import type { Database } from '../../worker/database/database.ts';
import { query } from '../../worker/database/query.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let requests = 0;
let event: CallEvent;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open(() => requests++);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  await database.asSuperuser('create table app.notes (note text); grant insert on app.notes to causeway_app');
  event = await callEvent(
    { action: 'tool.call', kind: 'tool', target: 'write_note', trace: null },
    { project: 'p', text: 'x' },
  );
});
afterAll(() => database.stop());

const note = query("insert into app.notes values ('done')", [], () => null);
const called = (changed: Partial<CallEvent> = {}) => ({
  ...ann.principal,
  record: new CallRecord({ ...event, ...changed }),
});
const seen = async () => ({
  notes: (await database.asSuperuser('select from app.notes')).length,
  events: (await database.asSuperuser("select from app.audit_events where action = 'tool.call'")).length,
});

test('a call is one event and one database request, however often it enters', async () => {
  requests = 0;
  const principal = called();
  expect(await withTenant(client, principal, [query('select 7 as n', [], ([row]) => row?.n)])).toEqual([7]);
  expect(requests).toBe(1);
  await withTenant(client, principal, [note]);
  expect(await seen()).toEqual({ notes: 1, events: 1 });
});

test('a call whose event cannot be written does nothing', async () => {
  const before = await seen();
  await expect(withTenant(client, called({ sha256: 'no digest' }), [note])).rejects.toThrow();
  expect(await seen()).toEqual(before);
});

test('a call whose first transaction dies writes its event with the next', async () => {
  const before = await seen();
  const principal = called();
  await expect(withTenant(client, principal, [query('select 1 / 0', [], () => null)])).rejects.toThrow();
  expect(await seen()).toEqual(before);
  await withTenant(client, principal, [note]);
  expect(await seen()).toEqual({ notes: before.notes + 1, events: before.events + 1 });
});

test('a person’s call cannot write what became of somebody else’s', async () => {
  const who = { user: ann.userId, kind: 'session', credential: 'ses_x' };
  await expect(
    withTenant(client, ann.principal, [auditRefusal(who, event, 'refused', 'forged')]),
  ).rejects.toMatchObject({
    sqlstate: '42501',
  });
});
