import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { urlOfDatabase } from '../../cli/database/provision-database.ts';
import type { WorkerSettings } from '../../cli/settings/schema.ts';
import { readSecrets, type StackSecrets } from '../../cli/stack/secrets.ts';
import { startStack } from '../../cli/stack/start-stack.ts';
import { statePaths } from '../../cli/stack/state-paths.ts';
import type { WorkerEntry } from '../../cli/stack/worker-entry.ts';
import { createBoard } from '../../cli/terminal/board.ts';
import { Failure } from '../../cli/terminal/failure.ts';
import type { Certificates } from '../../cli/tls/certificates.ts';
import { copyPreparedCluster } from './prepared-cluster.ts';

/** What a test may reach of the shared stack: real Postgres, plain workerd, a gVisor executor, and their secrets. */
export interface TestStack {
  readonly publicUrl: string;
  /** Where the Worker listens on 127.0.0.1, whatever stands in front of it. */
  readonly port: number;
  readonly mcpUrl: string;
  /** A token of the development owner with all scopes. */
  readonly apiToken: string;
  readonly email: string;
  /** The login of causeway_owner, for what the operator does. */
  readonly ownerUrl: string;
  /** The login of Postgres' superuser, for looking at what no role may see. */
  readonly superuserUrl: string;
  readonly secrets: StackSecrets;
  readonly stateDir: string;
  readonly pids: Readonly<Record<string, number>>;
}

/** Vitest prints the message of an error alone. */
function withReason(thrown: unknown): never {
  if (!(thrown instanceof Failure)) throw thrown;
  throw new Error([thrown.message, thrown.why, ...thrown.evidence].join('\n'), { cause: thrown });
}

/** As many as files run at once, since tests let runs sleep. */
const SLOTS = 4;

/**
 * Starts the parts that `./causeway up --engine workerd` starts, on free ports and in a folder that is thrown away.
 * With no slots there is no executor: the test plays executors of its own.
 */
export async function startTestStack(
  options: {
    readonly slots?: number;
    readonly settings?: WorkerSettings;
    readonly entry?: WorkerEntry;
    /** The address of what stands in front of it; its own by default. */
    readonly publicUrl?: string;
    /** Serves https://localhost:PORT, and has its executors come by WSS. */
    readonly certificates?: Certificates;
    /** A folder that holds a stack already, as a restored one; it is thrown away too. */
    readonly stateDir?: string;
  } = {},
): Promise<{
  readonly stack: TestStack;
  readonly stop: () => Promise<void>;
}> {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'causeway-test-'));
  const paths = statePaths(stateDir);
  // A migrated database, instead of seconds for each stack; what is made of an empty folder is a matter of tests of the launcher.
  if (options.stateDir === undefined) {
    chmodSync(stateDir, 0o755);
    mkdirSync(paths.postgres, { recursive: true });
    await copyPreparedCluster(paths.postgres);
  }
  const port = await findFreePort();
  const running = await startStack(
    {
      paths,
      port,
      publicUrl:
        options.publicUrl ?? `${options.certificates ? 'https://localhost' : 'http://127.0.0.1'}:${port}`,
      engine: 'workerd',
      slots: options.slots ?? SLOTS,
      durable: false,
      edge: 'cloudflare',
      ...(options.settings === undefined ? {} : { settings: options.settings }),
      ...(options.entry === undefined ? {} : { entry: options.entry }),
      ...(options.certificates === undefined ? {} : { certificates: options.certificates }),
    },
    createBoard(),
    new AbortController().signal,
  ).catch(withReason);
  const secrets = readSecrets(paths);
  if (secrets === null) throw new Error('a started stack has secrets');
  return {
    stack: {
      publicUrl: running.connection.issuer,
      port,
      mcpUrl: running.connection.mcpUrl,
      apiToken: running.connection.apiToken,
      email: running.connection.email,
      ownerUrl: running.ownerUrl,
      superuserUrl: urlOfDatabase(running.superuserUrl, 'causeway'),
      secrets,
      stateDir,
      pids: running.connection.pids,
    },
    async stop() {
      await running.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
