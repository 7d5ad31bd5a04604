import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type BackupReport, writeBackup } from '../backup/write-backup.ts';
import { openBlobs } from '../blobs/open-blobs.ts';
import { findSource } from '../keys/open-source.ts';
import { namesDatabase } from '../stack/owner-url.ts';
import { statePaths } from '../stack/state-paths.ts';
import { type OwnedDatabase, withOwnedDatabase } from '../stack/with-database.ts';
import { createBoard } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';

export interface BackupCommand extends DatabaseOptions {
  readonly out: string;
  readonly blobs?: string;
  readonly withoutBlobs?: boolean;
}

/** What the process ends with where the backup is whole but for blobs that the store has damaged. */
const EXIT_DAMAGED = 3;

export function registerBackup(program: Command): void {
  withDatabase(program.command('backup'))
    .summary('copy all tenants into a folder, as they are at one moment')
    .description(
      'Copies the rows of all tenants (COPY, in one snapshot, by the role that only reads) and the blobs that they name into a folder, while everything is served. A second backup into the same folder fetches new blobs alone. It appears when it is whole.',
    )
    .requiredOption('--out <dir>', 'a folder for backups: an empty one, or one that holds backups')
    .option(
      '--blobs <dir>',
      'the folder of the object store, where it is one (else: environment BLOB_STORE_URL)',
    )
    .option('--without-blobs', 'the rows alone: the object store is backed up by something else')
    .addHelpText(
      'after',
      `
The backup is sealed with the key that KEY_PASSPHRASE (or KMS_KEY and its companions) gives (of this stack: that of the
stack), and holds no key: what is sealed in it opens with that passphrase or KMS alone. Keep the passphrase somewhere else.
Exit code 0: made; 3: made, but for blobs that are damaged in the store.

Examples:
  $ ./causeway backup --out /var/backups/causeway
  $ KEY_PASSPHRASE=... DATABASE_OWNER_URL=postgres://causeway_owner:...@db.example.com/causeway?sslmode=verify-full \\
    BLOB_STORE_URL=https://s3.example.com/causeway BLOB_STORE_ACCESS_KEY_ID=... BLOB_STORE_SECRET_ACCESS_KEY=... \\
    ./causeway backup --out /var/backups/causeway --json`,
    )
    .action(backup);
}

async function backup(options: BackupCommand): Promise<void> {
  const report = await takeBackup(options);
  if (report.missing.some(({ why }) => why === 'damaged')) process.exitCode = EXIT_DAMAGED;
  if (options.json) printJson(report);
  else tell(report);
}

/** Takes a backup as the options say, with a line of progress. */
export async function takeBackup(options: BackupCommand): Promise<BackupReport> {
  requireDatabase(options);
  return createBoard().step('Backup', (say) =>
    withOwnedDatabase({ ...options, say }, (database) => writeBackupOf(database, options, say)),
  );
}

/** A backup of an opened database, with the object store and keys that the options and the environment name. */
export function writeBackupOf(
  { ownerUrl }: OwnedDatabase,
  options: BackupCommand,
  say: (doing: string) => void,
): Promise<BackupReport> {
  const { out } = options;
  return writeBackup({ url: ownerUrl, out, blobs: openBlobs(options), source: findSource(options), say });
}

/** Refuses a folder in which no stack was ever started. */
export function requireDatabase(options: Pick<BackupCommand, 'state' | 'databaseUrl'>): void {
  const paths = statePaths(options.state);
  if (!namesDatabase(options) && !existsSync(paths.secretsFile))
    throw new Failure({
      what: 'There is no database to back up.',
      why: `no stack was ever started in ${paths.root}, and no other database was named`,
      remedy: 'start ./causeway up once, or name a database: --database-url URL',
    });
}

function tell({ dir, tables, rows, blobs, missing, isSealed }: BackupReport): void {
  const copied =
    blobs === null
      ? 'no blobs'
      : `${blobs.count} blobs (${blobs.fetched} new, ${blobs.totalBytes} bytes in all)`;
  printResult(`${dir}: ${rows} rows of ${tables} tables, ${copied}.`);
  const lost = missing.filter(({ why }) => why !== 'purged');
  if (lost.length < missing.length)
    printNote(`${missing.length - lost.length} blobs were purged, and are in no backup from then on.`);
  for (const { path, why } of lost.slice(0, 10)) printNote(`${why} in the object store: ${path}`);
  if (lost.length > 10) printNote(`... and ${lost.length - 10} more.`);
  printNote(
    isSealed
      ? 'It is sealed, and holds no key. Keep KEY_PASSPHRASE somewhere else (or what opens the KMS): without it nothing that is sealed in here opens again, with it everything does.'
      : 'It is NOT sealed, because neither KEY_PASSPHRASE nor KMS_KEY is set: whoever writes to this folder can change it unseen.',
  );
  printNote(`Try it: ./causeway restore --from ${dir} --check`);
}
