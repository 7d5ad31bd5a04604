import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.ts';
import { holdState } from './hold-state.ts';
import { CONTAINER_LABEL } from './sandbox/docker.ts';
import { type DockerApi, DockerRefusal, dockerApi } from './sandbox/docker-api.ts';
import { runscRootOf } from './sandbox/gvisor.ts';
import { type LeftContainers, sandboxesDirOf, snapshotsDirOf, sweepPlace } from './sandbox/sweep.ts';

/** Docker may still be doing what the dead executor had asked for; the folder of a sandbox is there before. */
const SETTLE_MS = 1_000;
const SWEEPS_MAX = 10;

export type HostSwept =
  | { readonly ok: true; readonly sandboxes: number }
  | { readonly ok: false; readonly reason: string };

type SweepConfig = Pick<Config, 'stateDir' | 'engine' | 'dockerSocket'>;

/**
 * Removes what a killed executor with this state folder left: processes, containers, mounts, cgroups and folders of its
 * sandboxes. It needs no image and no engine. Where another executor uses the folder, that one has swept it, and nothing is
 * done.
 */
export async function sweepHost(config: SweepConfig): Promise<HostSwept> {
  const state = await holdState(config.stateDir, 'sweep');
  if (!state.ok) return state.isHeld ? { ok: true, sandboxes: 0 } : state;
  try {
    return await sweepHeld(config, state);
  } finally {
    state.release();
  }
}

/** The same in a folder that this process holds. */
export async function sweepHeld(
  config: SweepConfig,
  state: { readonly dir: string; readonly tag: string },
): Promise<HostSwept> {
  const containers = await containersOf(config, state.tag);
  if (containers.reason !== null) return { ok: false, reason: containers.reason };
  const place = { stateDir: state.dir, cgroupPrefix: `causeway-${state.tag}` };
  let sandboxes = 0;
  for (let sweeps = 1; sweeps <= SWEEPS_MAX; sweeps += 1) {
    const swept = await sweepPlace(place, containers.left);
    sandboxes += swept;
    if (!containers.isDocker || swept === 0) break;
    await delay(SETTLE_MS);
  }
  for (const dir of [sandboxesDirOf(state.dir), snapshotsDirOf(state.dir), runscRootOf(state.dir)])
    await rm(dir, { recursive: true, force: true });
  return { ok: true, sandboxes };
}

const NOTHING: LeftContainers = { forget: async () => undefined, left: async () => [] };

/** What of the sandboxes is Docker's. With `auto` nobody knows which engine the dead one had taken. */
async function containersOf(config: Pick<Config, 'engine' | 'dockerSocket'>, tag: string) {
  if (config.engine === 'gvisor') return { isDocker: false, left: NOTHING, reason: null };
  const api: DockerApi = dockerApi(config.dockerSocket, null);
  const left = { forget: (id: string) => api.remove(id), left: () => api.named(`${CONTAINER_LABEL}=${tag}`) };
  try {
    await left.left();
    return { isDocker: true, left, reason: null };
  } catch (error) {
    if (!(error instanceof DockerRefusal)) throw error;
    if (config.engine === 'auto') return { isDocker: false, left: NOTHING, reason: null };
    const reason = `Docker at ${config.dockerSocket} does not answer (${error.message}), so containers may be left. Start it and sweep again.`;
    return { isDocker: false, left: NOTHING, reason };
  }
}
