import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Offer } from '../../protocol/messages.ts';
import type { DockerApi } from './docker-api.ts';
import { dockerSpec } from './docker-spec.ts';
import type { Container, ContainerExit, Driver, Prepared } from './driver.ts';
import { HOST_NAME } from './inside.ts';
import { killRuntimeOf } from './kill-runtime.ts';

/** On every container of ours, with the executor that it belongs to. */
export const CONTAINER_LABEL = 'causeway.executor';

const SIGKILL_EXIT_CODE = 128 + 9;

export interface DockerSettings {
  readonly name: Exclude<Offer['engine'], 'gvisor'>;
  readonly version: string;
  readonly api: DockerApi;
  /** The daemon's name of the OCI runtime. */
  readonly runtime: string;
  readonly imageId: string;
  /** Owned by this executor alone. */
  readonly stateDir: string;
  /** Names this executor to the daemon: a predecessor with the same state folder had the same. */
  readonly executorTag: string;
  readonly python: string;
  /** Takes the pipes by name, then waits for its order. */
  readonly harness: string;
  readonly imageEnvironment: Readonly<Record<string, string>>;
}

/** Docker, with whatever runtime: one container a sandbox. */
export function dockerDriver(settings: DockerSettings): Driver {
  const { api, name, runtime, imageId, python, harness, imageEnvironment } = settings;
  const etcDir = join(settings.stateDir, 'etc');
  const countsProcessesInside = name === 'docker-runsc';

  const writeEtc = async (): Promise<void> => {
    await mkdir(etcDir, { recursive: true });
    await Promise.all([
      writeFile(join(etcDir, 'hosts'), '127.0.0.1 localhost\n::1 localhost\n'),
      writeFile(join(etcDir, 'hostname'), `${HOST_NAME}\n`),
      writeFile(join(etcDir, 'resolv.conf'), ''),
    ]);
  };

  const launch = async ({ id, folders, cgroupPath, group, spec }: Prepared): Promise<Container> => {
    await writeEtc();
    const labels = { [CONTAINER_LABEL]: settings.executorTag };
    const parts = { folders, python, harness, imageEnvironment, spec, runtime, imageId, etcDir };
    const containerId = await api.create(
      id,
      dockerSpec({ ...parts, cgroupPath, labels, countsProcessesInside }),
    );
    const waiting = new AbortController();
    // The start may hang or fail: whoever waits for the sandbox has a bound.
    const exited = api.start(id).then(async (): Promise<ContainerExit> => {
      const exitCode = await api.wait(id, waiting.signal).catch(() => null);
      const state = await api.state(id).catch(() => null);
      // The daemon may miss the kernel's word, and the count of kills goes with its part of the cgroup; ours knows how much it held.
      const isStarved = exitCode === SIGKILL_EXIT_CODE && group.facts().metMemoryLimit;
      return { exitCode, isOomKill: isStarved || state?.isOomKilled === true };
    });
    return {
      exited,
      panic: async () => '',
      words: async () => (await api.state(id).catch(() => null))?.error ?? '',
      signal: (signal) => api.kill(id, signal).catch(() => undefined),
      // The daemon itself holds a container that is starting, and answers no call to end it before that ends.
      kill: () => killRuntimeOf(containerId),
      forget: async () => {
        waiting.abort();
        await api.remove(id);
      },
    };
  };

  return {
    name,
    version: settings.version,
    inheritsPipes: false,
    countsProcessesInside,
    launch,
    checkpoint: null,
    forget: (id) => api.remove(id),
    close: async () => undefined,
  };
}
