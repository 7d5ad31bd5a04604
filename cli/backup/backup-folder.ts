import { randomBytes } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../../infra/sandbox-image/store/make-folder.ts';
import { Failure } from '../terminal/failure.ts';
import type { FileFacts } from './manifest.ts';
import { Measured } from './measured.ts';

/*
 * A folder of backups:
 *
 *   causeway-backups              what the folder is
 *   blobs/3f/3f9a...              bytes of blobs by their SHA-256, shared by all backups
 *   2026-11-22T09-30-00.000Z/     one backup; its name appears when it is whole
 *     manifest.json  manifest.seal  blobs.jsonl  tables/app.runs.copy ...
 */
const MARKER = 'causeway-backups';
const PARTIAL = /^\.partial-(\d+)-[0-9a-f]{8}$/;
const BACKUP = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/;

/** One backup under its own name, or on its way to it. */
export interface BackupDir {
  readonly dir: string;
  readonly manifest: string;
  readonly seal: string;
  readonly blobList: string;
  tableFile(name: string): string;
}

export function backupDir(dir: string): BackupDir {
  return {
    dir,
    manifest: join(dir, 'manifest.json'),
    seal: join(dir, 'manifest.seal'),
    blobList: join(dir, 'blobs.jsonl'),
    tableFile: (name) => join(dir, 'tables', `${name}.copy`),
  };
}

/** Opens a folder for backups, making it where it is not there, and removes what killed backups left in it. */
export function openFolder(out: string): string {
  const root = resolve(out);
  makeFolder(root, 0o700);
  const found = readdirSync(root);
  if (!found.includes(MARKER)) {
    if (found.length > 0)
      throw new Failure({
        what: 'No backup was made.',
        why: `${root} holds something else than backups`,
        remedy: 'name an empty folder, or one that ./causeway backup has written to: --out DIR',
      });
    writeFileSync(join(root, MARKER), 'Backups of Causeway: docs/backup.md says how to restore one.\n', {
      mode: 0o600,
    });
  }
  const blobs = join(root, 'blobs');
  mkdirSync(blobs, { recursive: true, mode: 0o700 });
  for (const dir of [root, blobs]) removeAbandoned(dir);
  return root;
}

/** A folder of backups is written by one host, so a process that is not here has ended. */
function removeAbandoned(dir: string): void {
  for (const name of readdirSync(dir)) {
    const pid = PARTIAL.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(dir, name), { recursive: true, force: true });
  }
}

/** The ids of whole backups, the oldest first. */
export function listBackups(root: string): readonly string[] {
  return readdirSync(root)
    .filter((name) => BACKUP.test(name))
    .sort();
}

/** Begins a backup under a name that says that it is not whole. */
export function beginBackup(root: string): BackupDir {
  const draft = backupDir(join(root, `.partial-${process.pid}-${randomBytes(4).toString('hex')}`));
  mkdirSync(join(draft.dir, 'tables'), { recursive: true, mode: 0o700 });
  return draft;
}

/** Gives a whole backup its name, once all of it is on the disk. */
export async function finishBackup(draft: BackupDir, id: string): Promise<BackupDir> {
  const root = dirname(draft.dir);
  for (const dir of [join(draft.dir, 'tables'), draft.dir]) await syncToDisk(dir);
  const done = join(root, id);
  if (existsSync(done)) throw new Error(`${done} is there already`);
  renameSync(draft.dir, done);
  await syncToDisk(root);
  return backupDir(done);
}

/** The backup that `--from` names: a folder of backups means its newest. */
export function findBackup(from: string): { readonly root: string; readonly backup: BackupDir } {
  const dir = resolve(from);
  if (existsSync(join(dir, MARKER))) {
    const newest = listBackups(dir).at(-1);
    if (newest !== undefined) return { root: dir, backup: backupDir(join(dir, newest)) };
  }
  if (existsSync(join(dir, 'manifest.json')) && BACKUP.test(basename(dir)))
    return { root: dirname(dir), backup: backupDir(dir) };
  throw new Failure({
    what: 'There is no backup to restore.',
    why: `${dir} is neither a whole backup nor a folder that holds one`,
    remedy:
      'name what ./causeway backup --out wrote, or one backup in it: --from DIR/2026-11-22T09-30-00.000Z',
  });
}

/** Where a blob's bytes lie, by their SHA-256. */
export function blobFile(root: string, sha256: string): string {
  return join(root, 'blobs', sha256.slice(0, 2), sha256);
}

/** Writes a file to the disk and tells what it has become. */
export async function writeMeasured(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<FileFacts & { readonly lines: number }> {
  const measured = new Measured();
  await pipeline(measured.of(chunks), createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }));
  return { bytes: measured.bytes, lines: measured.lines, sha256: measured.sha256() };
}

/** Keeps bytes under their SHA-256: under another name until they are whole. */
export async function keepBlob(root: string, chunks: AsyncIterable<Uint8Array>): Promise<FileFacts> {
  const draft = join(root, 'blobs', `.partial-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    const { bytes, sha256 } = await writeMeasured(draft, chunks);
    const file = blobFile(root, sha256);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    renameSync(draft, file);
    return { bytes, sha256 };
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** What a file is now; null where there is none. */
export async function measureFile(file: string): Promise<(FileFacts & { readonly lines: number }) | null> {
  if (!existsSync(file)) return null;
  const measured = new Measured();
  await pipeline(measured.of(createReadStream(file)), async (chunks) => {
    for await (const _ of chunks);
  });
  return { bytes: measured.bytes, lines: measured.lines, sha256: measured.sha256() };
}

export function readText(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

async function syncToDisk(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
