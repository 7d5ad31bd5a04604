import type { KekSource } from '../../worker/keys/kek-source.ts';
import type { StoredKek } from '../../worker/keys/key-encryption-key.ts';
import { readLines } from '../audit/read-lines.ts';
import { Failure } from '../terminal/failure.ts';
import { type BackupDir, blobFile, measureFile, readText } from './backup-folder.ts';
import { type BlobFacts, type FileFacts, type Manifest, readBlobLine, readManifest } from './manifest.ts';
import { proveManifest } from './seal-manifest.ts';

/** A backup whose manifest is proven: what it says of files may be believed, the files themselves not yet. */
export interface OpenedBackup {
  readonly manifest: Manifest;
  readonly files: BackupDir;
  readonly isSealed: boolean;
}

export interface Trust {
  /** What opens the key-encryption key; null: neither passphrase nor KMS is at hand. */
  readonly source: KekSource | null;
  /** Takes a backup that nobody sealed, and one whose seal cannot be proven for want of a key. */
  readonly acceptUnsealed: boolean;
}

/** @throws Failure where the manifest is not what ./causeway backup wrote with the operator's passphrase */
export async function openBackup(files: BackupDir, trust: Trust): Promise<OpenedBackup> {
  const text = readText(files.manifest);
  const manifest = text === null ? null : readManifest(text);
  if (text === null || manifest === null)
    throw refused('manifest.json is not what ./causeway backup writes', 'take another backup');
  if (!files.dir.endsWith(`/${manifest.id}`))
    throw refused(
      `manifest.json is of the backup ${manifest.id}, and the folder is ${files.dir}`,
      'put them back together, or take another backup',
    );
  const isSealed = await judgeSeal(text, manifest, readText(files.seal)?.trim() ?? null, trust);
  return { manifest, files, isSealed };
}

async function judgeSeal(
  text: string,
  { id, keks }: Manifest,
  seal: string | null,
  { source, acceptUnsealed }: Trust,
): Promise<boolean> {
  if (source !== null && seal !== null) {
    const verdict = await proveManifest(text, { id, keks: keks as readonly StoredKek[], seal }, source);
    if (verdict === 'proven') return true;
    throw verdict === 'forged'
      ? refused(
          'manifest.json is not what was sealed: somebody without the passphrase changed it or manifest.seal, or one of them was cut',
          'take another backup, and find out who writes to this folder',
        )
      : refused(
          `what ${source.settings} gives is not the key of the time of this backup`,
          'set KEY_PASSPHRASE (or KMS_KEY and its companions) to what the deployment had at that time',
        );
  }
  if (acceptUnsealed) return false;
  throw seal === null
    ? refused(
        'it is not sealed, so anybody may have made or changed it',
        'say --unsealed, if nobody else can write to this folder; make the next one with KEY_PASSPHRASE (or KMS_KEY) set',
      )
    : refused(
        'neither KEY_PASSPHRASE nor KMS_KEY is set: it proves that nobody changed the backup, and opens what is sealed in it',
        'set what the deployment had at the time of the backup: KEY_PASSPHRASE (of a stack of ./causeway up: keyPassphrase in its secrets.json), or KMS_KEY and its companions',
      );
}

export interface Progress {
  readonly say: (doing: string) => void;
}

/**
 * Reads every file of a backup and compares it with the manifest.
 *
 * @throws Failure that names the first file which is not what was backed up
 */
export async function proveFiles(
  { manifest, files }: OpenedBackup,
  root: string,
  { say }: Progress,
): Promise<void> {
  for (const table of manifest.tables) {
    say(table.name);
    const file = files.tableFile(table.name);
    const found = await measureFile(file);
    requireSame(`tables/${table.name}.copy`, found, table);
    if (found?.lines !== table.rows)
      throw refused(`tables/${table.name}.copy has ${found?.lines} rows instead of ${table.rows}`, ANOTHER);
  }
  if (manifest.blobs === null) return;
  requireSame('blobs.jsonl', await measureFile(files.blobList), manifest.blobs);
  let count = 0;
  for await (const blob of blobsOf({ files })) {
    requireSame(`the blob ${blob.path}`, await measureFile(blobFile(root, blob.sha256)), blob);
    say(`${++count} of ${manifest.blobs.count} blobs`);
  }
}

const ANOTHER = 'take another backup; the others in this folder may be whole';

/** Says what is wrong with a file, if anything is. */
export function requireSame(what: string, found: FileFacts | null, wanted: FileFacts): void {
  if (found === null) throw refused(`${what} is missing`, ANOTHER);
  if (found.bytes !== wanted.bytes)
    throw refused(`${what} has ${found.bytes} bytes instead of ${wanted.bytes}`, ANOTHER);
  if (found.sha256 !== wanted.sha256)
    throw refused(`${what} is not what was backed up: its SHA-256 differs`, ANOTHER);
}

/** The blobs of a backup. */
export async function* blobsOf({ files }: Pick<OpenedBackup, 'files'>): AsyncGenerator<BlobFacts> {
  for await (const line of readLines(files.blobList)) {
    const blob = readBlobLine(line);
    if (blob === null) throw refused('blobs.jsonl holds a line that names no blob', ANOTHER);
    yield blob;
  }
}

/** What a proven backup says of its blobs. */
export async function knownBlobs({ manifest, files }: OpenedBackup): Promise<ReadonlyMap<string, FileFacts>> {
  if (manifest.blobs === null) return new Map();
  requireSame('blobs.jsonl', await measureFile(files.blobList), manifest.blobs);
  const known = new Map<string, FileFacts>();
  for await (const { path, ...facts } of blobsOf({ files })) known.set(path, facts);
  return known;
}

function refused(why: string, remedy: string): Failure {
  return new Failure({ what: 'The backup is refused.', why, remedy });
}
