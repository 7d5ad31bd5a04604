import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { EngineChoice } from './choose-engine.ts';
import type { Config } from './config.ts';

const SCRIPT = join(import.meta.dirname, 'sweep-after-death.sh');
const MAIN = join(import.meta.dirname, 'main.ts');

/**
 * Starts a small process that sweeps (`--sweep`) when this one dies without having released what it had: a container of
 * Docker outlives its executor otherwise, and so does what cgroup v1 has frozen. It is in a session of its own, so that what
 * ends the executor's process group does not end it.
 * @returns the word that all is released; resolves when the process has gone
 */
export function sweepAfterDeath(
  config: Pick<Config, 'dockerSocket'>,
  stateDir: string,
  engine: EngineChoice,
): () => Promise<void> {
  const sweep = ['--sweep', '--state', stateDir, '--engine', engine, '--docker-socket', config.dockerSocket];
  const child = spawn('/bin/sh', [SCRIPT, process.execPath, MAIN, ...sweep], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const gone = once(child, 'exit').catch(() => undefined);
  child.stdin.on('error', () => undefined);
  return async () => {
    child.stdin.end('released\n');
    await gone;
  };
}
