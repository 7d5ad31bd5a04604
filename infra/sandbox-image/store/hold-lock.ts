import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ProvisionProblem } from '../problem.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Runs `work` while no other process provisions below the same state folder. The kernel holds the lock (flock) for a child
 * whose standard input is ours, so it ends with us, however we end.
 */
export async function holdLock<T>(stateDir: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  makeFolder(stateDir);
  const file = path.join(stateDir, 'provision.lock');
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting = setTimeout(onWait, 500);
  try {
    const held = once(holder.stdout, 'data').then(() => true);
    const ended = once(holder, 'close').then(() => false);
    if (!(await Promise.race([held, ended]))) throw new Error('flock ended before it held the lock');
    clearTimeout(waiting);
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || holder.pid !== undefined) throw error;
    throw new ProvisionProblem('tool_missing', 'This host has no flock program.', 'Install util-linux.');
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
  }
}
