import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leafHash } from '../../cli/audit/merkle.ts';
import type { NoteVerifier } from '../../protocol/signed-note.ts';
import { recordAudit } from '../../worker/database/audit.ts';
import { retainEvents } from '../../worker/database/audit-log.ts';
import { setRetention } from '../../worker/database/retention.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { auditLogOf } from '../support/audit-log.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let log: ReturnType<typeof auditLogOf>;
let folder: string;
let ann: Inhabitant;
let bob: Inhabitant;
let key: NoteVerifier;
/** What Ann's log had when it was a hundred days old. */
let aged = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-audit-'));
  database = await startTestDatabase();
  log = auditLogOf(database, folder);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Bobco' });
  await Promise.all([log.work(ann, 5), log.work(bob, 5)]);
  // A superuser may; nobody else moves an event in time.
  await database.asSuperuser('alter table app.audit_events disable trigger append_only');
  const moved = await database.asSuperuser(
    "update app.audit_events set occurred_at = occurred_at - interval '100 days' returning tenant_id",
  );
  await database.asSuperuser('alter table app.audit_events enable always trigger append_only');
  aged = moved.filter(({ tenant_id }) => tenant_id === ann.tenantId).length;
  await log.exportOf(ann);
  await log.work(ann, 3);
  key = await log.key();
  await database.asSuperuser('insert into app.audit_retention (tenant_id, retain_days) values ($1, 90)', [
    ann.tenantId,
  ]);
}, 120_000);
afterAll(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const retain = () =>
  log.withOperator(async () => (await (await database.open()).transaction([retainEvents()] as const))[0]);
const judged = async (who: Inhabitant) => log.judge(await log.exportOf(who), { key });
const texts = async (who: Inhabitant) =>
  (await database.asSuperuser('select from app.audit_events where tenant_id = $1', [who.tenantId])).length;

test('contents whose time is over go only after an event that says so is sealed and signed; the proof of all stays', async () => {
  const [size] = [await texts(ann)];
  expect(await retain()).toBe(0);
  expect(await texts(ann)).toBe(size + 1);
  expect(await retain()).toBe(0);
  expect(await judged(ann)).toMatchObject({ ok: true, removed: 0 });
  expect(await retain()).toBe(aged);
  // The export above is on record too.
  expect(await texts(ann)).toBe(size + 2 - aged);
  expect(await judged(ann)).toMatchObject({
    ok: true,
    isAuthenticated: true,
    entries: size + 2,
    removed: aged,
  });
  expect(await retain()).toBe(0);
});

test('the log of a tenant that keeps everything is left alone', async () => {
  expect(await judged(bob)).toMatchObject({ ok: true, removed: 0 });
});

test('not even the role that takes contents away takes one whose time is not over', async () => {
  const young = await texts(ann);
  await database.asOwner('set role causeway_keeper; delete from app.audit_events');
  expect(await texts(ann)).toBe(young);
  expect(await texts(bob)).toBeGreaterThan(0);
});

test('a token, also one of an owner, does not say how long the log is kept', async () => {
  const client = await database.open();
  expect(await withTenant(client, ann.principal, [setRetention({ audit: 30 })])).toEqual([
    { ok: false, code: 'insufficient_role' },
  ]);
  expect(await database.asSuperuser('select retain_days from app.audit_retention')).toEqual([
    { retain_days: 90 },
  ]);
});

test('an event by which Mallory says in a call of hers that contents went explains none that somebody took out', async () => {
  const mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  await log.work(mallory, 3);
  const retained = recordAudit({
    ...{ action: 'audit.retain', targetKind: 'tenant', targetId: mallory.tenantId, outcome: 'ok' },
    details: { removed_below: 1000, days: 30 },
  });
  await withTenant(await database.open(), mallory.principal, [retained]);
  const lines = await log.exportOf(mallory);
  expect(await log.judge(lines, { key })).toMatchObject({ ok: true, removed: 0 });
  const [, before = '', event = ''] = /^(.*?)"event":(.*)\}$/s.exec(lines[3] ?? '') ?? [];
  const emptied = lines.with(3, `${before}"removed":"${leafHash(event).toString('base64')}"}`);
  expect(await log.judge(emptied, { key })).toMatchObject({
    ...{ ok: false, index: 2 },
    problem: expect.stringContaining('no entry says that its retention was over'),
  });
});
