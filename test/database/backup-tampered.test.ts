import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobFile } from '../../cli/backup/backup-folder.ts';
import type { Manifest } from '../../cli/backup/manifest.ts';
import { printSchema } from '../../cli/database/print-schema.ts';
import { type BackedUp, manifestOf, refusalOf, sha256Of, startBackedUp } from '../support/backups.ts';
import { causeway } from '../support/causeway.ts';
import type { TestDatabase } from '../support/database.ts';

type Target = Awaited<ReturnType<TestDatabase['sibling']>>;

let world: BackedUp;
beforeAll(async () => {
  world = await startBackedUp();
}, 120_000);
afterAll(() => world?.stop());

describe('Mallory, who may write to the backups', () => {
  let target: Target;
  beforeAll(async () => {
    await world.take();
    target = await world.database.sibling();
  });

  const tableFile = (dir: string, name: string) => join(dir, 'tables', `${name}.copy`);
  const rewriteManifest = (dir: string, change: (manifest: Manifest) => Manifest) =>
    writeFileSync(join(dir, 'manifest.json'), JSON.stringify(change(manifestOf(dir))));

  test.each<[string, (dir: string, root: string) => void, RegExp]>([
    [
      'makes a viewer an owner',
      (dir) => {
        const text = readFileSync(tableFile(dir, 'app.users'), 'utf8');
        writeFileSync(tableFile(dir, 'app.users'), text.replace('ann@', 'bob@'));
      },
      /tables\/app\.users\.copy is not what was backed up/,
    ],
    [
      'adds a row',
      (dir) => appendFileSync(tableFile(dir, 'app.memberships'), 'a\tb\n'),
      /tables\/app\.memberships\.copy has \d+ bytes instead of/,
    ],
    [
      'drops a table',
      (dir) => rmSync(tableFile(dir, 'app.audit_events')),
      /tables\/app\.audit_events\.copy is missing/,
    ],
    [
      'cuts a table',
      (dir) => truncateSync(tableFile(dir, 'app.trees'), 20),
      /tables\/app\.trees\.copy has 20 bytes/,
    ],
    [
      'swaps two tables',
      (dir) => {
        renameSync(tableFile(dir, 'app.trees'), join(dir, 'kept'));
        renameSync(tableFile(dir, 'app.tenants'), tableFile(dir, 'app.trees'));
        renameSync(join(dir, 'kept'), tableFile(dir, 'app.tenants'));
      },
      /tables\/app\.(tenants|trees)\.copy/,
    ],
    [
      'swaps the bytes of two blobs',
      (_, root) => {
        const [one, two] = ['print("Acme")\n', 'print("Bobco")\n'].map((text) =>
          blobFile(root, sha256Of(text)),
        );
        renameSync(one as string, `${one}.kept`);
        renameSync(two as string, one as string);
        renameSync(`${one}.kept`, two as string);
      },
      /the blob ten_\w+\/[0-9a-f]{64}/,
    ],
    [
      'drops a blob',
      (_, root) => rmSync(blobFile(root, sha256Of('print("Acme")\n'))),
      /the blob ten_\w+\/[0-9a-f]{64} is missing/,
    ],
    [
      'leads a blob out of the folder',
      (dir) => appendFileSync(join(dir, 'blobs.jsonl'), '{"path":"../../etc/passwd"}\n'),
      /blobs\.jsonl has \d+ bytes/,
    ],
    [
      'changes a table and its sum in the manifest',
      (dir) => {
        const text = readFileSync(tableFile(dir, 'app.users'), 'utf8').replace('ann@', 'bob@');
        writeFileSync(tableFile(dir, 'app.users'), text);
        rewriteManifest(dir, (manifest) => ({
          ...manifest,
          tables: manifest.tables.map((table) =>
            table.name === 'app.users' ? { ...table, sha256: sha256Of(text) } : table,
          ),
        }));
      },
      /manifest\.json is not what was sealed/,
    ],
    [
      'takes a table out of files and manifest',
      (dir) => rewriteManifest(dir, (manifest) => ({ ...manifest, tables: manifest.tables.slice(1) })),
      /manifest\.json is not what was sealed/,
    ],
    ['takes the seal away', (dir) => rmSync(join(dir, 'manifest.seal')), /it is not sealed/],
    [
      'puts another seal there',
      (dir) => writeFileSync(join(dir, 'manifest.seal'), `v1.${'A'.repeat(8)}.${'A'.repeat(120)}\n`),
      /manifest\.json is not what was sealed: .*manifest\.seal/,
    ],
    [
      'makes keys of her own',
      (dir) => rewriteManifest(dir, (manifest) => ({ ...manifest, keks: [] })),
      /KEY_PASSPHRASE|is not what was sealed/,
    ],
    [
      'has argon2id take a terabyte',
      (dir) =>
        writeFileSync(
          join(dir, 'manifest.json'),
          readFileSync(join(dir, 'manifest.json'), 'utf8').replace(
            /"memoryKib": \d+/,
            '"memoryKib": 1073741824',
          ),
        ),
      /manifest\.json is not what \.\/causeway backup writes/,
    ],
    [
      'puts the manifest and seal of another backup there',
      (dir, root) => {
        const [older] = readdirSync(root).filter((name) => name.startsWith('2') && name !== basename(dir));
        for (const name of ['manifest.json', 'manifest.seal'])
          cpSync(join(root, older as string, name), join(dir, name));
      },
      /manifest\.json is of the backup/,
    ],
    [
      'names an older backup as the newest',
      (dir, root) => {
        const [older] = readdirSync(root).filter((name) => name.startsWith('2') && name !== basename(dir));
        renameSync(join(root, older as string), join(root, '2099-01-01T00-00-00.000Z'));
      },
      /manifest\.json is of the backup/,
    ],
  ])('%s: it is refused by name, and nothing is written', async (_, spoil, says) => {
    const { root, dir } = world.copyOf();
    spoil(dir, root);
    expect(await refusalOf(world.restore(target, { from: root, blobs: join(root, 'to') }))).toMatch(says);
    expect(existsSync(join(root, 'to'))).toBe(false);
    expect(await target.asSuperuser('select from app.tenants')).toEqual([]);
  });

  test('swaps a file after it was proven: no row stays', async () => {
    const { root, dir } = world.copyOf();
    const holder = new pg.Client({ connectionString: target.superuserUrl });
    await holder.connect();
    await holder.query('begin; lock table app.tenants in share mode');
    const refused = refusalOf(world.restore(target, { from: root, blobs: join(root, 'to') }));
    await world.untilWaiting('lock table');
    const users = tableFile(dir, 'app.users');
    writeFileSync(users, readFileSync(users, 'utf8').replace('ann@', 'eve@'));
    await holder.query('rollback');
    await holder.end();
    expect(await refused).toMatch(/tables\/app\.users\.copy is not what was backed up/);
    expect(await target.asSuperuser('select from app.tenants')).toEqual([]);
    expect(await printSchema(target.ownerUrl)).toBe(await printSchema(world.database.ownerUrl));
  });

  test('who changed a sealed event in the database before the backup is found in the restore', async () => {
    const scratch = await world.database.sibling();
    await world.restore(scratch, { blobs: join(world.folder, 'scratch') });
    await scratch.asSuperuser(`alter table app.audit_events disable trigger all;
      update app.audit_events set action = 'note.forged' where position = (select min(position) from app.audit_events where action = 'note.add');
      alter table app.audit_events enable trigger all`);
    await scratch.asSuperuser('alter table app.audit_events enable always trigger append_only');
    await world.take({ url: scratch.ownerUrl, out: join(world.folder, 'forged') });
    const refusal = await refusalOf(
      world.restore(target, { from: join(world.folder, 'forged'), blobs: join(world.folder, 'to') }),
    );
    expect(refusal).toMatch(
      /audit log in it is not what was sealed\. ten_\w+, entry \d+: it is not what was sealed/,
    );
    expect(await target.asSuperuser('select from app.tenants')).toEqual([]);
  });

  test('without the passphrase gets nothing believed, and with a wrong one neither', async () => {
    expect(await refusalOf(world.restore(target, { passphrase: null }))).toMatch(
      /neither KEY_PASSPHRASE nor KMS_KEY is set/,
    );
    expect(await refusalOf(world.restore(target, { passphrase: 'another horse battery staple' }))).toMatch(
      /not the key of the time of this backup/,
    );
    const unsealed = join(world.folder, 'unsealed');
    expect((await world.take({ out: unsealed, isSealed: false })).isSealed).toBe(false);
    expect(await refusalOf(world.restore(target, { from: unsealed }))).toMatch(/it is not sealed/);
  });
});

test('a backup is not restored into a stack that would open nothing of it', async () => {
  const state = join(world.folder, 'no-passphrase');
  const { code, stderr } = await causeway([
    ...['restore', '--from', world.out, '--unsealed', '--state', state],
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/opens keys by a passphrase alone, and KEY_PASSPHRASE is not set/);
  expect(existsSync(state)).toBe(false);
});
