import type { Command } from 'commander';
import { upgradeDatabase } from '../backup/upgrade-database.ts';
import { namesDatabase } from '../stack/owner-url.ts';
import { restartStack } from '../stack/restart-stack.ts';
import { askHolder } from '../stack/state-lock.ts';
import { statePaths } from '../stack/state-paths.ts';
import { withOwnedDatabase } from '../stack/with-database.ts';
import { createBoard } from '../terminal/board.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type BackupCommand, requireDatabase, writeBackupOf } from './backup.ts';
import { withDatabase } from './database-option.ts';

export function registerUpgrade(program: Command): void {
  withDatabase(program.command('upgrade'))
    .summary('bring a deployment to this version: back up, migrate, check, restart')
    .description(
      'Takes a backup, applies all pending migrations in one transaction, and checks what came of it. A migration that fails leaves the database as it was. Then a stack that runs in the state folder starts again with this version, and is waited for; of a database elsewhere it says how its Worker is deployed.',
    )
    .requiredOption('--out <dir>', 'where the backup goes: an empty folder, or one that holds backups')
    .option(
      '--blobs <dir>',
      'the folder of the object store, where it is one (else: environment BLOB_STORE_URL)',
    )
    .option('--without-blobs', 'back up the rows alone')
    .option('--no-restart', 'leave the stack that runs as it is, of the version before')
    .addHelpText(
      'after',
      `
Migrations are forward only. To go back after the Worker was deployed, restore the backup into a new database with the version before.

Examples:
  $ git checkout v0.9 && ./causeway upgrade --out /var/backups/causeway
  $ KEY_PASSPHRASE=... DATABASE_OWNER_URL=postgres://causeway_owner:...@db.example.com/causeway?sslmode=verify-full BLOB_STORE_URL=... \\
    ./causeway upgrade --out /var/backups/causeway && npx wrangler deploy`,
    )
    .action(upgrade);
}

interface UpgradeOptions extends BackupCommand {
  readonly restart: boolean;
}

async function upgrade(options: UpgradeOptions): Promise<void> {
  requireDatabase(options);
  const isNamed = namesDatabase(options);
  const { root } = statePaths(options.state);
  const holder = isNamed ? null : await askHolder(root);
  const board = createBoard();
  const report = await board.step('Upgrade', (say) =>
    withOwnedDatabase({ ...options, say }, (database) =>
      upgradeDatabase({ ...database, takeBackup: () => writeBackupOf(database, options, say), say }),
    ),
  );
  const restarts = options.restart && holder?.restarts === true;
  if (restarts) await board.step('Restart', () => restartStack(root, holder));
  if (options.json) {
    printJson({ ...report, restarted: restarts });
    return;
  }
  for (const name of report.applied) printResult(`  ✓ ${name}`);
  if (report.backup === null) printResult('Nothing was pending: the database is of this version, and sound.');
  else
    printResult(
      `Upgraded by ${report.applied.length} migrations. The backup from before: ${report.backup.dir}`,
    );
  if (restarts) printResult(`${holder.publicUrl} runs this version, and is well.`);
  else printNote(nextStep(isNamed, holder !== null));
}

function nextStep(isNamed: boolean, isRunning: boolean): string {
  if (isNamed)
    return 'Now deploy the Worker of this version: npx wrangler deploy. Until then the old one may fail calls, and its new isolates answer 503. Then ./causeway doctor --url URL says whether it is well.';
  return isRunning
    ? 'Now end the stack that runs there (Ctrl-C) and start it again: its Worker is of the version before.'
    : 'Now start it: ./causeway up';
}
