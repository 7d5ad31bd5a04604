import type { Command } from 'commander';
import { readAuditKey } from '../audit/read-audit-key.ts';
import { findBackup } from '../backup/backup-folder.ts';
import { type OpenedBackup, openBackup, proveFiles } from '../backup/open-backup.ts';
import { type RestoreReport, restoreBackup } from '../backup/restore-backup.ts';
import { openBlobs } from '../blobs/open-blobs.ts';
import { environmentSource } from '../keys/open-source.ts';
import { namesDatabase } from '../stack/owner-url.ts';
import { withOwnedDatabase } from '../stack/with-database.ts';
import { createBoard } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';

interface RestoreCommand extends DatabaseOptions {
  readonly from: string;
  readonly blobs?: string;
  readonly withoutBlobs?: boolean;
  readonly auditKey?: string;
  readonly unsealed?: boolean;
  readonly check?: boolean;
}

export function registerRestore(program: Command): void {
  withDatabase(program.command('restore'))
    .summary('bring a backup back, into an unused database')
    .description(
      'Proves every file of a backup, then puts it into an unused database and its object store: the rows in one transaction, with all constraints and the audit log proven before it holds. What is tampered with, cut or mixed is refused by name, and nothing is half restored.',
    )
    .requiredOption('--from <dir>', 'a backup, or a folder of backups, of which it takes the newest')
    .option('--check', 'prove the backup, and restore nothing')
    .option(
      '--blobs <dir>',
      'the folder of the object store, where it is one (else: environment BLOB_STORE_URL)',
    )
    .option('--without-blobs', 'the rows alone: the object store is restored by something else')
    .option(
      '--audit-key <key>',
      'the key that audit key printed, or its file: proves who signed the audit log',
    )
    .option('--unsealed', 'take a backup that was made without KEY_PASSPHRASE (or KMS_KEY)')
    .addHelpText(
      'after',
      `
KEY_PASSPHRASE (or KMS_KEY and its companions) in the environment is what the deployment had at the time of the backup.
A stack of this machine opens keys by a passphrase alone.

Examples:
  $ KEY_PASSPHRASE=... ./causeway restore --from /var/backups/causeway --check
  $ KEY_PASSPHRASE=... ./causeway restore --from /var/backups/causeway --state /srv/drill
  $ ./causeway up --engine workerd --state /srv/drill --port 8790      work on the restored stack
  $ KEY_PASSPHRASE=... DATABASE_OWNER_URL=postgres://causeway_owner:...@db.example.com/causeway_2?sslmode=verify-full BLOB_STORE_URL=... \\
    ./causeway restore --from /var/backups/causeway/2026-11-22T09-30-00.000Z`,
    )
    .action(restore);
}

async function restore(options: RestoreCommand): Promise<void> {
  const auditKey =
    options.auditKey === undefined
      ? null
      : await readAuditKey(options.auditKey, '--audit-key', { what: 'Nothing was restored.' });
  const { root, backup } = findBackup(options.from);
  const board = createBoard();
  const trust = { source: environmentSource(), acceptUnsealed: options.unsealed === true };
  const opened = await openBackup(backup, trust);
  await board.step('Proving', (say) => proveFiles(opened, root, { say }));
  if (options.check === true) return tellChecked(opened, options);
  const isNamed = namesDatabase(options);
  if (!isNamed) requireOpenable(opened);
  const blobs = opened.manifest.blobs === null ? null : openBlobs(options);
  const report = await board.step('Restoring', (say) =>
    withOwnedDatabase({ ...options, ...passphraseOf(isNamed), say }, (database) =>
      restoreBackup({ ...database, opened, root, blobs, auditKey, say }),
    ),
  );
  if (options.json) printJson(report);
  else tell(report, isNamed ? null : options.state);
}

function tellChecked({ manifest, isSealed }: OpenedBackup, { json }: RestoreCommand): void {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const blobs = manifest.blobs?.count ?? null;
  if (json)
    printJson({
      id: manifest.id,
      whole: true,
      sealed: isSealed,
      tables: manifest.tables.length,
      rows,
      blobs,
    });
  else
    printResult(
      `${manifest.id} is whole: ${rows} rows of ${manifest.tables.length} tables, ${blobs ?? 'no'} blobs${isSealed ? ', as they were sealed' : '; nobody sealed it'}.`,
    );
}

function tell(report: RestoreReport, state: string | null): void {
  const { id, rows, tables, blobs, audit, migrated } = report;
  printResult(
    `Restored ${id}: ${rows} rows of ${tables} tables, ${blobs === null ? 'no blobs' : `${blobs.count} blobs`}.`,
  );
  printResult(
    `The audit log is proven: ${audit.entries} entries of ${audit.tenants} tenants; ${audit.uncovered} newer ones wait for a checkpoint.`,
  );
  for (const name of migrated) printResult(`  ✓ ${name}`);
  printNote(
    'What was revoked, deleted or changed after that moment is as it was before: go through tokens, members and executors.',
  );
  if (state !== null) printNote(`Start it: ./causeway up --engine workerd --state ${state}`);
  else
    printNote(
      'Deploy the Worker with that database and the same KEY_PASSPHRASE (or KMS_KEY and its companions). CONTEXT_KEY and the password of causeway_app are installed where both stood in the environment; else: ./causeway migrate with them.',
    );
}

/** A stack of this machine has no KMS: what it cannot open by the passphrase would stay closed. */
function requireOpenable({ manifest: { keks } }: OpenedBackup): void {
  const isSet = process.env.KEY_PASSPHRASE !== undefined;
  if (keks.length === 0 || (isSet && keks.some(({ recipe }) => recipe.kind === 'argon2id'))) return;
  throw new Failure({
    what: 'Nothing was restored.',
    why: `a stack of this machine opens keys by a passphrase alone, and ${isSet ? 'those of this backup are by a KMS' : 'KEY_PASSPHRASE is not set'}`,
    remedy: `${isSet ? '' : 'set it, or '}restore into a database of your own (--database-url)`,
  });
}

/** A new stack goes on with the passphrase of the backup. */
function passphraseOf(isNamed: boolean): { readonly keyPassphrase?: string } {
  const { KEY_PASSPHRASE } = process.env;
  return isNamed || KEY_PASSPHRASE === undefined ? {} : { keyPassphrase: KEY_PASSPHRASE };
}
