import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findBackup } from '../../cli/backup/backup-folder.ts';
import { type Manifest, readManifest } from '../../cli/backup/manifest.ts';
import { openBackup, proveFiles } from '../../cli/backup/open-backup.ts';
import { type RestoreReport, restoreBackup } from '../../cli/backup/restore-backup.ts';
import { type BackupReport, writeBackup } from '../../cli/backup/write-backup.ts';
import type { BlobFiles } from '../../cli/blobs/blob-files.ts';
import { folderBlobs } from '../../cli/blobs/folder-blobs.ts';
import { nodeSource } from '../../cli/keys/open-source.ts';
import { Failure } from '../../cli/terminal/failure.ts';
import { newId } from '../../protocol/ids.ts';
import { auditLogOf } from './audit-log.ts';
import { type Ask, startTestDatabase, type TestDatabase } from './database.ts';
import { type Inhabitant, settle } from './tenants.ts';

/** The one of auditLogOf, by which the database of these tests has its keys. */
export const PASSPHRASE = 'correct horse battery staple';
const quiet = { say: () => {} };

export const sha256Of = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Characters that a careless copy would stumble over. */
const AWKWARD = 'é \t \\ \\N "quoted" \u2028 \\.\n{"sha256":"no"}';

/** A project of somebody's, with a file that lies in the folder of the blob store. Returns where that blob lies. */
async function settleProject(
  asSuperuser: Ask,
  blobsDir: string,
  { tenantId, userId }: Inhabitant,
  content: string,
): Promise<string> {
  const project = newId('project');
  const sha256 = sha256Of(content);
  await asSuperuser(
    'insert into app.projects (tenant_id, project_id, name, description, created_by) values ($1, $2, $3, $4, $5)',
    [tenantId, project, `project of ${content.slice(0, 20)}`, AWKWARD, userId],
  );
  const files = { 'model.py': { blob: sha256Of('git').slice(0, 40), sha256, bytes: content.length } };
  await asSuperuser(
    'insert into app.trees (tenant_id, project_id, tree_id, files, file_count, bytes) values ($1, $2, $3, $4, 1, $5)',
    [tenantId, project, sha256.slice(0, 40), JSON.stringify(files), content.length],
  );
  const path = `${tenantId}/${sha256}`;
  writeBlob(blobsDir, path, content);
  return path;
}

export function writeBlob(blobsDir: string, path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(blobsDir, path)), { recursive: true });
  writeFileSync(join(blobsDir, path), content);
}

/** Each table of the database with its number of rows and a digest of them; the record of the platform says of itself what it is. */
export async function contentsOf(asSuperuser: Ask): Promise<Readonly<Record<string, string>>> {
  const tables = await asSuperuser(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'app'::regnamespace
      and relname <> 'platform_events' order by 1`,
  );
  const digests = tables.map(
    ({ name }) =>
      `select '${name}' as name, count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from app.${name} as t`,
  );
  const rows = await asSuperuser(digests.join(' union all '));
  return Object.fromEntries(rows.map(({ name, digest }) => [name as string, digest as string]));
}

/** Two tenants with rows, blobs and a sealed log, and one backup of them. `stop` it in `afterAll`. */
export async function startBackedUp() {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-backup-'));
  const blobsDir = join(folder, 'blobs');
  const out = join(folder, 'backups');
  const database = await startTestDatabase();
  const log = auditLogOf(database, folder);
  const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  const bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Bobco' });
  const blobPath = await settleProject(database.asSuperuser, blobsDir, ann, 'print("Acme")\n');
  const otherBlobPath = await settleProject(database.asSuperuser, blobsDir, bob, 'print("Bobco")\n');
  await log.work(ann, 5);
  await log.withOperator(log.seal);
  await log.work(bob, 3);

  const take = (
    options: { out?: string; url?: string; isSealed?: boolean; blobs?: BlobFiles } = {},
  ): Promise<BackupReport> =>
    writeBackup({
      url: options.url ?? database.ownerUrl,
      out: options.out ?? out,
      blobs: options.blobs ?? folderBlobs(blobsDir),
      source: options.isSealed === false ? null : nodeSource([PASSPHRASE]),
      ...quiet,
    });
  return {
    folder,
    blobsDir,
    out,
    database,
    ann,
    /** Where Ann's blob lies in the object store, and Bob's. */
    blobPath,
    otherBlobPath,
    backup: await take(),
    take,
    /** Opens, proves and restores, as `./causeway restore` does. */
    async restore(
      target: Pick<TestDatabase, 'ownerUrl'>,
      {
        from = out,
        blobs = join(folder, 'restored') as string | BlobFiles,
        passphrase = PASSPHRASE as string | null,
      } = {},
    ): Promise<RestoreReport> {
      const { root, backup: files } = findBackup(from);
      const trust = { source: passphrase === null ? null : nodeSource([passphrase]), acceptUnsealed: false };
      const opened = await openBackup(files, trust);
      await proveFiles(opened, root, quiet);
      return restoreBackup({
        opened,
        root,
        ownerUrl: target.ownerUrl,
        blobs: typeof blobs === 'string' ? folderBlobs(blobs) : blobs,
        auditKey: null,
        ...quiet,
      });
    },
    /** A copy of the backups for somebody to spoil: its folder, and that of its newest backup. */
    copyOf(): { readonly root: string; readonly dir: string } {
      const root = mkdtempSync(join(folder, 'copy-'));
      cpSync(out, root, { recursive: true });
      return { root, dir: findBackup(root).backup.dir };
    },
    /** Until a statement with this text waits for a lock, or (`any`) is there. */
    async untilWaiting(text: string, waiting: 'lock' | 'any' = 'lock'): Promise<void> {
      const sql = `select from pg_stat_activity where query like '%' || $1 || '%' and pid <> pg_backend_pid()
                    and (wait_event_type = 'Lock' or $2 = 'any')`;
      while ((await database.asSuperuser(sql, [text, waiting])).length === 0) await delay(20);
    },
    async stop(): Promise<void> {
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type BackedUp = Awaited<ReturnType<typeof startBackedUp>>;

/** The sentence by which something is refused. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Failure)) throw new Error(`nothing was refused: ${thrown}`);
  return `${thrown.message} ${thrown.why}`;
}

export function manifestOf(dir: string): Manifest {
  const manifest = readManifest(readFileSync(join(dir, 'manifest.json'), 'utf8'));
  if (manifest === null) throw new Error('a backup has a manifest');
  return manifest;
}
