import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join, relative } from 'node:path';
import { type Bundle, bundleWorker } from '../../../infra/workerd/bundle.ts';
import { printWorkerdConfig } from '../../../infra/workerd/config.ts';
import { Failure } from '../../terminal/failure.ts';
import { abstractName } from '../abstract-name.ts';
import { childEnvironment } from '../child-environment.ts';
import type { Part } from '../part.ts';
import { CACHE_DIR, ROOT_DIR } from '../state-paths.ts';
import { WORKER_ENTRIES, type WorkerEntry } from '../worker-entry.ts';
import { startWorker } from './start-worker.ts';
import type { WorkerOptions } from './worker-options.ts';

const WORKERD = join(ROOT_DIR, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd');
const COMPATIBILITY_DATE = '2026-11-01';

/** The modules of an entry of the Worker, bundled as for a deployment. */
export async function prepareBundle(entry: WorkerEntry, homeDir: string): Promise<Bundle> {
  const made = await bundleWorker({
    rootDir: ROOT_DIR,
    entry: WORKER_ENTRIES[entry],
    cacheDir: join(CACHE_DIR, 'bundles'),
    env: childEnvironment(homeDir, { WRANGLER_LOG_PATH: join(homeDir, 'wrangler-logs') }),
  });
  if (made.ok) return made.bundle;
  throw new Failure({
    what: 'The Worker could not be bundled.',
    why: 'wrangler deploy --dry-run failed',
    remedy: 'mend what its output above names',
    evidence: made.output.trim().split('\n').slice(-20),
  });
}

/** Starts the Worker on plain workerd: no dev server around it, so it is light and fast. */
export async function startWorkerd(options: WorkerOptions, bundle: Bundle): Promise<Part> {
  const { paths, settings } = options;
  const cronSocket = abstractName('cron', paths.root);
  const configFile = writeConfig(options, bundle, cronSocket);
  return startWorker(options, {
    command: WORKERD,
    // The cron service calls the Worker's scheduled handler, which workerd counts among its experimental features.
    args: ['serve', '--experimental', configFile],
    env: childEnvironment(paths.worker, settings),
    tick: () => askAbstractSocket(cronSocket),
  });
}

/** Writes the configuration of workerd, with paths relative to its own; secrets stand in the environment. */
function writeConfig(
  { paths, port, tls, settings }: WorkerOptions,
  bundle: Bundle,
  cronSocket: string,
): string {
  const configFile = join(paths.worker, 'workerd.capnp');
  const durableObjectsDir = join(paths.worker, 'durable-objects');
  const fromConfig = (file: string): string => relative(paths.worker, file);
  mkdirSync(durableObjectsDir, { recursive: true });
  writeFileSync(
    configFile,
    printWorkerdConfig({
      modules: bundle.modules.map(({ name, kind }) => ({
        name,
        kind,
        file: fromConfig(join(bundle.dir, name)),
      })),
      compatibilityDate: COMPATIBILITY_DATE,
      compatibilityFlags: ['enable_request_signal'],
      settings: Object.keys(settings),
      address: `127.0.0.1:${port}`,
      ...(tls === undefined
        ? {}
        : {
            tls: {
              address: `127.0.0.1:${tls.port}`,
              certFile: fromConfig(tls.certificates.certFile),
              keyFile: fromConfig(tls.certificates.keyFile),
            },
          }),
      cronSocket,
      cronFile: fromConfig(join(ROOT_DIR, 'infra/workerd/cron.mjs')),
      durableObjectsDir,
      blobsDir: paths.blobs,
    }),
  );
  return configFile;
}

function askAbstractSocket(name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: `\0${name}`, path: '/', timeout: 30_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
}
