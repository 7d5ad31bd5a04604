import { existsSync } from 'node:fs';
import type { MigrateOptions } from '../database/migrate.ts';
import { provisionDatabase } from '../database/provision-database.ts';
import { deploymentSecrets } from '../settings/deployment-secrets.ts';
import { Failure } from '../terminal/failure.ts';
import { createCleanupStack } from './cleanup.ts';
import { startGuardian } from './guardian.ts';
import { namesDatabase, ownerUrlOf } from './owner-url.ts';
import { startDatabase } from './parts/start-database.ts';
import { readOrCreateSecrets, sharedSecrets } from './secrets.ts';
import { askHolder, lockState } from './state-lock.ts';
import { preparePaths, statePaths } from './state-paths.ts';

export interface OwnedDatabase {
  /** The login of causeway_owner. A secret. */
  readonly ownerUrl: string;
  /** What the database shares with the Worker, where it is known. */
  readonly secrets?: Pick<MigrateOptions, 'appPassword' | 'ticketKeys'>;
}

/**
 * Does `work` on the database that the options name, that of the stack which runs in the state folder, or, where none runs there, that
 * of the folder, which is started for it and ended after it.
 */
export async function withOwnedDatabase<Result>(
  options: {
    readonly state: string;
    readonly databaseUrl?: string;
    /** For a folder that has no secrets yet: the passphrase of the deployment that it is to continue. */
    readonly keyPassphrase?: string;
    readonly say: (doing: string) => void;
  },
  work: (database: OwnedDatabase) => Promise<Result>,
): Promise<Result> {
  const paths = statePaths(options.state);
  const isNamed = namesDatabase(options);
  const isRunning = !isNamed && existsSync(paths.root) && (await askHolder(paths.root)) !== null;
  if (isNamed || isRunning)
    return work({
      ownerUrl: await ownerUrlOf(options),
      ...(isNamed ? { secrets: deploymentSecrets(process.env) } : {}),
    });

  const cleanup = createCleanupStack();
  try {
    preparePaths(paths);
    const held = {
      pid: process.pid,
      publicUrl: 'no address',
      workerPort: 0,
      startedAt: new Date().toISOString(),
      restarts: false,
      parts: [],
    };
    const lock = await lockState(paths.root, held);
    if (!('release' in lock)) throw inUse(paths.root, lock.pid);
    await cleanup.defer(lock.release);
    const secrets = readOrCreateSecrets(paths, options.keyPassphrase);
    const guardian = await startGuardian();
    await cleanup.defer(guardian.release);
    const server = await startDatabase({ paths, guardian, say: options.say, durable: true });
    await cleanup.defer(server.stop);
    const { ownerUrl } = await provisionDatabase({
      adminUrl: server.superuserUrl,
      ownerPassword: secrets.ownerPassword,
    });
    return await work({ ownerUrl, secrets: sharedSecrets(secrets) });
  } finally {
    await cleanup.run();
  }
}

function inUse(root: string, pid: number): Failure {
  return new Failure({
    what: `The state folder ${root} is in use.`,
    why: `process ${pid} works in it`,
    remedy: 'wait until it has ended, and try again',
  });
}
