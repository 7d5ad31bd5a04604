import { type ChildProcess, spawn } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stateTag } from '../../executor/hold-state.ts';
import { ownHierarchies } from '../../executor/sandbox/cgroup.ts';
import { JOIN_TOKEN } from './peer-identity.ts';
import type { PoolPeer } from './pool-peer.ts';
import { CACHE_DIR } from './sandbox-host.ts';
import { imageArgs } from './signed-image.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'executor', 'main.ts');

export interface ExecutorProcess {
  readonly child: ChildProcess;
  /** What followed READY on stdout. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stderr(): string;
}

export async function makeStateDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-executor-'));
  await writeFile(join(dir, 'join-token'), `${JOIN_TOKEN}\n`, { mode: 0o600 });
  return dir;
}

export function removeStateDir(dir: string): Promise<void> {
  return rm(dir, { recursive: true, force: true });
}

/** Starts `executor/main.ts` as the launcher does and waits for READY; throws with its stderr where it ends before. */
export function startExecutorProcess(
  peer: Pick<PoolPeer, 'url'>,
  stateDir: string,
  ...args: string[]
): Promise<ExecutorProcess> {
  return startExecutorUnder([], peer.url, stateDir, args);
}

/** The same with arguments for node itself. */
export async function startExecutorUnder(
  node: readonly string[],
  url: string,
  stateDir: string,
  args: readonly string[],
): Promise<ExecutorProcess> {
  const child = spawn(
    process.execPath,
    [
      ...node,
      MAIN,
      ...['--url', url, '--state', stateDir, '--cache', CACHE_DIR, '--slots', '1'],
      ...['--name', 'under-test', '--join-token-file', join(stateDir, 'join-token')],
      ...(await imageArgs(CACHE_DIR)),
      ...args,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  const stderr: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('READY ')) resolve(line.slice('READY '.length));
    });
  });
  const first = await Promise.race([ready, exited]);
  if (typeof first !== 'string') throw new Error(`the executor ended with ${first.code}: ${stderr.join('')}`);
  return {
    child,
    ready: JSON.parse(first) as Record<string, unknown>,
    exited,
    stderr: () => stderr.join(''),
  };
}

/** What of an executor with this state folder is on the host: processes, mounts, folders of sandboxes, cgroups. */
export async function remains(stateDir: string): Promise<string[]> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8');
  const mounts = mountinfo.split('\n').filter((line) => line.includes(stateDir));
  const sandboxes = await readdir(join(stateDir, 'sandboxes')).catch(() => [] as string[]);
  const processes = await processesOf(stateDir);
  return [...processes, ...mounts, ...sandboxes, ...(await groupsOf(stateDir))];
}

/** Folders of the cgroups of an executor with this state folder, wherever it was started. */
async function groupsOf(stateDir: string): Promise<string[]> {
  const group = `causeway-${stateTag(await realpath(stateDir))}`;
  const depths = ['*', '*/*', '*/*/*', '*/*/*/*'];
  return globSync(depths.map((depth) => `/sys/fs/cgroup/${depth}/${group}`));
}

/** Cgroups of its sandboxes in which nothing runs until they are thawed (v1: freezer.state, v2: cgroup.freeze). */
export async function frozenGroups(stateDir: string): Promise<string[]> {
  const controls = (await groupsOf(stateDir)).flatMap((group) => [
    ...globSync(`${group}/*/freezer.state`),
    ...globSync(`${group}/*/cgroup.freeze`),
  ]);
  return controls.filter((file) => /^(FROZEN|1)$/.test(readFileSync(file, 'utf8').trim()));
}

/** A memory cgroup below ours, to start an executor in: as a shell or a service has one of its own. */
export function otherCgroup() {
  const hierarchies = ownHierarchies(
    readFileSync('/proc/self/cgroup', 'utf8'),
    readFileSync('/proc/self/mountinfo', 'utf8'),
  );
  const own = hierarchies.find(({ controllers }) => controllers.includes('memory')) ?? hierarchies[0];
  if (own === undefined) throw new Error('this host has no cgroups');
  const dir = join(own.dir, `test-${process.pid}`);
  mkdirSync(dir);
  return {
    /** Moves the process that reads this: its children begin where it is. */
    enter: () => writeFileSync(join(dir, 'cgroup.procs'), `${process.pid}`),
    leave: () => writeFileSync(join(own.dir, 'cgroup.procs'), `${process.pid}`),
    remove: () => rmdirSync(dir),
  };
}

/** Command lines of processes that name the state folder: the executor itself, runsc, and every part of a sandbox. */
export async function processesOf(stateDir: string): Promise<string[]> {
  const commands = (await readdir('/proc'))
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => ''));
  return (await Promise.all(commands)).filter((command) => command.includes(stateDir));
}

/** The processes that a process started (proc_pid_stat(5)). */
export async function childrenOf(parent: number): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(join('/proc', pid, 'stat'), 'utf8').catch(() => '');
      const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
      const isChild = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      return isChild ? [{ pid: Number(pid), command }] : [];
    }),
  );
  return found.flat();
}

/** Ids of the processes of a process group (proc_pid_stat(5)). */
export async function membersOf(group: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(
    pids.map((pid) => readFile(join('/proc', pid, 'stat'), 'utf8').catch(() => '')),
  );
  return stats
    .filter((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === group)
    .map((stat) => Number.parseInt(stat, 10));
}
