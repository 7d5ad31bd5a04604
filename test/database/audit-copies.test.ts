import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeCopies } from '../../worker/audit/sinks/remove-copies.ts';
import { sendToSinks } from '../../worker/audit/sinks/send-to-sinks.ts';
import type { BlobStore } from '../../worker/blobs/blob-store.ts';
import { retainEvents } from '../../worker/database/audit-log.ts';
import { findRemovedCopies, forgetCopies } from '../../worker/database/audit-sinks.ts';
import type { Database } from '../../worker/database/database.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { importSealKey } from '../../worker/seal/seal.ts';
import { auditLogOf } from '../support/audit-log.ts';
import { type BlobServer, startBlobServer } from '../support/blob-server.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let blobs: BlobServer;
let log: ReturnType<typeof auditLogOf>;
let ann: Inhabitant;
let bob: Inhabitant;
/** The store refuses to remove anything. */
let keepsAll = false;

beforeAll(async () => {
  [database, blobs] = await Promise.all([
    startTestDatabase(),
    startBlobServer(async (method) => (method === 'DELETE' && keepsAll ? 403 : undefined)),
  ]);
  client = await database.open();
  log = auditLogOf(database, tmpdir());
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Bobco' });
}, 120_000);
afterAll(async () => {
  await Promise.all([database?.stop(), blobs?.stop()]);
});

const send = async (store: BlobStore = blobs.store) =>
  sendToSinks(client, {
    exits: { internet: fetch, loopback: fetch, loopbackOrigins: [] },
    keys: { open: async () => null },
    ...{ sealKey: await importSealKey('A'.repeat(43)), blobs: store },
  });
/** The copies of a tenant as they lie in the store, in the order of their entries. */
const copiesOf = ({ tenantId }: Inhabitant) =>
  [...blobs.blobs]
    .filter(([path]) => path.startsWith(`${tenantId}/audit/`))
    .map(([path, bytes]) => ({ path, entries: entriesOf(Buffer.from(bytes).toString()) }))
    .sort((left, right) => (left.entries[0] ?? 0) - (right.entries[0] ?? 0));
const entriesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { entry: number }).entry);
const wait = () => database.asSuperuser('update app.audit_sinks set next_attempt_at = now()');
const record = async (who: Inhabitant, count: number) => {
  await log.work(who, count);
  await log.withOperator(log.seal);
};

test('what happens is copied to the blob store, each tenant by itself and by day, every entry once', async () => {
  await record(ann, 120);
  await record(bob, 3);
  await send();
  await record(ann, 5);
  expect(await send()).toBe(0);
  await wait();
  expect(await send()).toBe(1);
  const today = new Date().toISOString().slice(0, 10);
  const all = copiesOf(ann).flatMap(({ entries }) => entries);
  expect(all).toEqual(all.map((_, index) => index));
  expect(all.length).toBeGreaterThanOrEqual(125);
  expect(copiesOf(ann)).toHaveLength(3);
  for (const { path } of [...copiesOf(ann), ...copiesOf(bob)]) {
    const bytes = blobs.blobs.get(path) ?? new Uint8Array();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(path).toMatch(new RegExp(`^ten_\\w{26}/audit/${today}/${sha256}$`));
    expect(Buffer.from(bytes).toString()).not.toContain(
      path.startsWith(ann.tenantId) ? bob.tenantId : ann.tenantId,
    );
  }
});

test('while the blob store is away nothing is lost, and a sweep that died between the two stores puts no entry twice', async () => {
  await record(ann, 4);
  await wait();
  const away = { ...blobs.store, put: () => Promise.reject(new Error('away')) };
  expect(await send(away)).toBe(0);
  const [state] = await database.asSuperuser(
    "select failures, last_failure from app.audit_sinks where kind = 'blobs' and tenant_id = $1",
    [ann.tenantId],
  );
  expect(state).toEqual({ failures: 1, last_failure: 'failed' });
  const before = copiesOf(ann).length;
  await wait();
  await send();
  await database.asSuperuser(
    "update app.audit_sinks set next_leaf = next_leaf - 4, next_attempt_at = now() where kind = 'blobs' and tenant_id = $1",
    [ann.tenantId],
  );
  await send();
  expect(copiesOf(ann)).toHaveLength(before + 1);
});

test('nobody ends the copy, and the tenant does not count it among its sinks', async () => {
  const [copy] = await database.asSuperuser(
    "select count(*)::int as sinks, count(*) filter (where ended_at is null)::int as open from app.audit_sinks where kind = 'blobs'",
  );
  expect(copy).toEqual({ sinks: 2, open: 2 });
});

test('a copy goes with the last of its contents, and no earlier; one that the store refuses to remove is not taken for gone', async () => {
  await database.asSuperuser('alter table app.audit_events disable trigger append_only');
  const old = copiesOf(ann)[0]?.entries.length ?? 0;
  await database.asSuperuser(
    `update app.audit_events as e set occurred_at = occurred_at - interval '100 days' from app.audit_seals as s
      where s.tenant_id = e.tenant_id and s.event_id = e.event_id and e.tenant_id = $1 and s.leaf_index <= $2`,
    [ann.tenantId, old],
  );
  await database.asSuperuser('alter table app.audit_events enable always trigger append_only');
  await database.asSuperuser('insert into app.audit_retention (tenant_id, retain_days) values ($1, 90)', [
    ann.tenantId,
  ]);
  const retain = async () => (await client.transaction([retainEvents()] as const))[0];
  const kept = copiesOf(ann).map(({ path }) => path);
  await retain();
  expect(await removeCopies(client, blobs.store)).toBe(0);
  await log.withOperator(log.seal);
  expect(await retain()).toBe(old + 1);
  keepsAll = true;
  await expect(removeCopies(client, blobs.store)).rejects.toThrow(/refused to remove .*403/);
  keepsAll = false;
  expect(await removeCopies(client, blobs.store)).toBe(1);
  expect(copiesOf(ann).map(({ path }) => path)).toEqual(kept.slice(1));
  expect(await removeCopies(client, blobs.store)).toBe(0);
});

test('Mallory, inside a call, neither finds nor forgets a copy', async () => {
  for (const asked of [findRemovedCopies(10), forgetCopies([])])
    await expect(withTenant(client, bob.principal, [asked])).rejects.toMatchObject({ sqlstate: '42501' });
});
