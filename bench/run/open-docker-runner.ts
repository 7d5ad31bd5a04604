import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE_DIR } from '../../cli/stack/state-paths.ts';
import { importImage } from '../../executor/import-image.ts';
import { hostTasksMax } from '../../executor/sandbox/cgroup-group.ts';
import { type DockerApi, dockerApi } from '../../executor/sandbox/docker-api.ts';
import type { Folders } from '../../executor/sandbox/engine.ts';
import { runscFlags } from '../../executor/sandbox/gvisor.ts';
import { SANDBOX_GID, SANDBOX_UID } from '../../executor/sandbox/inside.ts';
import { makeFolders, unmountUnder } from '../../executor/sandbox/mounts.ts';
import { DEFAULT_LIMITS, WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { type Docker, ensureDocker } from '../../infra/docker/ensure-docker.ts';
import { startDockerd } from '../../infra/docker/start-dockerd.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';
import { type InputFile, placeInputs } from './place-inputs.ts';
import { timeProcess } from './time-process.ts';

const PYTHON = '/usr/bin/python3';

export type DockerRuntime = 'runsc' | 'runc';

export interface DockerRunner {
  /** `docker run` of `/repo/<entry>`, from the spawn of the client to its end; milliseconds. */
  run(runtime: DockerRuntime, entry: string, files: readonly InputFile[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * What a system on Docker would do for each run: the client's `docker run` of the same image and script with the same mounts
 * and limits. The daemon is the bench's own, runs already and has the image. Making the folders and removing the container
 * are not counted, which is in Docker's favour.
 */
export async function openDockerRunner(onStep: (says: string) => void): Promise<DockerRunner> {
  const [docker, runsc, image] = await Promise.all([
    ensureDocker(CACHE_DIR, ({ says }) => onStep(says)),
    ensureRunsc({ stateDir: CACHE_DIR }),
    ensureImage({ stateDir: CACHE_DIR }),
  ]);
  const dir = await mkdtemp(join(CACHE_DIR, '..', 'docker-of-bench-'));
  const removeDir = () => rm(dir, { recursive: true, force: true });
  const dockerd = await startDockerd({
    docker,
    dataDir: join(dir, 'data'),
    runtimes: { runsc: { path: runsc.path, runtimeArgs: runscFlags('systrap') } },
  }).catch(async (error: Error) => {
    await removeDir();
    throw error;
  });
  const close = async () => {
    await unmountUnder(join(dir, 'runs'));
    await dockerd.stop();
    await removeDir();
  };
  try {
    onStep('importing the sandbox image into Docker');
    const api = dockerApi(dockerd.socketPath, null);
    const imported = await importImage(api, image, () => undefined);
    if (!imported.ok) throw new Error(imported.reason);
    const { environment } = image.manifest;
    const place = { docker, socketPath: dockerd.socketPath, api, dir, imageId: imported.id, environment };
    return { run: (runtime, entry, files) => runOnce(place, runtime, entry, files), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Place {
  readonly docker: Docker;
  readonly socketPath: string;
  readonly api: DockerApi;
  readonly dir: string;
  readonly imageId: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function runOnce(
  place: Place,
  runtime: DockerRuntime,
  entry: string,
  files: readonly InputFile[],
): Promise<number> {
  const name = `bench-${randomBytes(8).toString('hex')}`;
  const runDir = join(place.dir, 'runs', name);
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  try {
    const folders = await makeFolders(runDir, DEFAULT_LIMITS);
    await placeInputs(folders, files);
    const args = ['run', `--name=${name}`, ...runFlags(place, runtime, folders), place.imageId];
    return await timeProcess('docker', [...args, PYTHON, `/repo/${entry}`], {
      PATH: [...place.docker.programs, '/usr/sbin:/usr/bin:/sbin:/bin'].join(':'),
      LD_LIBRARY_PATH: place.docker.libraries.join(':'),
      DOCKER_HOST: `unix://${place.socketPath}`,
      DOCKER_CONFIG: place.dir,
    });
  } finally {
    await place.api.remove(name);
    await unmountUnder(runDir);
    await rm(runDir, { recursive: true, force: true });
  }
}

/** The bounds of executor/sandbox/docker-spec.ts, as the client spells them. */
function runFlags({ environment }: Place, runtime: DockerRuntime, folders: Folders): string[] {
  const { memoryBytes, processesMax, cpuCores } = DEFAULT_LIMITS;
  const bind = (source: string, target: string, more = '') =>
    `--mount=type=bind,source=${source},target=${target}${more}`;
  const env = { ...environment, ...WARM_SPEC.environment };
  return [
    `--runtime=${runtime}`,
    '--network=none',
    '--read-only',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    `--user=${SANDBOX_UID}:${SANDBOX_GID}`,
    `--memory=${memoryBytes}`,
    `--memory-swap=${memoryBytes}`,
    `--cpus=${cpuCores}`,
    `--pids-limit=${runtime === 'runc' ? processesMax : hostTasksMax(processesMax)}`,
    bind(folders.repo, '/repo', ',readonly'),
    bind(folders.data, '/data', ',readonly'),
    bind(folders.outputs, '/outputs'),
    bind(folders.tmp, '/tmp'),
    ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
  ];
}
