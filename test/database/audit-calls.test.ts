import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Id, newId } from '../../protocol/ids.ts';
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
  record: new CallRecord({ ...event, id: newId('event'), ...changed }),
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

describe('Mallory, who has the Worker, cannot write what is no event', () => {
  const dotted = (chars: number) => `${'a'.repeat(chars - 2)}.b`;
  const forms: readonly (readonly [string, Partial<CallEvent>, Partial<CallEvent>])[] = [
    ['an action of 61 characters', { action: dotted(60) }, { action: dotted(61) }],
    ['an action that is no dotted words', { action: 'a_b.c_d.e' }, { action: 'tool' }],
    ['a kind of 61 characters', { kind: 'k'.repeat(60) }, { kind: 'k'.repeat(61) }],
    ['a target of 301 characters', { target: 't'.repeat(300) }, { target: 't'.repeat(301) }],
    [
      'details of over 16 KiB',
      { details: { x: 'x'.repeat(16_375) } },
      { details: { x: 'x'.repeat(16_376) } },
    ],
    ['details that are a list', { details: {} }, { details: [] as never }],
    ['a trace that is too short', { trace: '0f'.repeat(16) }, { trace: '0f'.repeat(15) }],
    ['a trace of other characters', { trace: null }, { trace: '0F'.repeat(16) }],
    ['a digest that is too long', { sha256: '0f'.repeat(32) }, { sha256: '0f'.repeat(33) }],
    ['a digest of other characters', {}, { sha256: '0F'.repeat(32) }],
    ['input of less than nothing', { bytes: 0 }, { bytes: -1 }],
  ];
  test.each(forms)('%s', async (_name, right, wrong) => {
    await expect(withTenant(client, called(right), [])).resolves.toEqual([]);
    await expect(withTenant(client, called(wrong), [])).rejects.toMatchObject({
      constraint: 'audit_events_form',
    });
  });

  test.each([
    ['a request of 101 characters', { requestId: `req_${'x'.repeat(97)}` as Id<'request'> }],
    ['an agent of 501 characters', { userAgent: 'x'.repeat(501) }],
  ])('%s', async (_name, wrong) => {
    await expect(withTenant(client, { ...called(), ...wrong }, [])).rejects.toMatchObject({
      constraint: 'audit_events_form',
    });
  });

  test('an id that is none, or that another event has', async () => {
    const id = newId('event');
    await withTenant(client, called({ id }), []);
    await expect(withTenant(client, called({ id }), [note])).rejects.toMatchObject({
      constraint: 'audit_events_pkey',
    });
    const none = id.replace('evt_', 'evt_i') as Id<'event'>;
    await expect(withTenant(client, called({ id: none }), [note])).rejects.toMatchObject({
      constraint: 'evt_id_form',
    });
  });

  test('another time, person, credential, address or tenant', async () => {
    const id = newId('event', Date.UTC(2020, 0));
    const forged = {
      id,
      tenant_id: 'ten_x',
      actor_user_id: 'usr_x',
      occurred_at: '2020-01-01',
      credential: 'tok_x',
    };
    await withTenant(client, called(forged), []);
    const [written] = await database.asSuperuser('select * from app.audit_events where event_id = $1', [id]);
    expect(written).toMatchObject({
      ...{ tenant_id: ann.tenantId, actor_user_id: ann.userId, credential_id: ann.tokenId },
      ...{ request_id: ann.principal.requestId, address: '192.0.2.7' },
    });
    expect(Math.abs(Date.now() - Number(written?.occurred_at))).toBeLessThan(60_000);
  });
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
