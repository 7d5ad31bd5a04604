import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './find-free-port.ts';
import {
  asPostgresAccount,
  choosePostgresAccount,
  giveFolder,
  type PostgresAccount,
} from './postgres-account.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';

export type PostgresHandle = {
  readonly port: number;
  /** Login of the cluster's superuser `postgres` on the database `postgres`. A secret. */
  readonly superuserUrl: string;
  readonly pid: number;
  /** Resolves with a sentence when the server has ended, also when nobody asked it to. */
  readonly ended: Promise<string>;
  /** Fast shutdown: open transactions are rolled back. Idempotent; escalates after 10 s, then 5 s. */
  readonly stop: () => Promise<void>;
};

export type PostgresOptions = {
  /** Holds `data/`, `superuser-password` and `postgres.log`; made when absent. One server per folder. */
  readonly stateFolder: string;
  /** A free one is taken when absent. */
  readonly port?: number;
  /** Off only for throw-away clusters: a crash of the machine may then lose the cluster. */
  readonly fsync?: boolean;
  readonly connectionsMax?: number;
  readonly onProgress?: (message: string) => void;
};

const START_TIMEOUT_MS = 30_000;
const STOP_FAST_MS = 10_000;
const STOP_IMMEDIATE_MS = 5_000;
const AGAIN_MS = 100;
/**
 * What a new server says while an earlier one that was killed (kill -9, out of memory) is not quite gone, and for how
 * long we try again: until the children of that one have ended, or it has ended itself. The second is also said where
 * that one is alive, so it is tried for a short time only.
 */
const STILL_THERE: Readonly<Record<string, number>> = {
  'is still in use': START_TIMEOUT_MS,
  'lock file "postmaster.pid" already exists': 3_000,
};
const READY_MARK = 'database system is ready to accept connections';

/**
 * Starts a real Postgres on 127.0.0.1 from the npm-delivered binaries, creating its cluster on first use (about 1 s;
 * later starts take about 50 ms). Logins need the password (SCRAM-SHA-256), there is no unix socket, and the server
 * ends with this process.
 *
 * @throws Error with the end of the server's log when it cannot start
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresHandle> {
  const stateFolder = resolve(options.stateFolder);
  const onProgress = options.onProgress ?? (() => {});
  mkdirSync(stateFolder, { recursive: true });
  const binaries = await findPostgresBinaries();
  const password = readOrCreatePassword(join(stateFolder, 'superuser-password'));
  const dataFolder = join(stateFolder, 'data');
  const isMade = existsSync(join(dataFolder, 'PG_VERSION'));
  if (!isMade) removeHalfMade(dataFolder);
  const account = choosePostgresAccount(binaries.folder, dataFolder);
  if (!isMade) {
    onProgress('creating the Postgres cluster');
    await makeCluster(binaries, account, dataFolder, password);
  }
  const port = options.port ?? (await findFreePort());
  onProgress(`starting Postgres on 127.0.0.1:${port}`);
  const args = serverArguments(dataFolder, port, options);
  const [command, commandArgs] = asPostgresAccount(account, binaries.postgres, args, true);
  const logFile = join(stateFolder, 'postgres.log');
  for (const sinceMs = performance.now(); ; await delay(AGAIN_MS)) {
    // A session of its own: Ctrl-C in the terminal is for the launcher, which ends Postgres after those that use it.
    const child = spawn(command, commandArgs, {
      detached: true,
      env: childEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = endOf(child);
    const refusal = await waitUntilReady(child, logFile);
    if (refusal !== null && performance.now() - sinceMs < patienceWith(refusal)) {
      onProgress('waiting for what is left of a server that was killed');
      continue;
    }
    if (refusal !== null) throw new Error(`Postgres did not start on port ${port}: ${refusal}`);
    if (child.pid === undefined) throw new Error('Postgres has no process id');
    return {
      port,
      superuserUrl: `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
      pid: child.pid,
      ended,
      stop: () => stopServer(child, ended),
    };
  }
}

function patienceWith(refusal: string): number {
  return Object.entries(STILL_THERE).find(([says]) => refusal.includes(says))?.[1] ?? 0;
}

function serverArguments(dataFolder: string, port: number, options: PostgresOptions): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: String(options.connectionsMax ?? 60),
    shared_buffers: '64MB',
    jit: 'off',
    fsync: options.fsync === false ? 'off' : 'on',
    full_page_writes: options.fsync === false ? 'off' : 'on',
    wal_level: 'minimal',
    max_wal_senders: '0',
    min_wal_size: '16MB',
    max_wal_size: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', dataFolder, '-p', String(port), ...flags];
}

const DRAFT = '.draft-';

/**
 * A cluster has its name when it is whole: initdb writes PG_VERSION first and its databases last, so a half-made one would open as a
 * server without them. Each draft has a name of its own, because an initdb may outlive for a moment who called it.
 */
async function makeCluster(
  binaries: PostgresBinaries,
  account: PostgresAccount,
  dataFolder: string,
  password: string,
): Promise<void> {
  const draft = `${dataFolder}${DRAFT}${randomBytes(4).toString('hex')}`;
  await initialiseCluster(binaries, account, draft, password);
  renameSync(draft, dataFolder);
}

/** What starts that were killed left. */
function removeHalfMade(dataFolder: string): void {
  const drafts = readdirSync(dirname(dataFolder))
    .filter((name) => name.startsWith(`${basename(dataFolder)}${DRAFT}`))
    .map((name) => join(dirname(dataFolder), name));
  for (const path of [dataFolder, ...drafts]) rmSync(path, { recursive: true, force: true });
}

async function initialiseCluster(
  binaries: PostgresBinaries,
  account: PostgresAccount,
  dataFolder: string,
  password: string,
): Promise<void> {
  mkdirSync(dataFolder, { mode: 0o700 });
  giveFolder(account, dataFolder);
  const passwordFile = `${dataFolder}.password`;
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  giveFolder(account, passwordFile);
  const args = [
    `--pgdata=${dataFolder}`,
    '--username=postgres',
    '--auth-host=scram-sha-256',
    '--auth-local=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--wal-segsize=4',
    '--no-sync',
  ];
  const [command, commandArgs] = asPostgresAccount(account, binaries.initdb, args, true);
  const child = spawn(command, commandArgs, { env: childEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const reason = await endOf(child);
  rmSync(passwordFile, { force: true });
  if (child.exitCode !== 0)
    throw new Error(`initdb could not create ${dataFolder} (${reason}): ${output.trim()}`);
}

/** Why the server did not start, with the end of its log; null where it did. */
function waitUntilReady(child: ChildProcess, logFile: string): Promise<string | null> {
  return new Promise((done) => {
    let seen = '';
    const refuse = (reason: string): void => {
      clearTimeout(timer);
      done(`${reason}\n${seen.slice(-2_000).trim()}`);
    };
    const timer = setTimeout(() => {
      child.kill('SIGQUIT');
      refuse(`not ready after ${START_TIMEOUT_MS / 1000} s; its log is ${logFile}`);
    }, START_TIMEOUT_MS);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      appendFileSync(logFile, text, { mode: 0o600 });
      if (seen === READY_MARK) return;
      seen += text;
      if (!seen.includes(READY_MARK)) return;
      clearTimeout(timer);
      seen = READY_MARK;
      done(null);
    });
    child.once('close', (code, signal) => refuse(`it ended (${signal ?? `exit ${code}`})`));
    child.once('error', (error) => refuse(error.message));
  });
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (code, signal) => done(signal ? `ended by ${signal}` : `exit code ${code}`));
  });
}

async function stopServer(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const steps = [
    ['SIGINT', STOP_FAST_MS],
    ['SIGQUIT', STOP_IMMEDIATE_MS],
    ['SIGKILL', STOP_IMMEDIATE_MS],
  ] as const;
  for (const [signal, waitMs] of steps) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    child.kill(signal);
    const timeout = AbortSignal.timeout(waitMs);
    await Promise.race([ended, new Promise((giveUp) => timeout.addEventListener('abort', giveUp))]);
  }
  await ended;
}

function readOrCreatePassword(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return password;
}

// Nothing of this process' environment (tokens, PG* settings) reaches the server.
function childEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
