import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../infra/sandbox-image/store/make-folder.ts';
import { DIR_BYTES_MAX, folderFault, lockFault } from './state-fault.ts';

const SWEEP_TIMEOUT_MS = 60_000;
const SWEEP_POLL_MS = 50;
/** With which flock(1) ends where somebody else has the lock. */
const TAKEN = 75;

/** What a state folder is held for. A sweep is soon done, so the next holder waits for it. */
export type Purpose = 'serve' | 'sweep';

export type StateHeld =
  | {
      readonly ok: true;
      /** The folder without symbolic links. */
      readonly dir: string;
      /** Names what belongs to this state folder outside of it, as cgroups: the same after each restart. */
      readonly tag: string;
      release(): void;
    }
  | {
      readonly ok: false;
      /** True where another executor or a sweep holds the folder; false where the host lets nobody hold it. */
      readonly isHeld: boolean;
      readonly reason: string;
    };

type Held =
  | { readonly ok: true; release(): void }
  | { readonly ok: false; readonly isHeld: boolean; readonly reason: string };

/** The tag of a state folder, given without symbolic links. */
export function stateTag(dir: string): string {
  return createHash('sha256').update(dir).digest('hex').slice(0, 12);
}

/**
 * Makes a state folder this process's alone, also among containers that share it: two executors in one would sweep away each
 * other's sandboxes. The locks are of the folder and of a file in it (flock(2)), and the kernel releases them however the process
 * ends.
 */
export async function holdState(stateDir: string, purpose: Purpose = 'serve'): Promise<StateHeld> {
  const folder = openFolder(stateDir);
  if (!folder.ok) return { ...folder, isHeld: false };
  const { dir } = folder;
  const held = await (purpose === 'serve' ? holdToServe(dir) : holdToSweep(dir));
  return held.ok ? { ...held, dir, tag: stateTag(dir) } : held;
}

type Folder = { readonly ok: true; readonly dir: string } | { readonly ok: false; readonly reason: string };

/** The folder without symbolic links, made where there was none. */
function openFolder(stateDir: string): Folder {
  try {
    makeFolder(stateDir, 0o700);
    const dir = realpathSync(stateDir);
    return Buffer.byteLength(dir) > DIR_BYTES_MAX
      ? { ok: false, reason: folderFault(dir, 'ENAMETOOLONG') }
      : { ok: true, dir };
  } catch (error) {
    return { ok: false, reason: folderFault(stateDir, codeOf(error)) };
  }
}

const sweepFile = (dir: string): string => join(dir, 'sweep.lock');
const noteFile = (dir: string): string => join(dir, 'served-by');

/** Who serves has the folder itself alone, and begins when nobody sweeps it any more. */
async function holdToServe(dir: string): Promise<Held> {
  const alone = await lockFolder(dir);
  if (alone === 'taken') return { ok: false, isHeld: true, reason: servedBy(dir) };
  if (!alone.ok) return alone;
  nameHolder(dir);
  const swept = await untilSwept(dir, () => lock(dir, sweepFile(dir), 'shared'));
  if (swept.ok) swept.release();
  else alone.release();
  return swept.ok ? alone : swept;
}

/** One who only looks whether it is served shares it for a moment, and is no reason to be refused it. */
async function lockFolder(dir: string): Promise<Held | 'taken'> {
  for (;;) {
    const alone = await lock(dir, dir, 'exclusive');
    if (alone !== 'taken') return alone;
    const looked = await lock(dir, dir, 'shared');
    if (looked === 'taken' || !looked.ok) return looked;
    looked.release();
    await delay(SWEEP_POLL_MS);
  }
}

/** Who sweeps has a lock of its own alone, and leaves a folder alone that is served. */
function holdToSweep(dir: string): Promise<Held> {
  return untilSwept(dir, async () => {
    const alone = await lock(dir, sweepFile(dir), 'exclusive');
    if (alone === 'taken' || !alone.ok) return alone;
    const looked = await lock(dir, dir, 'shared');
    if (looked !== 'taken' && looked.ok) {
      looked.release();
      return alone;
    }
    alone.release();
    return looked === 'taken' ? { ok: false, isHeld: true, reason: servedBy(dir) } : looked;
  });
}

/** Tries until nobody sweeps any more. */
async function untilSwept(dir: string, attempt: () => Promise<Held | 'taken'>): Promise<Held> {
  const until = performance.now() + SWEEP_TIMEOUT_MS;
  while (performance.now() < until) {
    const held = await attempt();
    if (held !== 'taken') return held;
    await delay(SWEEP_POLL_MS);
  }
  return {
    ok: false,
    isHeld: true,
    reason: `What a killed executor left in ${dir} has been swept for a minute and is not gone. Look for processes that name this folder, and end them.`,
  };
}

/**
 * Locks a file, or the folder itself, which nobody deletes while a stack runs as one does with a file that looks left over. The lock
 * belongs to the open file, which flock(1) shares with us for a moment and we keep: no child inherits it, so it ends
 * with us.
 */
async function lock(dir: string, file: string, mode: 'exclusive' | 'shared'): Promise<Held | 'taken'> {
  let opened: number;
  try {
    opened = file === dir ? openSync(dir, 'r') : openSync(file, 'a', 0o600);
  } catch (error) {
    return { ok: false, isHeld: false, reason: lockFault(dir, codeOf(error)) };
  }
  const release = (): void => closeSync(opened);
  const args = [`--${mode}`, '--nonblock', '--conflict-exit-code', `${TAKEN}`, '3'];
  const flock = spawn('flock', args, { stdio: ['ignore', 'ignore', 'inherit', opened] });
  const ended = await once(flock, 'exit').then(([code]) => code as number | null, codeOf);
  if (ended === 0) return { ok: true, release };
  release();
  return ended === TAKEN ? 'taken' : { ok: false, isHeld: false, reason: lockFault(dir, `flock: ${ended}`) };
}

/** Leaves word for who is refused the folder: the process, and the host or container whose number it is. */
function nameHolder(dir: string): void {
  try {
    writeFileSync(noteFile(dir), `${process.pid} ${hostname()}\n`);
  } catch {
    // A full disk: it is held all the same.
  }
}

function servedBy(dir: string): string {
  const [, pid, host] = /^(\d{1,10}) ([\w.-]{1,64})\n$/.exec(readText(noteFile(dir))) ?? [];
  const who = pid === undefined ? '' : `, process ${pid} of ${host}`;
  return `Another executor uses ${dir}${who}. Give this one a --state of its own.`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? `${error}`;
