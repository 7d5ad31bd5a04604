import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../database/find-free-port.ts';
import { childEnvironment } from '../child-environment.ts';
import type { Part } from '../part.ts';
import { writePrivateFile } from '../secrets.ts';
import { ROOT_DIR } from '../state-paths.ts';
import { WORKER_ENTRIES, type WorkerEntry } from '../worker-entry.ts';
import { startWorker } from './start-worker.ts';
import type { WorkerOptions } from './worker-options.ts';
import { printSettingsFile } from './worker-settings.ts';

/** Starts the Worker under `wrangler dev`: what a developer of a Worker knows, with reload on change. */
export async function startWrangler(entry: WorkerEntry, options: WorkerOptions): Promise<Part> {
  const { paths, port } = options;
  const homeDir = join(paths.worker, 'home');
  const settingsFile = join(paths.worker, 'settings.env');
  mkdirSync(homeDir, { recursive: true });
  writePrivateFile(settingsFile, printSettingsFile(options.settings));
  return startWorker(options, {
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
    async tick() {
      const answer = await fetch(`http://127.0.0.1:${port}/cdn-cgi/local/scheduled`);
      await answer.body?.cancel();
      return answer.status;
    },
  });
}
