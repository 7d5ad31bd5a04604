import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Folders, SandboxLimits } from './engine.ts';
import { SANDBOX_GID, SANDBOX_UID } from './inside.ts';

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 10_000;
const UNMOUNT_TRIES_MAX = 3;

/** The source that /proc/mounts names for our tmpfs: a person who finds one knows whose it is. */
const SOURCE = 'causeway';

function command(program: 'mount' | 'umount', args: readonly string[]) {
  return run(program, args, {
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
}

function tmpfsOptions(bytesMax: number, inodesMax: number): string {
  return `size=${bytesMax},nr_inodes=${inodesMax},nosuid,nodev,noexec,mode=0755,uid=${SANDBOX_UID},gid=${SANDBOX_GID}`;
}

export function foldersUnder(dir: string): Folders {
  return {
    repo: join(dir, 'repo'),
    data: join(dir, 'data'),
    inputs: join(dir, 'inputs'),
    outputs: join(dir, 'outputs'),
    tmp: join(dir, 'tmp'),
  };
}

/**
 * Makes the five folders, /outputs and /tmp each as a tmpfs with its own cap of bytes and inodes. It must be done before
 * the sandbox starts: a tmpfs that is mounted later is invisible inside, and the program would fill the disk below it.
 * One inode of each is the folder itself.
 */
export async function makeFolders(dir: string, limits: SandboxLimits): Promise<Folders> {
  const folders = foldersUnder(dir);
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder, { mode: 0o755, recursive: true })));
  await Promise.all([
    command('mount', [
      '-t',
      'tmpfs',
      '-o',
      tmpfsOptions(limits.outputsBytesMax, limits.outputsInodesMax + 1),
      SOURCE,
      folders.outputs,
    ]),
    command('mount', [
      '-t',
      'tmpfs',
      '-o',
      tmpfsOptions(limits.tmpBytesMax, limits.tmpInodesMax + 1),
      SOURCE,
      folders.tmp,
    ]),
  ]);
  return folders;
}

/** Gives the folders that were made with some caps others, where these differ; the program inside sees them at once. */
export async function resizeFolders(
  folders: Folders,
  made: SandboxLimits,
  asked: SandboxLimits,
): Promise<void> {
  if (asked.outputsBytesMax !== made.outputsBytesMax || asked.outputsInodesMax !== made.outputsInodesMax)
    await resize(folders.outputs, asked.outputsBytesMax, asked.outputsInodesMax);
  if (asked.tmpBytesMax !== made.tmpBytesMax || asked.tmpInodesMax !== made.tmpInodesMax)
    await resize(folders.tmp, asked.tmpBytesMax, asked.tmpInodesMax);
}

async function resize(folder: string, bytesMax: number, inodesMax: number): Promise<void> {
  await command('mount', ['-o', `remount,${tmpfsOptions(bytesMax, inodesMax + 1)}`, folder]);
}

/** Mount points at or below `dir`, deepest first, as /proc/self/mountinfo (proc_pid_mountinfo(5)) lists them. */
export function mountPointsUnder(mountinfo: string, dir: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) =>
      path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((path) => path === dir || path.startsWith(dir + sep))
    .sort((a, b) => b.length - a.length);
}

/** Ends the mounts at these points. A mount that is still busy is detached and goes with its last user. */
async function unmount(points: readonly string[]): Promise<void> {
  await command('umount', ['--lazy', ...points]);
}

/**
 * Unmounts all at or below `dir`. Whoever ends the executor may signal its whole process group or control group (the
 * launcher and systemd do), and then `umount` dies of it halfway: what is still mounted is asked for again.
 */
export async function unmountUnder(dir: string, end = unmount): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const points = mountPointsUnder(await readFile('/proc/self/mountinfo', 'utf8'), dir);
    if (points.length === 0) return;
    try {
      await end(points);
    } catch (error) {
      if (tries === UNMOUNT_TRIES_MAX) throw error;
    }
  }
}
