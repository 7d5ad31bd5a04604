import { migrate } from '../../database/migrate.ts';
import { provisionDatabase } from '../../database/provision-database.ts';
import { startPostgres } from '../../database/start-postgres.ts';
import { Failure, reasonOf } from '../../terminal/failure.ts';
import type { Guardian } from '../guardian.ts';
import { logFileOf, type Part } from '../part.ts';
import { type StackSecrets, sharedSecrets } from '../secrets.ts';
import type { StatePaths } from '../state-paths.ts';

export interface DatabaseOptions {
  readonly paths: StatePaths;
  readonly guardian: Guardian;
  readonly say: (doing: string) => void;
  /** Off only where a crash of the machine may cost the data. */
  readonly durable: boolean;
}

export interface DatabasePart extends Part {
  readonly port: number;
  readonly superuserUrl: string;
}

/** Starts Postgres in the state folder. */
export async function startDatabase(options: DatabaseOptions): Promise<DatabasePart> {
  const { paths, guardian } = options;
  const logFile = logFileOf(paths, 'postgres');
  try {
    const server = await startPostgres({
      stateFolder: paths.postgres,
      fsync: options.durable,
      onProgress: options.say,
    });
    guardian.watch(server.pid);
    return {
      name: 'postgres',
      pid: server.pid,
      port: server.port,
      logFile,
      ended: server.ended,
      superuserUrl: server.superuserUrl,
      stop: async () => {
        await server.stop();
        guardian.forget(server.pid);
      },
    };
  } catch (thrown) {
    throw new Failure({
      what: 'Postgres did not start.',
      why: reasonOf(thrown).split('\n')[0] ?? '',
      remedy: `its log is ${logFile}; a state folder that cannot be saved is removed by ./causeway clean --state ${paths.root}`,
      evidence: reasonOf(thrown).split('\n').slice(1).slice(-8),
    });
  }
}

/** Makes the roles and the database where they are absent, and migrates. Returns the owner's login, a secret. */
export async function prepareDatabase(
  superuserUrl: string,
  secrets: StackSecrets,
  stateDir: string,
): Promise<string> {
  try {
    const { ownerUrl } = await provisionDatabase({
      adminUrl: superuserUrl,
      ownerPassword: secrets.ownerPassword,
    });
    await migrate({ ownerUrl, ...sharedSecrets(secrets) });
    return ownerUrl;
  } catch (thrown) {
    throw new Failure({
      what: 'The database could not be migrated.',
      why: reasonOf(thrown),
      remedy: `mend what is named and start again; a development database that may go is removed by ./causeway clean --state ${stateDir}`,
    });
  }
}
