import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Cgroups } from './cgroup.ts';
import type { CgroupGroup } from './cgroup-group.ts';
import type { Driver, Prepared } from './driver.ts';
import type { SandboxSpec } from './engine.ts';
import { type Live, liveSandbox } from './live-sandbox.ts';
import { makeFolders } from './mounts.ts';
import { openPipes } from './pipes.ts';
import { CGROUPS_FILE, type SweptPlace, sandboxesDirOf } from './sweep.ts';

/** Where the sandboxes of one executor stand. */
export interface Place extends SweptPlace {
  readonly cgroups: Cgroups;
  readonly log: Log;
}

export interface Launching {
  readonly id: string;
  readonly spec: SandboxSpec;
  /** The folder of the snapshot that it begins as a copy of; null for a new one. */
  readonly snapshot: string | null;
  readonly onGroup: (group: CgroupGroup) => void;
}

/**
 * Makes the folders, mounts, cgroup and pipes of a sandbox, all of them before its container and alike for each engine, and
 * then its container. Where that fails, what was made is the caller's to remove, by the id.
 */
export async function launchSandbox(driver: Driver, place: Place, launching: Launching): Promise<Live> {
  const prepared = await prepare(place, launching, driver.inheritsPipes);
  try {
    const container = await driver.launch(prepared, launching.snapshot);
    return liveSandbox({ ...prepared, container, countsProcessesInside: driver.countsProcessesInside });
  } catch (error) {
    prepared.pipes.close();
    throw error;
  }
}

async function prepare(
  { stateDir, cgroupPrefix, cgroups }: Place,
  { id, spec, onGroup }: Launching,
  inheritsPipes: boolean,
): Promise<Prepared> {
  const dir = join(sandboxesDirOf(stateDir), id);
  const cgroupPath = `${cgroupPrefix}/${id}`;
  // The folder comes first: by it a successor knows what else there may be of this sandbox.
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, CGROUPS_FILE), JSON.stringify(cgroups.at(cgroupPath).dirs));
  const group = cgroups.make(cgroupPath);
  group.setLimits(spec.limits);
  group.setPriority(spec.priority);
  onGroup(group);
  const folders = await makeFolders(dir, spec.limits);
  const pipes = await openPipes(dir, folders, inheritsPipes);
  return { id, dir, folders, pipes, cgroupPath, group, spec };
}
