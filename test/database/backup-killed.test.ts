import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBackup } from '../../cli/backup/backup-folder.ts';
import { printSchema } from '../../cli/database/print-schema.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { type BackedUp, PASSPHRASE, refusalOf, startBackedUp } from '../support/backups.ts';

let world: BackedUp;
beforeAll(async () => {
  world = await startBackedUp();
}, 120_000);
afterAll(() => world?.stop());

describe('killed in the middle', () => {
  function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'cli/main.ts', ...args], {
      cwd: ROOT_DIR,
      env: { PATH: process.env.PATH, KEY_PASSPHRASE: PASSPHRASE, ...env },
      stdio: 'ignore',
    });
  }

  test('a backup leaves nothing that looks like one, and the next removes what it left', async () => {
    const dir = join(world.folder, 'killed');
    // An object store that never answers: all rows are copied, and the backup waits for its first blob.
    const store = createServer();
    const asked = once(store, 'request');
    await new Promise<void>((listening) => store.listen(0, '127.0.0.1', listening));
    const { port } = store.address() as AddressInfo;
    const killed = launch(['backup', '--out', dir, '--database-url', world.database.ownerUrl], {
      BLOB_STORE_URL: `http://127.0.0.1:${port}/bucket`,
      BLOB_STORE_ACCESS_KEY_ID: 'id',
      BLOB_STORE_SECRET_ACCESS_KEY: 'secret',
    });
    await asked;
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    store.closeAllConnections();
    store.close();
    expect(readdirSync(dir).filter((name) => name.startsWith('.partial-'))).toHaveLength(1);
    expect(() => findBackup(dir)).toThrow(/no backup to restore/);
    await world.take({ out: dir });
    expect(readdirSync(dir).filter((name) => name.startsWith('.partial-'))).toEqual([]);
    expect(findBackup(dir).backup.dir).toContain(dir);
  });

  test('a restore leaves no row, and the next one restores', async () => {
    const target = await world.database.sibling();
    const { root, dir } = world.copyOf();
    const holder = new pg.Client({ connectionString: target.superuserUrl });
    await holder.connect();
    await holder.query('begin; lock table app.tenants in share mode');
    const to = join(root, 'to');
    const killed = launch(['restore', '--from', root, '--blobs', to, '--database-url', target.ownerUrl]);
    await world.untilWaiting('lock table');
    // The file of a table becomes one that gives nothing and does not end, so the copy stands there.
    const trees = join(dir, 'tables/app.trees.copy');
    renameSync(trees, `${trees}.kept`);
    execFileSync('mkfifo', [trees]);
    await holder.query('rollback');
    await holder.end();
    await world.untilWaiting('copy app.trees', 'any');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    renameSync(`${trees}.kept`, trees);
    expect(await target.asSuperuser('select from app.tenants')).toEqual([]);
    expect(await printSchema(target.ownerUrl)).toBe(await printSchema(world.database.ownerUrl));
    expect((await world.restore(target, { from: root, blobs: to })).rows).toBeGreaterThan(0);
  });
});

test('a full disk is said, and leaves nothing that looks like a backup', async () => {
  const dir = mkdtempSync(join(world.folder, 'full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]);
  try {
    expect(await refusalOf(world.take({ out: dir }))).toMatch(/the disk of .* is full/);
    expect(readdirSync(dir).filter((name) => name !== 'blobs' && name !== 'causeway-backups')).toEqual([]);
  } finally {
    execFileSync('umount', [dir]);
  }
});
