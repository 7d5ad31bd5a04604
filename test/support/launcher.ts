import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { type Connection, connectionSchema } from '../../cli/stack/connection-file.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';

/** An `./causeway up` as a person started it, and what it printed. */
export interface Launched {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly stateDir: string;
  readonly port: number;
  /** Resolves with the connection when the ready block is printed; rejects with the output when it ends before. */
  readonly ready: Promise<Connection>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly output: () => string;
  /** Resolves when something that matches was printed. */
  readonly outputMatching: (pattern: RegExp) => Promise<void>;
}

/** A folder for one test, removed after it. */
export function temporaryStateDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-launcher-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts `up` in a terminal's manner: a process group of its own, to which Ctrl-C sends SIGINT. */
export async function launchUp(
  options: {
    readonly stateDir?: string;
    readonly port?: number;
    readonly slots?: number;
    readonly tls?: true;
  } = {},
): Promise<Launched> {
  const stateDir = options.stateDir ?? temporaryStateDir();
  const port = options.port ?? (await findFreePort());
  const slots = String(options.slots ?? 1);
  const child = spawn(
    join(ROOT_DIR, 'causeway'),
    [
      ...['up', '--engine', 'workerd', '--port', String(port), '--state', stateDir, '--slots', slots],
      ...(options.tls ? ['--tls'] : []),
    ],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error('./causeway could not be started');
  let output = '';
  const { promise: ready, resolve, reject } = Promise.withResolvers<Connection>();
  const waiting = new Set<() => void>();
  const onOutput = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
    for (const look of waiting) look();
    if (output.includes('Causeway is ready')) resolve(readConnectionOf(stateDir));
  };
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.once('close', (code, signal) => {
      done({ code, signal });
      reject(new Error(`up ended before it was ready:\n${output}`));
    });
  });
  ready.catch(() => {});
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  });
  const outputMatching = (pattern: RegExp): Promise<void> =>
    new Promise((found) => {
      const look = (): void => {
        if (!pattern.test(output)) return;
        waiting.delete(look);
        found();
      };
      waiting.add(look);
      look();
    });
  return { process: child, pid, stateDir, port, ready, ended, output: () => output, outputMatching };
}

function readConnectionOf(stateDir: string): Connection {
  return connectionSchema.parse(JSON.parse(readFileSync(join(stateDir, 'connection.json'), 'utf8')));
}

/** Ctrl-C: the terminal sends SIGINT to the whole foreground process group. */
export function pressCtrlC(launched: Launched): void {
  process.kill(-launched.pid, 'SIGINT');
}

/** Processes, mounts and control groups that belong to a state folder, as lines. */
export function leftoversOf(stateDir: string): readonly string[] {
  return [...processesOf(stateDir), ...mountsOf(stateDir), ...cgroupsOf(stateDir)];
}

const LEFTOVER_TIMEOUT_MS = 60_000;

/** Waits until nothing of a state folder is left, and tells what still is when that takes too long. */
export async function untilNothingIsLeft(stateDir: string): Promise<readonly string[]> {
  const deadline = Date.now() + LEFTOVER_TIMEOUT_MS;
  let left = leftoversOf(stateDir);
  while (left.length > 0 && Date.now() < deadline) {
    await delay(50);
    left = leftoversOf(stateDir);
  }
  return left;
}

/** A process belongs to a folder that its command line, its environment or its working folder names. */
function processesOf(stateDir: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      const texts = ['cmdline', 'environ'].map((file) => readOrEmpty(`/proc/${pid}/${file}`));
      return texts.some((text) => text.includes(stateDir))
        ? [`process ${pid}: ${texts[0]?.replaceAll('\0', ' ')}`]
        : [];
    });
}

function mountsOf(stateDir: string): string[] {
  return readOrEmpty('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(stateDir))
    .map((line) => `mount ${line.split(' ')[4]}`);
}

/** An executor's control groups lie in one that is named after its state folder (`executor/hold-state.ts`). */
function cgroupsOf(stateDir: string): string[] {
  const tag = createHash('sha256').update(join(stateDir, 'executor')).digest('hex').slice(0, 12);
  return foldersBelow('/sys/fs/cgroup')
    .filter((path) => path.endsWith(`/causeway-${tag}`))
    .map((path) => `control group ${path}`);
}

/** Every folder below `dir`; what goes away while it is listed is not there. */
function foldersBelow(dir: string): string[] {
  return tryList(dir).flatMap((name) => [join(dir, name), ...foldersBelow(join(dir, name))]);
}

function tryList(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
