import { join } from 'node:path';
import { z } from 'zod';
import { childEnvironment } from '../child-environment.ts';
import type { Guardian } from '../guardian.ts';
import { logFileOf, type Part } from '../part.ts';
import { startProcess } from '../start-process.ts';
import { ROOT_DIR, type StatePaths } from '../state-paths.ts';

const readySchema = z.object({ port: z.number().int() });
const READY_TIMEOUT_MS = 20_000;

/** Starts the server that speaks Neon's HTTP protocol in front of the Postgres on `postgresPort`. */
export async function startPostgresHttp(options: {
  readonly paths: StatePaths;
  readonly guardian: Guardian;
  readonly signal: AbortSignal;
  readonly postgresPort: number;
}): Promise<Part & { readonly port: number }> {
  const logFile = logFileOf(options.paths, 'postgres-http');
  const handle = await startProcess({
    title: 'postgres-http',
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      join(ROOT_DIR, 'infra/postgres-http/main.ts'),
      ...['--listen', '127.0.0.1:0'],
      ...['--upstream', `127.0.0.1:${options.postgresPort}`],
    ],
    env: childEnvironment(options.paths.root),
    cwd: ROOT_DIR,
    logFile,
    guardian: options.guardian,
    signal: options.signal,
    daemon: { readyTimeoutMs: READY_TIMEOUT_MS },
  });
  const { port } = readySchema.parse(handle.ready);
  return { name: 'postgres-http', pid: handle.pid, port, logFile, ended: handle.ended, stop: handle.stop };
}
