import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment } from '../child-environment.ts';
import type { Guardian } from '../guardian.ts';
import { logFileOf, type Part } from '../part.ts';
import { writePrivateFile } from '../secrets.ts';
import { startProcess } from '../start-process.ts';
import { CACHE_DIR, ROOT_DIR, type StatePaths } from '../state-paths.ts';

export interface ExecutorOptions {
  readonly paths: StatePaths;
  readonly guardian: Guardian;
  readonly signal: AbortSignal;
  /** PUBLIC_URL as the executor dials it. */
  readonly url: string;
  readonly slots: number;
  /** Mints a one-time join token; asked only where this state folder holds no executor's identity yet. */
  readonly mintJoinToken: () => Promise<string>;
}

const READY_TIMEOUT_MS = 60_000;

/** Starts an executor that joins the stack's own Worker. */
export async function startExecutor(options: ExecutorOptions): Promise<Part> {
  const { paths } = options;
  const logFile = logFileOf(paths, 'executor');
  const joinFile = join(paths.executor, 'join-token');
  const isKnown = existsSync(join(paths.executor, 'executor.json'));
  if (!isKnown) writePrivateFile(joinFile, `${await options.mintJoinToken()}\n`);
  try {
    const handle = await startProcess({
      title: 'The executor',
      command: process.execPath,
      args: [
        '--disable-warning=ExperimentalWarning',
        join(ROOT_DIR, 'executor/main.ts'),
        ...['--url', options.url, '--name', 'local'],
        ...['--state', paths.executor, '--cache', CACHE_DIR],
        ...['--slots', String(options.slots)],
        ...(isKnown ? [] : ['--join-token-file', joinFile]),
      ],
      env: childEnvironment(
        paths.executor,
        process.env.CAUSEWAY_RUNSC ? { CAUSEWAY_RUNSC: process.env.CAUSEWAY_RUNSC } : {},
      ),
      cwd: ROOT_DIR,
      logFile,
      guardian: options.guardian,
      signal: options.signal,
      daemon: { readyTimeoutMs: READY_TIMEOUT_MS },
    });
    return { name: 'executor', pid: handle.pid, port: null, logFile, ended: handle.ended, stop: handle.stop };
  } finally {
    rmSync(joinFile, { force: true });
  }
}
