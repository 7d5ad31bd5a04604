import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../parse-json.ts';
import { leftGroup } from './cgroup-files.ts';
import type { Driver } from './driver.ts';
import { endProcesses, removeGroup } from './live-sandbox.ts';
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

export interface Sweeper {
  /** Removes all of a sandbox by its name alone, whoever made it. */
  remove(id: string): Promise<void>;
  /** Removes what a killed predecessor left; resolves with the number of sandboxes. */
  sweep(): Promise<number>;
}

/** Ends sandboxes without what their maker knew of them. `engine` is what of them lies with the engine. */
export function sweeper(place: SweptPlace, engine: Pick<Driver, 'forget' | 'left'>): Sweeper {
  const sandboxesDir = sandboxesDirOf(place.stateDir);

  /** A predecessor may have been started below another cgroup than we were. */
  const cgroupDirsOf = async (id: string): Promise<string[]> => {
    const text = await readFile(join(sandboxesDir, id, CGROUPS_FILE), 'utf8').catch(() => '[]');
    const dirs = z.array(z.string()).safeParse(parseJson(text)).data ?? [];
    return dirs.filter(
      (dir) => dir.startsWith('/sys/fs/cgroup/') && dir.endsWith(`/${place.cgroupPrefix}/${id}`),
    );
  };

  const remove = async (id: string): Promise<void> => {
    const group = leftGroup(await cgroupDirsOf(id));
    await endProcesses(group);
    await engine.forget(id);
    await unmountUnder(join(sandboxesDir, id));
    await removeGroup(group);
    await rm(join(sandboxesDir, id), { recursive: true, force: true });
  };

  return {
    remove,
    async sweep() {
      const folders = await readdir(sandboxesDir).catch(() => []);
      const left = new Set([...folders, ...(await engine.left())]);
      for (const id of left) await remove(id);
      await rm(snapshotsDirOf(place.stateDir), { recursive: true, force: true });
      return left.size;
    },
  };
}
