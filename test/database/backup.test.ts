import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobFile } from '../../cli/backup/backup-folder.ts';
import type { RestoreReport } from '../../cli/backup/restore-backup.ts';
import { printSchema } from '../../cli/database/print-schema.ts';
import { withSnapshot } from '../../cli/database/snapshot.ts';
import {
  type BackedUp,
  contentsOf,
  manifestOf,
  PASSPHRASE,
  refusalOf,
  sha256Of,
  startBackedUp,
  writeBlob,
} from '../support/backups.ts';
import type { TestDatabase } from '../support/database.ts';
import { settle } from '../support/tenants.ts';

type Target = Awaited<ReturnType<TestDatabase['sibling']>>;

let world: BackedUp;
beforeAll(async () => {
  world = await startBackedUp();
}, 120_000);
afterAll(() => world?.stop());

describe('what is restored', () => {
  let target: Target;
  let report: RestoreReport;
  /** What is in each table of the first database, and of the restored one. */
  let before: Readonly<Record<string, string>>;
  let after: Readonly<Record<string, string>>;

  beforeAll(async () => {
    target = await world.database.sibling();
    report = await world.restore(target);
    [before, after] = [await contentsOf(world.database.asSuperuser), await contentsOf(target.asSuperuser)];
  });

  test('is every row of every table, and every blob', async () => {
    expect(after).toEqual(before);
    expect(report.blobs).toEqual({ count: 2, written: 2 });
    expect(readFileSync(join(world.folder, 'restored', world.blobPath), 'utf8')).toBe('print("Acme")\n');
    expect(report.rows).toBe(world.backup.rows);
  });

  test('has all constraints, triggers, policies and forced row security, as the migrations made them', async () => {
    expect(await printSchema(target.ownerUrl)).toBe(await printSchema(world.database.ownerUrl));
    expect(await target.asSuperuser("select * from app.check_catalogue() where severity = 'error'")).toEqual(
      [],
    );
    expect(await target.asOwner('select from app.projects')).toHaveLength(0);
    await expect(target.asSuperuser('delete from app.audit_events')).rejects.toThrow(/append-only|refused/);
  });

  test('goes on: the next event is numbered behind the last, and is sealed into the same trees', async () => {
    const newest = 'select max(position) as newest from app.audit_events';
    const [before] = await target.asSuperuser(newest);
    await target.asOwner("select app.cap_token_lifetime($1, '30 days')", [world.ann.tenantId]);
    const [after] = await target.asSuperuser(newest);
    expect(Number(after?.newest)).toBeGreaterThan(Number(before?.newest));
  });

  test('has a proven audit log, and says in the record of the platform where it is from', async () => {
    expect(report.audit).toMatchObject({ tenants: 2 });
    expect(report.audit.entries).toBeGreaterThanOrEqual(5);
    expect(
      await target.asSuperuser("select target_id from app.platform_events where action = 'backup.restore'"),
    ).toEqual([{ target_id: world.backup.id }]);
    expect(
      await world.database.asSuperuser(
        "select target_id from app.platform_events where action = 'backup.take' order by 1 limit 1",
      ),
    ).toEqual([{ target_id: world.backup.id }]);
  });

  test('replaces no blob in an object store that somebody uses', async () => {
    const used = join(world.folder, 'used');
    writeBlob(used, world.blobPath, 'sealed anew since then');
    const other = await world.database.sibling();
    expect(await refusalOf(world.restore(other, { blobs: used }))).toMatch(
      /in use.*with other bytes than in the backup/,
    );
    expect(readFileSync(join(used, world.blobPath), 'utf8')).toBe('sealed anew since then');
    expect(await other.asSuperuser('select from app.tenants')).toEqual([]);
  });

  test('is not restored over: a database in use is refused, and stays as it is', async () => {
    const before = await contentsOf(target.asSuperuser);
    expect(await refusalOf(world.restore(target))).toMatch(/in use.*app\./);
    expect(await contentsOf(target.asSuperuser)).toEqual(before);
  });
});

describe('a backup', () => {
  test('is one moment: what is written while it is taken is in none of its tables', async () => {
    const copied = await withSnapshot(world.database.ownerUrl, async (snapshot) => {
      const copy = async (name: string): Promise<string> => {
        const table = snapshot.relations.find((relation) => relation.name === name);
        if (table === undefined) throw new Error(`there is no ${name}`);
        let text = '';
        for await (const row of snapshot.rows(table)) text += row;
        return text;
      };
      const memberships = await copy('app.memberships');
      const late = await settle(world.database.asOwner, { person: 'Late', tenant: 'Lateco' });
      expect(
        await world.database.asSuperuser('select from app.users where user_id = $1', [late.userId]),
      ).toHaveLength(1);
      return { late, text: memberships + (await copy('app.tenants')) + (await copy('app.users')) };
    });
    expect(copied.text).toContain(world.ann.userId);
    expect(copied.text).not.toContain(copied.late.userId);
    expect(copied.text).not.toContain(copied.late.tenantId);
  });

  test('has every table of the catalogue; one that somebody added and forgot is refused by name', async () => {
    const scratch = await world.database.sibling();
    const refusal = () =>
      refusalOf(world.take({ url: scratch.ownerUrl, out: join(world.folder, 'forgotten') }));
    await scratch.asOwner('create table app.forgotten (tenant_id text)');
    expect(await refusal()).toMatch(/lack rows.*causeway_backup may not read app\.forgotten/);
    await scratch.asOwner('grant select on app.forgotten to causeway_backup');
    await scratch.asOwner('alter table app.forgotten enable row level security');
    expect(await refusal()).toMatch(/row security hides rows of app\.forgotten/);
    await scratch.asOwner(
      'create policy backup on app.forgotten for select to causeway_backup using (tenant_id is null)',
    );
    expect(await refusal()).toMatch(/row security hides rows of app\.forgotten/);
    await scratch.asOwner('drop policy backup on app.forgotten');
    await scratch.asOwner('create policy backup on app.forgotten for select to causeway_backup using (true)');
    await scratch.asOwner('create policy less on app.forgotten as restrictive for select using (false)');
    expect(await refusal()).toMatch(/row security hides rows of app\.forgotten/);
    await scratch.asOwner(
      'drop table app.forgotten; create schema extra; create table extra.things (a integer)',
    );
    expect(await refusal()).toMatch(/extra\.things is no table of schema app/);
    expect(
      readdirSync(join(world.folder, 'forgotten')).filter(
        (name) => name.startsWith('2') || name.startsWith('.'),
      ),
    ).toEqual([]);
    expect(manifestOf(world.backup.dir).tables.map(({ name }) => name)).toEqual(
      (
        await world.database.asSuperuser(
          "select 'app.' || relname as name from pg_class where relkind = 'r' and relnamespace = 'app'::regnamespace order by 1",
        )
      ).map(({ name }) => name),
    );
  });

  test('is taken by a login that can do nothing else', async () => {
    await world.database.asSuperuser("create role nightly login password 'a-password-of-the-night'");
    await world.database.asSuperuser('grant causeway_backup to nightly with inherit false, set true');
    await world.database.asSuperuser(`grant connect on database ${world.database.name} to nightly`);
    const url = new URL(world.database.ownerUrl);
    url.username = 'nightly';
    url.password = 'a-password-of-the-night';
    expect((await world.take({ url: url.href, out: join(world.folder, 'nightly') })).rows).toBeGreaterThan(
      world.backup.rows - 1,
    );
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    await client.query('set role causeway_backup');
    for (const sql of [
      "update app.users set name = 'x'",
      'delete from app.users',
      'select from app_private.signing_keys',
    ])
      await expect(client.query(sql)).rejects.toThrow(/permission denied/);
    await client.end();
    await world.database.asSuperuser(`drop owned by nightly; drop role nightly`);
  });

  test('holds no key and no passphrase: what is a secret in it is an envelope or a hash', async () => {
    const { tables, leftOut } = manifestOf(world.backup.dir);
    expect(leftOut.map(({ name }) => name)).toEqual(['app_private.signing_keys', 'migrations.applied']);
    const texts = tables.map(({ name }) =>
      readFileSync(join(world.backup.dir, 'tables', `${name}.copy`), 'utf8'),
    );
    const [keys] = await world.database.asSuperuser(
      "select encode(inner_block, 'hex') as hex from app_private.signing_keys where purpose = 'context'",
    );
    for (const text of [...texts, readFileSync(join(world.backup.dir, 'manifest.json'), 'utf8')]) {
      expect(text).not.toContain(PASSPHRASE);
      expect(text).not.toContain(world.database.ticketKey);
      expect(text).not.toContain(keys?.hex as string);
    }
    const envelopes = readFileSync(join(world.backup.dir, 'tables/app.platform_keys.copy'), 'utf8');
    expect(envelopes).toMatch(/\tv1\.[A-Za-z0-9_-]{8}\./);
  });

  test('fetches a blob once, and again where the store has other bytes', async () => {
    const again = await world.take();
    expect(again.blobs).toEqual({ count: 2, totalBytes: expect.any(Number), fetched: 0 });
    const sealed = `CWB1${'k'.repeat(80)}`;
    writeBlob(world.blobsDir, world.blobPath, sealed);
    expect((await world.take()).blobs?.fetched).toBe(1);
    // What earlier backups have of it is still theirs.
    expect(readFileSync(blobFile(world.out, sha256Of('print("Acme")\n')), 'utf8')).toBe('print("Acme")\n');
    writeBlob(world.blobsDir, world.blobPath, 'print("Acme")\n');
  });

  test("takes nobody else's word for a blob: one that Mallory changed in the folder is fetched anew", async () => {
    const { dir } = await world.take();
    const kept = blobFile(world.out, sha256Of('print("Acme")\n'));
    writeFileSync(kept, 'print("Eve!")\n');
    expect((await world.take()).blobs?.fetched).toBe(1);
    expect(readFileSync(kept, 'utf8')).toBe('print("Acme")\n');
    // Her own list of blobs, without the passphrase, is believed as little.
    const evil = sha256Of('print("Eve!")\n');
    writeFileSync(blobFile(world.out, evil).replace(`/${evil.slice(0, 2)}/`, '/'), 'print("Eve!")\n');
    for (const name of readdirSync(world.out).filter((entry) => entry.startsWith('2'))) {
      const list = join(world.out, name, 'blobs.jsonl');
      writeFileSync(list, readFileSync(list, 'utf8').replace(sha256Of('print("Acme")\n'), evil));
    }
    const { blobs, missing } = await world.take();
    expect([blobs?.count, blobs?.fetched, missing]).toEqual([2, 2, []]);
    expect(dir).toContain(world.out);
  });

  test('names blobs that the store lost or damaged, and has all others', async () => {
    writeBlob(world.blobsDir, world.blobPath, 'print("Mallory")\n');
    expect((await world.take({ out: join(world.folder, 'damaged') })).missing).toEqual([
      { path: world.blobPath, why: 'damaged' },
    ]);
    rmSync(join(world.blobsDir, world.blobPath));
    const absent = await world.take({ out: join(world.folder, 'absent') });
    expect(absent.missing).toEqual([{ path: world.blobPath, why: 'absent' }]);
    expect(absent.blobs?.count).toBe(1);
    writeBlob(world.blobsDir, world.blobPath, 'print("Acme")\n');
  });

  test('calls what was purged so, and has it again where somebody brought it back', async () => {
    await world.database.asSuperuser(
      `insert into app.purges (tenant_id, purged_sha256, reason, object) values ($1, $2, 'erasure', '{"kind": "file"}')`,
      [world.ann.tenantId, sha256Of('print("Acme")\n')],
    );
    const again = await world.take({ out: join(world.folder, 'brought-back') });
    expect([again.blobs?.count, again.missing]).toEqual([2, []]);
    rmSync(join(world.blobsDir, world.blobPath));
    const purged = await world.take({ out: join(world.folder, 'purged') });
    expect([purged.blobs?.count, purged.missing]).toEqual([1, [{ path: world.blobPath, why: 'purged' }]]);
    writeBlob(world.blobsDir, world.blobPath, 'print("Acme")\n');
  });

  test('goes into no folder that holds something else', async () => {
    const other = mkdtempSync(join(world.folder, 'other-'));
    writeFileSync(join(other, 'thesis.tex'), 'mine');
    expect(await refusalOf(world.take({ out: other }))).toMatch(/holds something else than backups/);
    expect(readdirSync(other)).toEqual(['thesis.tex']);
  });
});
