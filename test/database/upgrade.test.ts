import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBackup } from '../../cli/backup/backup-folder.ts';
import { upgradeDatabase } from '../../cli/backup/upgrade-database.ts';
import { findPending, migrate } from '../../cli/database/migrate.ts';
import { printSchema } from '../../cli/database/print-schema.ts';
import { provisionDatabase } from '../../cli/database/provision-database.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { type BackedUp, contentsOf, manifestOf, refusalOf, startBackedUp } from '../support/backups.ts';

let world: BackedUp;
let scratch: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'causeway-upgrade-'));
  world = await startBackedUp();
}, 120_000);
afterAll(async () => {
  await world?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** The migrations of this checkout, and these behind them. */
function migrationsAnd(more: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(scratch, 'migrations-'));
  cpSync(join(ROOT_DIR, 'migrations'), folder, { recursive: true });
  for (const [name, sql] of Object.entries(more)) writeFileSync(join(folder, name), sql);
  return folder;
}

const upgrade = (folder: string) =>
  upgradeDatabase({
    ownerUrl: world.database.ownerUrl,
    folder,
    takeBackup: () => world.take(),
    say: () => {},
  });

describe('an upgrade', () => {
  test('whose second migration fails leaves no trace of the first, and names the backup and the way back', async () => {
    const folder = migrationsAnd({
      '9001-adds.sql': 'create table app.added (a integer);',
      '9002-breaks.sql': 'select 1;\nselect 1 / 0;',
    });
    const [schema, contents] = [
      await printSchema(world.database.ownerUrl),
      await contentsOf(world.database.asSuperuser),
    ];
    expect(await refusalOf(upgrade(folder))).toMatch(
      /is as it was before\. migrations\/9002-breaks\.sql.*division by zero/,
    );
    expect(await printSchema(world.database.ownerUrl)).toBe(schema);
    expect(await contentsOf(world.database.asSuperuser)).toEqual(contents);
    expect(await findPending(world.database.ownerUrl, folder)).toEqual(['9001-adds.sql', '9002-breaks.sql']);
    const { migrations } = manifestOf(findBackup(world.out).backup.dir);
    expect(migrations.map(({ name }) => name)).not.toContain('9001-adds.sql');
  });

  test('after which the database must not be served says so, and how to go back', async () => {
    const folder = migrationsAnd({ '9001-open.sql': 'create table app.open_to_all (tenant_id app.ten_id);' });
    expect(await refusalOf(upgrade(folder))).toMatch(/must not be served like this\. .*open_to_all/);
    await world.database.asOwner('drop table app.open_to_all');
    await world.database.asOwner("delete from migrations.applied where name = '9001-open.sql'");
  });

  test('whose database refuses to be secured after the commit is not said to be as it was', async () => {
    const folder = migrationsAnd({
      '9001-refuses.sql': `create or replace function app_private.secure_database() returns void language plpgsql as
        $$ begin raise exception 'not secured'; end $$;`,
    });
    const before = await world.database.asSuperuser(
      "select pg_get_functiondef('app_private.secure_database()'::regprocedure) as text",
    );
    expect(await refusalOf(upgrade(folder))).toMatch(/must not be served like this\. .*not secured/);
    await world.database.asSuperuser(String(before[0]?.text));
    await world.database.asOwner("delete from migrations.applied where name = '9001-refuses.sql'");
  });

  test('backs up before it changes anything, and does nothing where nothing is pending', async () => {
    const name = '9003-comment.sql';
    const folder = migrationsAnd({ [name]: "comment on schema app is 'upgraded';" });
    const { backup, applied } = await upgrade(folder);
    expect(applied).toEqual([name]);
    expect(manifestOf(backup?.dir ?? '').migrations.map((migration) => migration.name)).not.toContain(name);
    expect(await upgrade(folder)).toEqual({ backup: null, applied: [] });
  });
});

test('all migrations in one transaction make the schema that they make one by one', async () => {
  const { ownerUrl } = await provisionDatabase({
    adminUrl: world.database.superuserUrl,
    ownerPassword: decodeURIComponent(new URL(world.database.ownerUrl).password),
    database: 'all_at_once',
  });
  await migrate({ ownerUrl, isAllOrNothing: true });
  const [one, other] = [await world.database.sibling(), ownerUrl];
  expect(await printSchema(other)).toBe(await printSchema(one.ownerUrl));
});
