import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { CgroupGroup } from './cgroup-group.ts';

const FREEZE_TIMEOUT_MS = 1_000;
const FREEZE_POLL_MS = 1;
/** So long it is asked at each turn of the event loop: freezing takes half a millisecond, and the shortest timer as much again. */
const FREEZE_EAGER_MS = 2;

/** The text of a control file, or null where the group or the file is gone. */
export function readControl(dir: string, file: string): string | null {
  try {
    return readFileSync(join(dir, file), 'utf8').trim();
  } catch {
    return null;
  }
}

export function writeControl(dir: string, file: string, value: string | number): void {
  writeFileSync(join(dir, file), `${value}`);
}

/** The number after `key` in a flat keyed file (`oom_kill 3`), or null. */
export function keyedNumber(text: string | null, key: string): number | null {
  const line = text?.split('\n').find((each) => each.startsWith(`${key} `));
  return line === undefined ? null : Number(line.slice(key.length + 1));
}

/** Resolves true once all processes of a group that is being frozen are, false where they are not in time. */
export async function becomesFrozen(isFrozen: () => boolean): Promise<boolean> {
  const beganMs = performance.now();
  while (!isFrozen()) {
    const waitedMs = performance.now() - beganMs;
    if (waitedMs > FREEZE_TIMEOUT_MS) return false;
    await (waitedMs < FREEZE_EAGER_MS ? nextTurn() : delay(FREEZE_POLL_MS));
  }
  return true;
}

export function readNumber(dir: string, file: string): number | null {
  const text = readControl(dir, file);
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}

/** The group and those that an engine made directly below it. */
export function withBelow(dir: string): string[] {
  try {
    const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [dir, ...below.map((entry) => join(dir, entry.name))];
  } catch {
    return [dir];
  }
}

export function sumOver(dirs: readonly string[], count: (dir: string) => number | null): number {
  return dirs.reduce((sum, dir) => sum + (count(dir) ?? 0), 0);
}

export function processIds(dir: string): number[] {
  const text = readControl(dir, 'cgroup.procs');
  return text === null || text === '' ? [] : text.split('\n').map(Number);
}

/** SIGKILL; a process that is gone already is what was wanted. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function removeDir(dir: string): 'removed' | 'absent' {
  try {
    rmdirSync(dir);
    return 'removed';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
}

/** Removes a group, and the executor's group above it when that was its last; EBUSY is thrown for the group itself. */
export function removeGroup(dir: string): void {
  for (const each of withBelow(dir).reverse()) removeDir(each);
  try {
    removeDir(dirname(dir));
  } catch {
    // Another sandbox of this executor still lives under it.
  }
}

/**
 * The group at folders that another process made, perhaps below another cgroup than ours: enough of it to end and remove
 * it, whatever its version.
 */
export function leftGroup(dirs: readonly string[]): Pick<CgroupGroup, 'kill' | 'processes' | 'remove'> {
  const processes = () => [...new Set(dirs.flatMap(withBelow).flatMap(processIds))];
  return {
    processes,
    kill() {
      for (const pid of processes()) killProcess(pid);
      for (const dir of dirs) {
        if (readControl(dir, 'freezer.state') !== null) writeControl(dir, 'freezer.state', 'THAWED');
        if (readControl(dir, 'cgroup.freeze') !== null) writeControl(dir, 'cgroup.freeze', 0);
      }
    },
    remove() {
      for (const dir of dirs) removeGroup(dir);
    },
  };
}
