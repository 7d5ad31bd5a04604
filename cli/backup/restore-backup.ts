import { createReadStream } from 'node:fs';
import type { NoteVerifier } from '../../protocol/signed-note.ts';
import type { BlobFiles } from '../blobs/blob-files.ts';
import { knownMigrations, type MigrateOptions, migrate } from '../database/migrate.ts';
import { findUsedTables, recordRestore, restoreRows } from '../database/restore-rows.ts';
import { Failure, reasonOf } from '../terminal/failure.ts';
import { blobFile } from './backup-folder.ts';
import type { Manifest } from './manifest.ts';
import { Measured } from './measured.ts';
import { blobsOf, type OpenedBackup, requireSame } from './open-backup.ts';
import { type ProvenAudit, proveAudit } from './prove-audit.ts';

export interface RestoreOptions {
  readonly opened: OpenedBackup;
  /** The folder of backups that it is in. */
  readonly root: string;
  /** The login of causeway_owner on an unused database. A secret. */
  readonly ownerUrl: string;
  /** What the database shares with the Worker, where this program starts both. */
  readonly secrets?: Pick<MigrateOptions, 'appPassword' | 'ticketKeys'>;
  /** Null: the rows alone. */
  readonly blobs: BlobFiles | null;
  /** The key of the audit log, kept elsewhere. */
  readonly auditKey: NoteVerifier | null;
  readonly say: (doing: string) => void;
}

export interface RestoreReport {
  readonly id: string;
  readonly tables: number;
  readonly rows: number;
  /** How many were written; the others were there. Null where none were wanted. */
  readonly blobs: { readonly count: number; readonly written: number } | null;
  readonly audit: ProvenAudit;
  /** Migrations that came after the backup. */
  readonly migrated: readonly string[];
}

/**
 * Puts a proven backup into an unused database and its object store: blobs first, which nothing sees without rows, then all rows in
 * one transaction. A restore that fails or is killed leaves no row, and may be called again.
 *
 * @throws Failure where the database is used, or the backup does not hold what it says
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { opened, ownerUrl, say, secrets = {} } = options;
  const { manifest } = opened;
  requireKnownMigrations(manifest);
  await requireUnused(ownerUrl);
  say('migrations');
  const upTo = manifest.migrations.at(-1)?.name ?? '';
  await migrate({ ownerUrl, upTo, ...secrets });
  const blobs = await putBlobs(options);
  const audit = await putRows(options);
  say('newer migrations');
  const { applied } = await migrate({ ownerUrl, ...secrets });
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const report = { id: manifest.id, tables: manifest.tables.length, rows, blobs, audit, migrated: applied };
  await recordRestore(ownerUrl, manifest.id, { rows, blobs: blobs?.count ?? null, sealed: opened.isSealed });
  return report;
}

/** The migrations of the backup must be the first of this checkout's: only then do its tables have the rows' columns. */
function requireKnownMigrations({ migrations }: Manifest): void {
  const known = knownMigrations();
  const stranger = migrations.find(
    ({ name, sha256 }, index) => known[index]?.name !== name || known[index]?.sha256 !== sha256,
  );
  if (stranger === undefined) return;
  throw new Failure({
    what: 'The backup is of another version of Causeway.',
    why: `it was made with migration ${stranger.name}, which this checkout does not have, or has otherwise`,
    remedy: 'restore it with the version that made it, or a newer one',
  });
}

async function requireUnused(ownerUrl: string): Promise<void> {
  const used = await findUsedTables(ownerUrl);
  if (used.length === 0) return;
  throw new Failure({
    what: 'The database is in use, and a backup is restored into an unused one alone.',
    why: `there are rows in ${used.slice(0, 5).join(', ')}${used.length > 5 ? ` and ${used.length - 5} more tables` : ''}`,
    remedy:
      'make a new database that causeway_owner owns (create database causeway_2 owner causeway_owner), restore into it, and let the Worker use that one; or name a new folder: --state DIR',
  });
}

async function putBlobs({
  opened,
  root,
  blobs: store,
  say,
}: RestoreOptions): Promise<RestoreReport['blobs']> {
  if (store === null || opened.manifest.blobs === null) return null;
  let count = 0;
  let written = 0;
  for await (const blob of blobsOf(opened)) {
    count += 1;
    const there = await store.read(blob.path);
    if (there !== null && !(await isSame(there.body, blob.sha256))) throw taken(blob.path, store);
    if (there === null) {
      const measured = new Measured();
      const bytes = createReadStream(blobFile(root, blob.sha256));
      await store.write(blob.path, measured.of(bytes), blob.bytes);
      requireSame(`the blob ${blob.path}`, { bytes: measured.bytes, sha256: measured.sha256() }, blob);
      written += 1;
    }
    say(`${count} of ${opened.manifest.blobs.count} blobs`);
  }
  return { count, written };
}

/** Whoever uses that store now may need what lies there: a blob may have been sealed anew since the backup. */
function taken(path: string, store: BlobFiles): Failure {
  return new Failure({
    what: 'The object store is in use, and nothing in it is replaced.',
    why: `${path} is there in ${store.name}, with other bytes than in the backup`,
    remedy: 'restore into an empty bucket or folder, and let the Worker use that one',
  });
}

async function isSame(body: AsyncIterable<Uint8Array>, sha256: string): Promise<boolean> {
  const measured = new Measured();
  for await (const _ of measured.of(body));
  return measured.sha256() === sha256;
}

async function putRows({ opened, ownerUrl, auditKey, say }: RestoreOptions): Promise<ProvenAudit> {
  const { manifest, files } = opened;
  const passing = new Map<string, Measured>();
  const tables = manifest.tables.map(({ name, columns, rows }) => ({
    name,
    columns,
    rows,
    read: () => {
      const measured = new Measured();
      passing.set(name, measured);
      return measured.of(createReadStream(files.tableFile(name)));
    },
  }));
  let audit: ProvenAudit | undefined;
  try {
    await restoreRows(ownerUrl, tables, say, async (operator, tenants) => {
      // What went in, and not what stood in the file a moment before.
      for (const table of manifest.tables) {
        const measured = passing.get(table.name);
        if (measured === undefined) continue;
        requireSame(`tables/${table.name}.copy`, { bytes: measured.bytes, sha256: measured.sha256() }, table);
      }
      audit = await proveAudit(operator, tenants, auditKey);
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure({
      what: 'No row was restored.',
      why: reasonOf(error),
      remedy: 'take another backup; the database is unused as before',
    });
  }
  if (audit === undefined) throw new Error('a restored audit log is proven');
  return audit;
}
