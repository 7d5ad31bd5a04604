import { findPending, type MigrateOptions, migrate } from '../database/migrate.ts';
import { findCatalogueErrors } from '../database/restore-rows.ts';
import { Failure, reasonOf } from '../terminal/failure.ts';
import type { BackupReport } from './write-backup.ts';

export interface UpgradeReport {
  /** Null where nothing was pending. */
  readonly backup: BackupReport | null;
  readonly applied: readonly string[];
}

/**
 * Backs a database up, applies all pending migrations in one transaction, and looks whether what came of it may be served. A
 * migration that fails leaves the database as it was.
 *
 * @throws Failure that says how to go back
 */
export async function upgradeDatabase(options: {
  readonly ownerUrl: string;
  readonly secrets?: Pick<MigrateOptions, 'appPassword' | 'ticketKeys'>;
  readonly folder?: string;
  readonly takeBackup: () => Promise<BackupReport>;
  readonly say: (doing: string) => void;
}): Promise<UpgradeReport> {
  const { ownerUrl, folder, say, takeBackup, secrets = {} } = options;
  const pending = await findPending(ownerUrl, folder);
  const backup = pending.length === 0 ? null : await takeBackup();
  const { applied } = await migrate({
    ownerUrl,
    ...secrets,
    ...(folder === undefined ? {} : { folder }),
    isAllOrNothing: true,
    onProgress: say,
  }).catch(async (error: unknown) => {
    // Rules, passwords and the look for secrets come after the commit.
    const left = pending.length === 0 ? pending : await findPending(ownerUrl, folder).catch(() => pending);
    if (pending.length > 0 && left.length === 0) throw unservable(reasonOf(error), backup);
    throw new Failure({
      what: 'The database was not upgraded, and is as it was before.',
      why: reasonOf(error),
      remedy: `go on with the version that you came from; its Worker still serves this database${backup === null ? '' : `. The backup from before is ${backup.dir}`}`,
    });
  });
  say('checking');
  const errors = await findCatalogueErrors(ownerUrl);
  if (errors.length === 0) return { backup, applied };
  throw unservable(errors.join('; '), backup);
}

function unservable(why: string, backup: BackupReport | null): Failure {
  return new Failure({
    what: 'The database was upgraded, but must not be served like this.',
    why,
    remedy: `mend what is named; or go back: restore ${backup?.dir ?? 'the last backup'} into a new database with the version before (./causeway restore), and let its Worker use that one`,
  });
}
