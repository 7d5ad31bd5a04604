import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../database/find-free-port.ts';
import { childEnvironment } from '../child-environment.ts';
import { logFileOf, type Part } from '../part.ts';
import { writePrivateFile } from '../secrets.ts';
import { startProcess } from '../start-process.ts';
import { ROOT_DIR } from '../state-paths.ts';
import { WORKER_ENTRIES, type WorkerEntry } from '../worker-entry.ts';
import { tickEveryMinute } from './cron-tick.ts';
import { untilHealthy } from './worker-health.ts';
import type { WorkerOptions } from './worker-options.ts';
import { printSettingsFile } from './worker-settings.ts';

/** Starts the Worker under `wrangler dev`: what a developer of a Worker knows, with reload on change. */
export async function startWrangler(entry: WorkerEntry, options: WorkerOptions): Promise<Part> {
  const { paths, port } = options;
  const homeDir = join(paths.worker, 'home');
  const settingsFile = join(paths.worker, 'settings.env');
  const logFile = logFileOf(paths, 'worker');
  mkdirSync(homeDir, { recursive: true });
  writePrivateFile(settingsFile, printSettingsFile(options.settings));
  const handle = await startProcess({
    title: 'The Worker',
    command: process.execPath,
    args: [
      join(ROOT_DIR, 'node_modules/wrangler/bin/wrangler.js'),
      'dev',
      WORKER_ENTRIES[entry],
      ...['--ip', '127.0.0.1', '--port', String(port)],
      ...['--inspector-ip', '127.0.0.1', '--inspector-port', String(await findFreePort())],
      ...['--persist-to', join(paths.worker, 'wrangler')],
      ...['--env-file', settingsFile],
      '--local',
      '--show-interactive-dev-session=false',
    ],
    env: childEnvironment(homeDir, {
      WRANGLER_LOG_PATH: join(homeDir, 'wrangler-logs'),
      WRANGLER_REGISTRY_PATH: join(homeDir, 'registry'),
    }),
    cwd: ROOT_DIR,
    logFile,
    guardian: options.guardian,
    signal: options.signal,
  });
  await untilHealthy(port, handle, logFile, options.signal);
  const stopTicking = tickEveryMinute(logFile, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/cdn-cgi/local/scheduled`);
    await answer.body?.cancel();
    return answer.status;
  });
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
