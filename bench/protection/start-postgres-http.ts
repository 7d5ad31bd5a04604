import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';

/** The product's own door to the Postgres on `postgresPort`, in a process of its own; it ends with this one. */
export async function startPostgresHttp(
  postgresPort: number,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const args = ['--listen', '127.0.0.1:0', '--upstream', `127.0.0.1:${postgresPort}`];
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT_DIR, 'infra/postgres-http/main.ts'), ...args],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const ready = once(createInterface(child.stdout), 'line');
  const [line] = await Promise.race([ready, ended.then(() => ['it ended before it was ready'])]);
  const { url } = JSON.parse(String(line).replace(/^READY /, '')) as { url: string };
  return {
    url,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
