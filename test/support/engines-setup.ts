import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { importImage } from '../../executor/import-image.ts';
import { dockerApi } from '../../executor/sandbox/docker-api.ts';
import { runscFlags } from '../../executor/sandbox/gvisor.ts';
import { ensureDocker } from '../../infra/docker/ensure-docker.ts';
import { startDockerd } from '../../infra/docker/start-dockerd.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';
import { CACHE_DIR } from './sandbox-host.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly dockerSocket: string;
  }
}

/** Starts Docker before the first test that plays an engine, and ends it after the last; what is missing fails them all. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [docker, runsc] = await Promise.all([
    ensureDocker(CACHE_DIR, () => undefined),
    ensureRunsc({ stateDir: CACHE_DIR }),
  ]);
  const dockerd = await startDockerd({
    docker,
    dataDir: join(CACHE_DIR, '..', 'docker-of-tests'),
    runtimes: {
      runsc: { path: runsc.path, runtimeArgs: runscFlags('systrap') },
      hanging: { path: join(import.meta.dirname, 'hanging-runtime.sh'), runtimeArgs: [] },
    },
  });
  const api = dockerApi(dockerd.socketPath, null);
  const imported = await importImage(api, await ensureImage({ stateDir: CACHE_DIR }), () => undefined);
  if (!imported.ok) throw new Error(imported.reason);
  project.provide('dockerSocket', dockerd.socketPath);
  return () => dockerd.stop();
}
