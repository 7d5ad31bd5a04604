import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KekSource } from '../../worker/keys/kek-source.ts';
import { readLines } from '../audit/read-lines.ts';
import type { BlobFiles } from '../blobs/blob-files.ts';
import { recordBackup, type Snapshot, withSnapshot } from '../database/snapshot.ts';
import { Failure } from '../terminal/failure.ts';
import {
  type BackupDir,
  backupDir,
  beginBackup,
  finishBackup,
  listBackups,
  openFolder,
  writeMeasured,
} from './backup-folder.ts';
import { type BlobTally, copyBlobs, type KnownBlobs, type WantedBlob } from './copy-blobs.ts';
import { judgeRelations } from './judge-relations.ts';
import { backupId, type Manifest, type TableFacts } from './manifest.ts';
import { knownBlobs, openBackup } from './open-backup.ts';
import { sealManifest } from './seal-manifest.ts';

export interface BackupOptions {
  /** A login that may become causeway_backup. A secret. */
  readonly url: string;
  readonly out: string;
  /** Null: a backup of the rows alone. */
  readonly blobs: BlobFiles | null;
  /** What opens the key-encryption key; null: the backup is not sealed. */
  readonly source: KekSource | null;
  readonly say: (doing: string) => void;
}

export interface BackupReport {
  readonly id: string;
  readonly dir: string;
  readonly isSealed: boolean;
  readonly tables: number;
  readonly rows: number;
  readonly blobs: Pick<BlobTally, 'count' | 'totalBytes' | 'fetched'> | null;
  readonly missing: Manifest['missingBlobs'];
  readonly newestMigration: string;
}

/**
 * Copies all tenants' rows, as they are at one moment, and the blobs that they name. The backup has its name when all of it is on
 * the disk; one that fails or is killed leaves nothing that looks like one.
 *
 * @throws Failure where rows would be left out without a word, the disk is full, or the passphrase is of another database
 */
export async function writeBackup(options: BackupOptions): Promise<BackupReport> {
  const root = openFolder(options.out);
  const draft = beginBackup(root);
  try {
    const taken = await withSnapshot(options.url, (snapshot) => copyRows(snapshot, draft, options));
    const { manifest, tally } = await addBlobs(taken, draft, root, options);
    const text = `${JSON.stringify(manifest, null, 1)}\n`;
    const seal = await sealOf(text, manifest, options.source);
    await writeMeasured(draft.manifest, chunksOf(text));
    if (seal !== null) await writeMeasured(draft.seal, chunksOf(`${seal}\n`));
    const { dir } = await finishBackup(draft, manifest.id);
    const report = reportOf(manifest, tally, dir, seal !== null);
    await recordBackup(options.url, manifest.id, {
      rows: report.rows,
      blobs: tally.count,
      sealed: report.isSealed,
    });
    return report;
  } catch (error) {
    rmSync(draft.dir, { recursive: true, force: true });
    throw isDiskFull(error) ? diskFull(root) : error;
  }
}

type RowsOnly = Omit<Manifest, 'blobs' | 'missingBlobs'>;

async function copyRows(
  snapshot: Snapshot,
  draft: BackupDir,
  { say, blobs }: BackupOptions,
): Promise<RowsOnly> {
  const { copied, leftOut, problems } = judgeRelations(snapshot.relations);
  if (problems.length > 0) throw incomplete(problems);
  const tables: TableFacts[] = [];
  for (const { name, columns } of copied) {
    say(name);
    const { lines, ...facts } = await writeMeasured(draft.tableFile(name), snapshot.rows({ name, columns }));
    tables.push({ name, columns: [...columns], rows: lines, ...facts });
  }
  if (blobs !== null) await writeMeasured(wantedFile(draft), snapshot.blobPaths());
  return {
    format: 'causeway-backup/1',
    id: backupId(snapshot.takenAt),
    migrations: [...snapshot.migrations],
    tables,
    leftOut: [...leftOut],
    checkpoint: snapshot.checkpoint,
    keks: snapshot.keks.map((kek) => ({ ...kek })) as Manifest['keks'],
  };
}

/** After the snapshot has ended: a blob never changes, and what is swept meanwhile is told as missing. */
async function addBlobs(
  rows: RowsOnly,
  draft: BackupDir,
  root: string,
  { blobs: store, say, source }: BackupOptions,
): Promise<{ manifest: Manifest; tally: BlobTally }> {
  const tally: BlobTally = { count: 0, totalBytes: 0, fetched: 0, missing: [] };
  if (store === null) return { manifest: { ...rows, blobs: null, missingBlobs: [] }, tally };
  const known = await lastKnown(root, source);
  const lines = async function* (): AsyncGenerator<Uint8Array> {
    for await (const blob of copyBlobs(readWanted(wantedFile(draft)), { store, root, known }, tally)) {
      say(`${tally.count} blobs, ${tally.fetched} fetched`);
      yield Buffer.from(`${JSON.stringify(blob)}\n`);
    }
  };
  const { bytes, sha256 } = await writeMeasured(draft.blobList, lines());
  rmSync(wantedFile(draft));
  const { count, totalBytes, missing } = tally;
  return { manifest: { ...rows, blobs: { bytes, sha256, count, totalBytes }, missingBlobs: missing }, tally };
}

/** What the newest backup in the folder has, where it is proven: nobody else's word is taken for what a blob is. */
async function lastKnown(root: string, source: KekSource | null): Promise<KnownBlobs> {
  const newest = listBackups(root).at(-1);
  if (newest === undefined || source === null) return new Map();
  try {
    return await knownBlobs(
      await openBackup(backupDir(join(root, newest)), { source, acceptUnsealed: false }),
    );
  } catch (error) {
    if (error instanceof Failure) return new Map();
    throw error;
  }
}

async function sealOf(
  text: string,
  { id, keks }: Manifest,
  source: KekSource | null,
): Promise<string | null> {
  if (source === null || keks.length === 0) return null;
  const seal = await sealManifest(text, id, keks, source);
  if (seal !== null) return seal;
  throw new Failure({
    what: 'No backup was made.',
    why: `what ${source.settings} gives opens no key of this database, so the backup could not be sealed, and not be used with it either`,
    remedy: 'give the passphrase of the deployment',
  });
}

function reportOf(manifest: Manifest, tally: BlobTally, dir: string, isSealed: boolean): BackupReport {
  const { count, totalBytes, fetched } = tally;
  return {
    id: manifest.id,
    dir,
    isSealed,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    blobs: manifest.blobs === null ? null : { count, totalBytes, fetched },
    missing: manifest.missingBlobs,
    newestMigration: manifest.migrations.at(-1)?.name ?? '',
  };
}

async function* readWanted(file: string): AsyncGenerator<WantedBlob> {
  for await (const line of readLines(file)) {
    const [path = '', isPurged] = line.split('\t');
    yield { path, isPurged: isPurged === 't' };
  }
}

function wantedFile(draft: BackupDir): string {
  return join(draft.dir, 'blobs.wanted');
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function incomplete(problems: readonly string[]): Failure {
  return new Failure({
    what: 'No backup was made: it would lack rows.',
    why: problems.join('; '),
    remedy: './causeway migrate, where migrations are missing; else what stands above',
  });
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function diskFull(root: string): Failure {
  return new Failure({
    what: 'No backup was made.',
    why: `the disk of ${root} is full; what was written of it is removed`,
    remedy: 'make room, remove backups that are no longer needed, or write elsewhere: --out DIR',
  });
}
