import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProvenImage } from '../infra/image-signature/prove-image.ts';
import type { Config } from './config.ts';
import { importImage } from './import-image.ts';
import { apiVersionOf, judgeDocker } from './judge-docker.ts';
import type { Log } from './log.ts';
import { findCgroups } from './sandbox/cgroup.ts';
import { hostTasksMax } from './sandbox/cgroup-group.ts';
import { dockerDriver } from './sandbox/docker.ts';
import { DockerRefusal, dockerApi } from './sandbox/docker-api.ts';
import { drive } from './sandbox/drive.ts';
import type { Engine } from './sandbox/engine.ts';
import { checkRunsc } from './sandbox/gvisor.ts';

export interface DockerParts {
  readonly engine: 'docker-runsc' | 'docker-runc';
  readonly config: Pick<Config, 'dockerSocket' | 'platform'>;
  readonly state: { readonly dir: string; readonly tag: string };
  readonly image: ProvenImage;
  readonly python: string;
  /** A runsc of this host that a daemon without one can be given. */
  readonly runscPath: string;
  readonly log: Log;
}

type DockerOpened =
  | { readonly ok: true; readonly engine: Engine }
  | { readonly ok: false; readonly reason: string };

/** Makes an engine over the Docker daemon of this host, with the image imported; or says what the daemon lacks. */
export async function openDocker(parts: DockerParts): Promise<DockerOpened> {
  const { engine: name, config, state, image } = parts;
  try {
    const version = await dockerApi(config.dockerSocket, null).version();
    const api = dockerApi(config.dockerSocket, apiVersionOf(version));
    const { platform } = config;
    const judged = judgeDocker(version, await api.info(), {
      engine: name,
      platform,
      runscPath: parts.runscPath,
    });
    if (!judged.ok) return judged;
    const runtime = await versionOfRuntime(name, judged.runtimePath, version.Components ?? []);
    if (!runtime.ok) return runtime;
    // The kernel counts what the program has and nothing else; gVisor has threads of its own.
    const tasksMax = name === 'docker-runc' ? (processesMax: number) => processesMax : hostTasksMax;
    const found = findCgroups({ below: 'root', tasksMax });
    if (!found.ok) return { ok: false, reason: `Runs cannot be bounded here: ${found.reason}` };
    const imported = await importImage(api, image, parts.log);
    if (!imported.ok) return imported;
    const sources = ['open_pipes.py', 'harness.py'].map((file) =>
      readFile(join(import.meta.dirname, 'sandbox', file), 'utf8'),
    );
    const driver = dockerDriver({
      name,
      version: `${version.Version} ${runtime.version}`,
      api,
      runtime: judged.runtime,
      imageId: imported.id,
      stateDir: state.dir,
      executorTag: state.tag,
      python: parts.python,
      harness: (await Promise.all(sources)).join('\n'),
      imageEnvironment: image.manifest.environment,
    });
    const cgroupPrefix = `causeway-${state.tag}`;
    const place = { stateDir: state.dir, cgroupPrefix, cgroups: found.cgroups, log: parts.log };
    return { ok: true, engine: drive(driver, place) };
  } catch (error) {
    if (error instanceof DockerRefusal) return { ok: false, reason: describe(error, config.dockerSocket) };
    throw error;
  }
}

type RuntimeVersion =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: string };

async function versionOfRuntime(
  name: DockerParts['engine'],
  path: string,
  components: readonly { readonly Name: string; readonly Version: string }[],
): Promise<RuntimeVersion> {
  if (name === 'docker-runsc') {
    const checked = await checkRunsc(path);
    return checked.ok ? { ok: true, version: `runsc ${checked.version}` } : checked;
  }
  const version = components.find((each) => each.Name === 'runc')?.Version ?? 'of unknown version';
  return { ok: true, version: `runc ${version}` };
}

/** Why the daemon could not be asked, and what to do. */
function describe(refusal: DockerRefusal, socket: string): string {
  if (refusal.code === 'ENOENT')
    return `There is no Docker socket at ${socket}. Install Docker, or name its socket with --docker-socket.`;
  if (refusal.code === 'EACCES')
    return `${socket} may not be opened. Run the executor as root, which Docker's socket asks for.`;
  if (refusal.code === 'ECONNREFUSED')
    return `No daemon listens at ${socket}. Start Docker, or name its socket with --docker-socket.`;
  return `Docker at ${socket} refuses: ${refusal.message}`;
}
