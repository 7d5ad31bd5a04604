import type { Command } from 'commander';
import { upgradeDatabase } from '../backup/upgrade-database.ts';
import { namesDatabase } from '../stack/owner-url.ts';
import { askHolder } from '../stack/state-lock.ts';
import { statePaths } from '../stack/state-paths.ts';
import { withOwnedDatabase } from '../stack/with-database.ts';
import { createBoard } from '../terminal/board.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type BackupCommand, requireDatabase, writeBackupOf } from './backup.ts';
import { withDatabase } from './database-option.ts';

export function registerUpgrade(program: Command): void {
  withDatabase(program.command('upgrade'))
    .summary('bring a database to this version: back up, migrate, check')
    .description(
      'Takes a backup, applies all pending migrations in one transaction, and checks what came of it. A migration that fails leaves the database as it was. Then the Worker of this version is deployed; it says how.',
    )
    .requiredOption('--out <dir>', 'where the backup goes: an empty folder, or one that holds backups')
    .option(
      '--blobs <dir>',
      'the folder of the object store, where it is one (else: environment BLOB_STORE_URL)',
    )
    .option('--without-blobs', 'back up the rows alone')
    .addHelpText(
      'after',
      `
Migrations are forward only. To go back after the Worker was deployed, restore the backup into a new database with the version before.

Examples:
  $ git checkout v0.9 && ./causeway upgrade --out /var/backups/causeway
  $ KEY_PASSPHRASE=... DATABASE_OWNER_URL=postgres://causeway_owner:...@db.example.com/causeway BLOB_STORE_URL=... \\
    ./causeway upgrade --out /var/backups/causeway && npx wrangler deploy`,
    )
    .action(upgrade);
}

async function upgrade(options: BackupCommand): Promise<void> {
  requireDatabase(options);
  const isNamed = namesDatabase(options);
  const { root } = statePaths(options.state);
  const isRunning = !isNamed && (await askHolder(root)) !== null;
  const report = await createBoard().step('Upgrade', (say) =>
    withOwnedDatabase({ ...options, say }, (database) =>
      upgradeDatabase({ ...database, takeBackup: () => writeBackupOf(database, options, say), say }),
    ),
  );
  if (options.json) {
    printJson(report);
    return;
  }
  for (const name of report.applied) printResult(`  ✓ ${name}`);
  if (report.backup === null) printResult('Nothing was pending: the database is of this version, and sound.');
  else
    printResult(
      `Upgraded by ${report.applied.length} migrations. The backup from before: ${report.backup.dir}`,
    );
  printNote(nextStep(isNamed, isRunning));
}

function nextStep(isNamed: boolean, isRunning: boolean): string {
  if (isNamed)
    return 'Now deploy the Worker of this version: npx wrangler deploy. Until then new isolates of the old one answer 503.';
  return isRunning
    ? 'Now end the stack that runs there (Ctrl-C) and start it again: its Worker is of the version before.'
    : 'Now start it: ./causeway up';
}
