import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../parse-json.ts';
import { leftGroup } from './cgroup-files.ts';
import { endProcesses, removeGroup } from './end-group.ts';
import { unmountUnder } from './mounts.ts';

/** In each sandbox's folder: where its cgroups are. */
export const CGROUPS_FILE = 'cgroups.json';

export const sandboxesDirOf = (stateDir: string) => join(stateDir, 'sandboxes');
export const snapshotsDirOf = (stateDir: string) => join(stateDir, 'snapshots');

export interface SweptPlace {
  /** Owned by this executor alone; all that its sandboxes have on the host's disk lies in it. */
  readonly stateDir: string;
  /** Names this executor's cgroups: a predecessor with the same state folder had the same. */
  readonly cgroupPrefix: string;
}

/** What of the sandboxes of one executor lies with an engine's daemon. */
export interface LeftContainers {
  /** Their names, whichever process with this state folder made them. */
  left(): Promise<readonly string[]>;
  forget(id: string): Promise<void>;
}

/** Removes what a killed predecessor left; resolves with the number of sandboxes. */
export async function sweepPlace(place: SweptPlace, containers: LeftContainers): Promise<number> {
  const folders = await readdir(sandboxesDirOf(place.stateDir)).catch(() => []);
  const left = new Set([...folders, ...(await containers.left())]);
  for (const id of left) await removeSandbox(place, id, containers.forget);
  await rm(snapshotsDirOf(place.stateDir), { recursive: true, force: true });
  return left.size;
}

/** Removes all of a sandbox without what its maker knew of it; `forget` removes what the engine has. */
export async function removeSandbox(
  place: SweptPlace,
  id: string,
  forget: (id: string) => Promise<void>,
): Promise<void> {
  const dir = join(sandboxesDirOf(place.stateDir), id);
  const group = leftGroup(await cgroupDirsOf(place, id));
  await endProcesses(group);
  await forget(id);
  await unmountUnder(dir);
  await removeGroup(group);
  await rm(dir, { recursive: true, force: true });
}

/** A predecessor may have been started below another cgroup than we were. */
async function cgroupDirsOf(place: SweptPlace, id: string): Promise<string[]> {
  const file = join(sandboxesDirOf(place.stateDir), id, CGROUPS_FILE);
  const text = await readFile(file, 'utf8').catch(() => '[]');
  const dirs = z.array(z.string()).safeParse(parseJson(text)).data ?? [];
  return dirs.filter(
    (dir) => dir.startsWith('/sys/fs/cgroup/') && dir.endsWith(`/${place.cgroupPrefix}/${id}`),
  );
}
