import { logFileOf, type Part } from '../part.ts';
import { startProcess } from '../start-process.ts';
import { ROOT_DIR } from '../state-paths.ts';
import { tickEveryMinute } from './cron-tick.ts';
import { untilHealthy } from './worker-health.ts';
import type { WorkerOptions } from './worker-options.ts';

/** A program that serves the Worker, and how its scheduled handler is called. */
export interface WorkerProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Calls the scheduled handler once; the status that it answers. */
  readonly tick: () => Promise<number>;
}

/** Starts a program that serves the Worker, waits until that is well, and is its clock until it is stopped. */
export async function startWorker(
  { paths, port, guardian, signal }: WorkerOptions,
  { command, args, env, tick }: WorkerProgram,
): Promise<Part> {
  const logFile = logFileOf(paths, 'worker');
  const program = { title: 'The Worker', command, args, env, cwd: ROOT_DIR };
  const handle = await startProcess({ ...program, logFile, guardian, signal });
  await untilHealthy(port, handle, logFile, signal);
  const stopTicking = tickEveryMinute(logFile, tick);
  return {
    name: 'worker',
    pid: handle.pid,
    port,
    logFile,
    ended: handle.ended,
    stop: async () => {
      stopTicking();
      await handle.stop();
    },
  };
}
