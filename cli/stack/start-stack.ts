import { join } from 'node:path';
import { findFreePort } from '../database/find-free-port.ts';
import { mintJoinToken } from '../identity/mint-join-token.ts';
import type { WorkerSettings } from '../settings/schema.ts';
import type { Board } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import type { Certificates } from '../tls/certificates.ts';
import { requireFreePort } from './check-port.ts';
import { type CleanupStack, createCleanupStack } from './cleanup.ts';
import { type Connection, readConnection, writeConnection } from './connection-file.ts';
import { ensureDevelopmentTenant, livingTenant } from './development-tenant.ts';
import { type Guardian, startGuardian } from './guardian.ts';
import type { Part } from './part.ts';
import { awaitWorker, removeDevVars } from './parts/await-worker.ts';
import { prepareSandbox } from './parts/prepare-sandbox.ts';
import { prepareDatabase, startDatabase } from './parts/start-database.ts';
import { startExecutor } from './parts/start-executor.ts';
import { startPostgresHttp } from './parts/start-postgres-http.ts';
import { prepareBundle, startWorkerd } from './parts/start-workerd.ts';
import { startWrangler } from './parts/start-wrangler.ts';
import { workerSettings } from './parts/worker-settings.ts';
import { readOrCreateSecrets, replaceDevelopmentTenant, type StackSecrets } from './secrets.ts';
import { lockState } from './state-lock.ts';
import { preparePaths, type StatePaths } from './state-paths.ts';
import { WORKER_ENTRIES, type WorkerEntry } from './worker-entry.ts';

/** What runs the Worker. (What runs are isolated by, an executor's engine, is another thing.) */
export type WorkerEngine = 'wrangler' | 'workerd';

export interface StackOptions {
  readonly paths: StatePaths;
  readonly port: number;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** `none` starts all but the Worker, writes `.dev.vars`, and waits for a `npx wrangler dev` by hand. */
  readonly engine: WorkerEngine | 'none';
  /** Absent means what is deployed. */
  readonly entry?: WorkerEntry;
  /** Runs at the same time; 0 starts no executor. */
  readonly slots: number;
  /** Off for stacks that are thrown away. */
  readonly durable: boolean;
  /** Serves `port` by TLS; workerd alone does. The launcher itself then asks by plain http on a port of its own. */
  readonly certificates?: Certificates;
  /** Whether this launcher restarts the stack on SIGUSR2. */
  readonly restarts?: boolean;
  /** Who vouches for a caller's address. Nobody stands in front of a stack on this machine; tests play the edge. */
  readonly edge?: 'cloudflare' | 'none';
  /** Settings of the Worker beyond those that a stack on this machine needs. */
  readonly settings?: WorkerSettings;
}

export interface Stack {
  readonly connection: Connection;
  readonly parts: readonly Part[];
  /** The owner's login on the database; a secret. */
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  /** Resolves with the first part that ended without being asked to. */
  readonly broken: Promise<{ readonly part: Part; readonly how: string }>;
  /** Ends all parts, last started first; once. */
  stop(): Promise<void>;
}

/**
 * Starts a whole stack: Postgres, its HTTP server, the Worker and an executor, side by side where they do not need each
 * other. Where one does not start, or `signal` is aborted, all others are ended before this throws.
 */
export async function startStack(options: StackOptions, board: Board, signal: AbortSignal): Promise<Stack> {
  const cleanup = createCleanupStack();
  const failed = new AbortController();
  try {
    return await startParts(options, board, {
      cleanup,
      failed,
      signal: AbortSignal.any([signal, failed.signal]),
    });
  } catch (thrown) {
    await cleanup.run();
    throw thrown;
  }
}

interface Starting {
  readonly cleanup: CleanupStack;
  /** Aborted by the first part that does not start, so that the others give up. */
  readonly failed: AbortController;
  readonly signal: AbortSignal;
}

async function startParts(options: StackOptions, board: Board, starting: Starting): Promise<Stack> {
  const { paths, publicUrl, certificates } = options;
  const { cleanup, signal } = starting;
  preparePaths(paths);
  const lock = await takeState(options);
  await cleanup.defer(lock.release);
  if (options.engine !== 'none') await requireFreePort(options.port);
  const plainPort = certificates === undefined ? options.port : await findFreePort();
  const secrets = readOrCreateSecrets(paths);
  const guardian = await startGuardian();
  await cleanup.defer(guardian.release);

  const parts: Part[] = [];
  const own = async <P extends Part>(part: P): Promise<P> => {
    await cleanup.defer(part.stop);
    parts.push(part);
    signal.throwIfAborted();
    return part;
  };
  const making: Making = { options, board, cleanup, signal, plainPort, secrets, guardian, own };

  const database = board.step('Database', (say) => makeDatabase(making, say));
  const worker = board.step('Worker', (say) => makeWorker(making, database, say));
  const executor =
    options.slots === 0 ? null : board.step('Executor', (say) => makeExecutor(making, database, worker, say));
  await allOrFirstFailure([database, worker, executor], starting.failed);

  const { owner, ownerUrl, superuserUrl } = await database;
  const connection: Connection = {
    mcpUrl: `${publicUrl}/mcp`,
    consoleUrl: `${publicUrl}/`,
    issuer: publicUrl,
    email: owner.email,
    password: owner.password,
    apiToken: owner.apiToken,
    pids: { launcher: process.pid, ...Object.fromEntries(parts.map(({ name, pid }) => [name, pid])) },
  };
  writeConnection(paths, connection);
  await cleanup.defer(() => writeConnection(paths, { ...connection, pids: {} }));
  lock.describe({ ...holderOf(options, parts), workerPort: plainPort });
  return { connection, parts, ownerUrl, superuserUrl, broken: firstEnd(parts), stop: cleanup.run };
}

/** What the parts of one stack are made with. */
interface Making {
  readonly options: StackOptions;
  readonly board: Board;
  readonly cleanup: CleanupStack;
  readonly signal: AbortSignal;
  /** Where the Worker speaks plain http: the stack's own port, unless that has TLS. */
  readonly plainPort: number;
  readonly secrets: StackSecrets;
  readonly guardian: Guardian;
  /** Gives a part that has started to the stack, which will end it. */
  readonly own: <P extends Part>(part: P) => Promise<P>;
}

type Say = (doing: string) => void;

/** Postgres, its HTTP server and the development tenant, with the settings by which a Worker reaches them. */
async function makeDatabase({ options, guardian, signal, secrets, own }: Making, say: Say) {
  const { paths, publicUrl, durable } = options;
  const database = await own(await startDatabase({ paths, guardian, say, durable }));
  const [http, ownerUrl] = await Promise.all([
    startPostgresHttp({ paths, guardian, signal, postgresPort: database.port }).then(own),
    prepareDatabase(database.superuserUrl, secrets, paths.root),
  ]);
  const tenant = await livingTenant(ownerUrl, secrets.developmentTenant, () =>
    replaceDevelopmentTenant(paths),
  );
  const owner = await ensureDevelopmentTenant(ownerUrl, tenant, readConnection(paths));
  const endpoints = {
    publicUrl,
    postgresPort: database.port,
    postgresHttpPort: http.port,
    edge: options.edge ?? ('none' as const),
    settings: options.settings ?? {},
  };
  return { ...database, ownerUrl, owner, settings: workerSettings(endpoints, secrets) };
}

type Database = ReturnType<typeof makeDatabase>;

async function makeWorker(making: Making, database: Database, say: Say): Promise<void> {
  const { options, board, cleanup, signal, plainPort, guardian, own } = making;
  const { paths, port, certificates, entry = 'product' } = options;
  switch (options.engine) {
    case 'workerd': {
      say('bundling');
      const bundle = await prepareBundle(entry, join(paths.worker, 'home'));
      const { settings } = await database;
      say('starting workerd');
      const tls = certificates === undefined ? {} : { tls: { port, certificates } };
      await own(await startWorkerd({ paths, guardian, signal, settings, port: plainPort, ...tls }, bundle));
      return;
    }
    case 'wrangler': {
      const { settings } = await database;
      await own(await startWrangler(entry, { paths, guardian, signal, port, settings }));
      return;
    }
    case 'none': {
      const { settings } = await database;
      board.note(
        `Now start the Worker in another terminal: npx wrangler dev ${WORKER_ENTRIES[entry]} --port ${port}`,
      );
      await cleanup.defer(removeDevVars);
      await awaitWorker({ port, settings, signal });
    }
  }
}

async function makeExecutor(
  { options, guardian, signal, own }: Making,
  database: Database,
  workerReady: Promise<void>,
  say: Say,
): Promise<void> {
  const { paths, publicUrl, port, slots, certificates } = options;
  const image = await prepareSandbox(paths, say, signal);
  say('proving its isolation');
  const worker =
    certificates === undefined
      ? { url: `http://127.0.0.1:${port}` }
      : { url: `https://localhost:${port}`, caFile: certificates.caFile };
  const mint = async () => mintJoinToken((await database).ownerUrl);
  await own(
    await startExecutor({
      paths,
      guardian,
      signal,
      ...worker,
      publicUrl,
      workerReady,
      slots,
      image,
      mintJoinToken: mint,
    }),
  );
}

async function takeState(options: StackOptions) {
  const lock = await lockState(options.paths.root, holderOf(options, []));
  if ('release' in lock) return lock;
  throw new Failure({
    what: `The state folder ${options.paths.root} is in use.`,
    why: `process ${lock.pid} runs a stack in it since ${lock.startedAt}, at ${lock.publicUrl}`,
    remedy:
      'use that one, end it (Ctrl-C, or kill that process), or start this one elsewhere: --state DIR --port PORT',
  });
}

function holderOf(options: StackOptions, parts: readonly Part[]) {
  return {
    pid: process.pid,
    publicUrl: options.publicUrl,
    workerPort: options.port,
    startedAt: new Date().toISOString(),
    restarts: options.restarts === true,
    parts: parts.map(({ name, pid, port }) => ({ name, pid, port })),
  };
}

/** Waits until all have ended, so that no part starts behind a cleanup; throws the failure that came first. */
async function allOrFirstFailure(
  works: readonly (Promise<unknown> | null)[],
  failed: AbortController,
): Promise<void> {
  let first: { thrown: unknown } | undefined;
  await Promise.all(
    works.map((work) =>
      work?.catch((thrown: unknown) => {
        first ??= { thrown };
        failed.abort();
      }),
    ),
  );
  if (first) throw first.thrown;
}

function firstEnd(parts: readonly Part[]): Promise<{ part: Part; how: string }> {
  return Promise.race(parts.map((part) => part.ended.then((how) => ({ part, how }))));
}
