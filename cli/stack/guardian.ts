import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT_DIR } from './state-paths.ts';

/** Knows the process groups that must not outlive the launcher. */
export interface Guardian {
  readonly pid: number;
  watch(group: number): void;
  forget(group: number): void;
  /** Lets it go; whatever it still watches is ended. */
  release(): Promise<void>;
}

const SCRIPT = join(ROOT_DIR, 'infra/guardian/guardian.sh');

/** Starts the guardian (`infra/guardian/guardian.sh`) in a session of its own, so that no Ctrl-C reaches it. */
export async function startGuardian(): Promise<Guardian> {
  const child = spawn('/bin/sh', [SCRIPT], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  if (child.pid === undefined) throw new Error('the guardian has no process id');
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // Writes after its end only say what no longer matters.
  child.stdin.on('error', () => {});
  return {
    pid: child.pid,
    watch: (group) => void child.stdin.write(`+${group}\n`),
    forget: (group) => void child.stdin.write(`-${group}\n`),
    async release() {
      child.stdin.end();
      await ended;
    },
  };
}
