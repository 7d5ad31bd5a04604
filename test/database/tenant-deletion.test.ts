import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimAuditSinks } from '../../worker/database/audit-sinks.ts';
import type { Database } from '../../worker/database/database.ts';
import type { Query } from '../../worker/database/query.ts';
import {
  beginDeletion,
  certifyDeletion,
  countBlobs,
  countedUntil,
  deletionFacts,
  eraseRows,
  noteBlobsGone,
  noteSealed,
} from '../../worker/database/tenant-life.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { auditLogOf } from '../support/audit-log.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let folder: string;
let log: ReturnType<typeof auditLogOf>;
let ann: Inhabitant;
let bob: Inhabitant;

/** A table that somebody adds tomorrow, as migrations/README.md says. */
const TOMORROW = `
  create table app.tomorrow (tenant_id app.ten_id not null, thing text not null, primary key (tenant_id, thing),
                             foreign key (tenant_id) references app.tenants (tenant_id));
  select app_private.protect_table('app.tomorrow');`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-deletion-'));
  database = await startTestDatabase();
  client = await database.open();
  log = auditLogOf(database, folder);
  await database.asOwner(TOMORROW);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Bobco' });
  for (const { tenantId } of [ann, bob]) await furnish(tenantId);
  await Promise.all([log.work(ann, 30), log.work(bob, 5)]);
});
afterAll(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Rows in each kind of table: those that refer to each other, to themselves, back and forth. */
async function furnish(tenant: string): Promise<void> {
  const sha = 'a'.repeat(64);
  const git = (n: number) => String(n).repeat(40);
  const id = (prefix: string, n = 0) => `${prefix}_0${String(n).padStart(25, '0')}`;
  const who = `select user_id from app.memberships where tenant_id = '${tenant}'`;
  const insert = (table: string, columns: string, values: string) =>
    database.asSuperuser(`insert into app.${table} (tenant_id, ${columns}) select '${tenant}', ${values}`);
  await insert('tomorrow', 'thing', "unnest(array['one', 'two'])");
  await insert('projects', 'project_id, name, created_by', `'${id('prj')}', 'Plan', (${who})`);
  await insert(
    'trees',
    'project_id, tree_id, files, file_count, bytes',
    `'${id('prj')}', '${git(1)}', '{}', 0, 0`,
  );
  for (const n of [1, 2, 3])
    await insert(
      'commits',
      'project_id, commit_id, parent_id, tree_id, message, author_name, author_email, authored_at, changes, created_by, position',
      `'${id('prj')}', '${git(n)}', ${n === 1 ? 'null' : `'${git(n - 1)}'`}, '${git(1)}', 'm', 'a', 'e', now(), '[]', (${who}), ${n}`,
    );
  await database.asSuperuser(
    `with source as (insert into app.data_sources (tenant_id, project_id, source_id, name, created_by, current_sha256)
                     select '${tenant}', '${id('prj')}', '${id('dat')}', 'sales', user_id, '${sha}' from app.memberships where tenant_id = '${tenant}'
                     returning created_by)
     insert into app.data_snapshots (tenant_id, project_id, source_id, sha256, format, bytes, row_count, description, origin, created_by)
     select '${tenant}', '${id('prj')}', '${id('dat')}', '${sha}', 'csv', 1, 1, '{}', '{"kind": "text"}', created_by from source`,
  );
  await insert('purges', 'purged_sha256, reason, object', `'${'b'.repeat(64)}', 'asked', '{"kind": "log"}'`);
  await insert(
    'runs',
    'run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256, created_by',
    `'run_0' || lpad(n::text, 25, '0'), '${id('prj')}', (select pool_id from app.pools where owner_tenant is null limit 1), 'model', '${git(1)}', 'm.py', '{}', '${sha}', (${who}) from generate_series(1, 12) as n`,
  );
  await database.asSuperuser(
    `update app.runs set state = 'cancelled', finished_at = now(), outcome = '{"state": "cancelled"}' where tenant_id = $1`,
    [tenant],
  );
  await insert(
    'tenant_keys',
    'key_id, purpose, wrapped',
    `'abcdefgh', 'secrets', 'v1.abcdefgh.${'x'.repeat(40)}'`,
  );
  await insert('audit_sinks', 'url', "'https://sink.example'");
  const pool = tenant.replace(/^ten/, 'pol');
  await database.asSuperuser('insert into app.pools (pool_id, name, owner_tenant) values ($1, $2, $3)', [
    ...[pool, 'own', tenant],
  ]);
  await database.asSuperuser(
    'insert into app.executors (executor_id, pool_id, name, public_key) values ($1, $2, $3, $4)',
    [tenant.replace(/^ten/, 'exe'), pool, 'host', 'k'.repeat(43)],
  );
}

/** Rows of a tenant by table, of every table that has a tenant, whatever lists of ours say. */
async function rowsOf(tenant: string): Promise<Readonly<Record<string, number>>> {
  const tables = await database.asSuperuser(
    `select table_name as name from information_schema.columns
      where table_schema = 'app' and column_name = 'tenant_id' order by 1`,
  );
  const each = tables.map(
    ({ name }) => `select 'app.${name}' as name, count(*)::int as n from app.${name} where tenant_id = $1`,
  );
  const rows = await database.asSuperuser(each.join(' union all '), [tenant]);
  return Object.fromEntries(
    rows.filter(({ n }) => n !== 0).map(({ name, n }) => [name as string, n as number]),
  );
}

const ask = async <Result>(question: Query<Result>): Promise<Result> =>
  (await client.transaction([question] as const))[0];
/** Asks twice, as a Worker does that was killed before it knew that it had asked. */
const askTwice = async <Result>(question: Query<Result>): Promise<Result> => {
  await ask(question);
  return ask(question);
};

describe('a deletion', () => {
  test('asks every table with a tenant of the catalogue, and one that cannot be emptied is found before anything is served', async () => {
    const scratch = await database.sibling();
    await scratch.asOwner(`
      create table app.forgotten (tenant_id app.ten_id not null, thing text not null, primary key (tenant_id, thing));
      alter table app.forgotten enable row level security; alter table app.forgotten force row level security`);
    expect(
      await scratch.asApp("select code, object from app.check_catalogue() where severity = 'error'"),
    ).toEqual([{ code: 'outlives_its_tenant', object: 'app.forgotten' }]);
  });

  test('deletes nothing of a tenant that is not being deleted, not even by the role that deletes', async () => {
    const before = await rowsOf(bob.tenantId);
    /** Swept, revoked or sealed by it all the time. */
    const ownWork = [
      'oauth_',
      'token_uses',
      'project_members',
      'blocked_clients',
      'tenant_keys',
      'audit_unsealed',
      'tenant_deletions',
    ];
    const tables = Object.keys(before).filter((name) => !ownWork.some((part) => name.includes(part)));
    expect(tables.length).toBeGreaterThan(10);
    expect(tables).toEqual(expect.arrayContaining(['app.data_sources', 'app.purges']));
    for (const table of tables)
      await database.asOwner(
        `begin; set local role causeway_keeper; delete from ${table} where tenant_id = '${bob.tenantId}'; commit`,
      );
    const kept = await rowsOf(bob.tenantId);
    for (const table of tables) expect(kept[table], table).toBe(before[table]);
  });

  test('each step of which is taken twice counts nothing twice, leaves nothing, and is certified once', async () => {
    const { 'app.audit_unsealed': ___, ...bobs } = await rowsOf(bob.tenantId);
    const before = await rowsOf(ann.tenantId);
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining(['app.tomorrow', 'app.data_snapshots', 'app.commits']),
    );
    await database.asOwner("select app.request_tenant_deletion($1, 'enough', '0')", [ann.tenantId]);

    expect((await askTwice(beginDeletion(ann.tenantId))).step).toBe('sealing');
    await expect(withTenant(client, ann.principal, [])).rejects.toMatchObject({ reason: expect.any(String) });
    expect(await askTwice(noteSealed(ann.tenantId))).toBe(false);
    await database.asSuperuser(
      "update app.audit_sinks set next_leaf = 7 where tenant_id = $1 and kind = 'webhook'",
      [ann.tenantId],
    );
    await log.withOperator(log.seal);
    expect(await askTwice(noteSealed(ann.tenantId))).toBe(true);

    for (let rounds = 0; !(await ask(eraseRows(ann.tenantId, 7))); rounds++) expect(rounds).toBeLessThan(100);
    expect(await askTwice(eraseRows(ann.tenantId, 7))).toBe(true);

    const page = { since: null, until: 'b', found: 2, bytes: 20 };
    await askTwice(countBlobs(ann.tenantId, page));
    expect(await ask(countedUntil(ann.tenantId))).toBe('b');
    await askTwice(countBlobs(ann.tenantId, { since: 'b', until: null, found: 1, bytes: 5 }));
    expect(await ask(deletionFacts(ann.tenantId))).toBeNull();
    await askTwice(noteBlobsGone(ann.tenantId));

    const facts = await ask(deletionFacts(ann.tenantId));
    await ask(certifyDeletion(ann.tenantId, 'the first'));
    await ask(certifyDeletion(ann.tenantId, 'a second'));
    expect(
      await database.asOwner('select app.find_deletion_certificate($1) as note', [ann.tenantId]),
    ).toEqual([{ note: 'the first' }]);

    expect(facts).toMatchObject({
      tenant: ann.tenantId,
      name: 'Acme',
      people: 1,
      executors: 1,
      keys: ['abcdefgh'],
    });
    expect(facts?.blobs).toEqual({ count: 3, bytes: 25 });
    expect(facts?.audit.sinks).toEqual([{ sink: expect.any(String), kind: 'webhook', taken: 7 }]);
    expect(facts?.requested).toMatchObject({ by: null, reason: 'enough' });
    const { 'app.audit_unsealed': _, 'app.tenant_deletions': __, ...all } = before;
    // The request, its beginning and its end are three events more.
    const events = (all['app.audit_events'] ?? 0) + 3;
    expect(facts?.rows).toEqual({ ...all, 'app.audit_events': events });
    expect(facts?.audit.size).toBe(events);
    expect(Object.keys(await rowsOf(ann.tenantId))).toEqual([
      ...['app.audit_heads', 'app.audit_seals', 'app.tenant_deletions'],
    ]);
    for (const [table, column, of] of [
      ['users', 'user_id', ann.userId],
      ['pools', 'owner_tenant', ann.tenantId],
    ])
      expect(await database.asSuperuser(`select from app.${table} where ${column} = $1`, [of])).toEqual([]);
    expect(await rowsOf(bob.tenantId)).toEqual({
      ...bobs,
      'app.audit_seals': bobs['app.audit_events'],
      'app.audit_heads': 1,
    });
  });

  test('that the operator asks for too is no longer the owner’s to take back', async () => {
    const cat = await settle(database.asOwner, { person: 'Cat', tenant: 'Catco' });
    await database.asSuperuser(
      `insert into app.tenant_deletions (tenant_id, tenant_name, requested_by, reason, due_at)
       values ($1, 'Catco', $2, 'we move', now() + interval '7 days')`,
      [cat.tenantId, cat.userId],
    );
    const standing = () =>
      database.asSuperuser('select requested_by, reason from app.tenant_deletions where tenant_id = $1', [
        cat.tenantId,
      ]);
    expect(await standing()).toEqual([{ requested_by: cat.userId, reason: 'we move' }]);
    await database.asOwner("select app.request_tenant_deletion($1, 'a court asks', '7 days')", [
      cat.tenantId,
    ]);
    expect(await standing()).toEqual([{ requested_by: null, reason: 'a court asks' }]);
  });

  test.each([
    ['purge', "select app.purge_object('T', '{}', 'x', false)"],
    ['resend', "select app.resend_audit('T', null)"],
    ['set how long to keep it', `select app.set_retention('T', '{"audit": 400}')`],
    ['export it', "select app.export_audit_proof('T', false)"],
  ])('closes the log: then the operator can no longer %s', async (_what, sql) => {
    const dan = await settle(database.asOwner, { person: 'Dan', tenant: 'Danco' });
    await database.asSuperuser("update app.tenants set status = 'erasing' where tenant_id = $1", [
      dan.tenantId,
    ]);
    await expect(database.asOwner(sql.replace('T', dan.tenantId))).rejects.toThrow('its audit log is closed');
  });

  test('sends its last events, and nothing once rows are taken away: neither row nor file comes back', async () => {
    const eve = await settle(database.asOwner, { person: 'Eve', tenant: 'Eveco' });
    await database.asOwner("select app.request_tenant_deletion($1, 'enough', '0')", [eve.tenantId]);
    expect((await ask(beginDeletion(eve.tenantId))).step).toBe('sealing');
    await log.withOperator(log.seal);
    const sent = async () => {
      await database.asSuperuser('update app.audit_sinks set next_attempt_at = now() where tenant_id = $1', [
        eve.tenantId,
      ]);
      const claimed = await ask(claimAuditSinks(100, 900_000));
      return claimed.filter(({ tenant }) => tenant === eve.tenantId).flatMap(({ entries }) => entries);
    };
    expect((await sent()).at(-1)).toContain('tenant.delete');
    expect(await ask(noteSealed(eve.tenantId))).toBe(true);
    expect(await sent()).toEqual([]);
    await database.asSuperuser('delete from app.audit_copies where tenant_id = $1', [eve.tenantId]);
    await database.asSuperuser('delete from app.audit_sinks where tenant_id = $1', [eve.tenantId]);
    expect(await sent()).toEqual([]);
    expect(await rowsOf(eve.tenantId)).not.toHaveProperty(['app.audit_sinks']);
  });

  test('waits for the sinks of its tenant alone', async () => {
    await database.asSuperuser('update app.audit_sinks set next_attempt_at = now()');
    const [one, other] = [
      await settle(database.asOwner, { person: 'Fay', tenant: 'Fayco' }),
      await settle(database.asOwner, { person: 'Gus', tenant: 'Gusco' }),
    ];
    await log.withOperator(log.seal);
    const tenants = (claimed: readonly { readonly tenant: string }[]) => claimed.map(({ tenant }) => tenant);
    expect(tenants(await ask(claimAuditSinks(100, 900_000, one.tenantId)))).toEqual([one.tenantId]);
    expect(tenants(await ask(claimAuditSinks(100, 900_000)))).toContain(other.tenantId);
  });

  test('leaves a log that is exported no more, and says where its last head is', async () => {
    await expect(
      database.asOwner('select app.export_audit_proof($1, false)', [ann.tenantId]),
    ).rejects.toThrow('its certificate has the log');
  });

  test('gives its id to nobody again', async () => {
    await expect(
      database.asOwner("select app.provision_tenant($1, 'Acme', $2, 'eve@acme.example', 'Eve', 'owner')", [
        ann.tenantId,
        ann.userId,
      ]),
    ).rejects.toThrow(/was deleted/);
  });
});

describe('what Mallory injects into her call', () => {
  test.each([
    ['begins no deletion of a tenant', "select app.system_begin_deletion('T')"],
    ['erases no row', "select app.system_erase_rows('T', 10)"],
    ['certifies nothing', "select app.system_certify_deletion('T', 'x')"],
    ['counts nothing', "select app.system_count_blobs('T', null, null, 1, 1)"],
    ['suspends nobody', "select app.suspend_tenant('T', 'x')"],
    ['asks for no deletion as the operator', "select app.request_tenant_deletion('T', 'x', '0')"],
    ['exports nothing by a token', "select * from app.system_export_rows('app.runs', null, 10, 1000)"],
    ['begins no export by a token', 'select app.system_begin_tenant_export()'],
    ['signs no call of the operator', "select app.sign_tenant_call('T', 'export')"],
    ['learns nothing of blobs to seal', "select app.system_may_be_clear('T', repeat('a', 64))"],
    ['lists no blobs to seal', 'select * from app.system_blobs_to_seal(10)'],
    ['settles none of them', "select app.system_settle_blobs('[]')"],
    ['lists no tenants', 'select * from app.system_tenants_to_attend(10)'],
    ['lists no runs to stop', "select * from app.system_runs_to_stop('T', 10)"],
    ['learns nothing of a count', "select app.system_counted_until('T')"],
    ['learns no facts of a deletion', "select app.system_deletion_facts('T')"],
    ['lists nothing that was purged', "select * from app.system_purged_blobs('T')"],
    ['notes nothing as removed', "select app.system_note_purged('T', '{}')"],
  ])('%s', async (_title, sql) => {
    const injected: Query<unknown> = {
      text: sql.replace('T', bob.tenantId),
      params: [],
      read: (rows) => rows,
    };
    await expect(withTenant(client, bob.principal, [injected])).rejects.toMatchObject({ sqlstate: '42501' });
  });
});
