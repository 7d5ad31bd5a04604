import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Cgroups } from './cgroup.ts';
import type { CgroupGroup } from './cgroup-group.ts';
import type { Driver, Prepared } from './driver.ts';
import type { Engine, SandboxSpec, Started, Starting } from './engine.ts';
import { type Live, liveSandbox } from './live-sandbox.ts';
import { makeFolders } from './mounts.ts';
import { openPipes } from './pipes.ts';
import { keepSnapshots } from './snapshots.ts';
import { CGROUPS_FILE, removeSandbox, type SweptPlace, sandboxesDirOf, snapshotsDirOf } from './sweep.ts';

/** A sandbox that is not ready by then never will be: a platform that does not work here hangs instead of failing. */
const START_TIMEOUT_MS = 60_000;
export interface Place extends SweptPlace {
  readonly cgroups: Cgroups;
  readonly log: Log;
}

/**
 * An engine over the driver of one: folders, mounts, cgroup and pipes of a sandbox are made here, all of them before its
 * container, and go here, whichever engine starts it.
 */
export function drive(driver: Driver, place: Place, startTimeoutMs = START_TIMEOUT_MS): Engine {
  const sandboxesDir = sandboxesDirOf(place.stateDir);
  const snapshotsDir = snapshotsDirOf(place.stateDir);
  const remove = (id: string) => removeSandbox(place, id, driver.forget);
  const newId = () => `causeway-${randomBytes(8).toString('hex')}`;
  const cgroupOf = (id: string) => `${place.cgroupPrefix}/${id}`;

  const prepare = async (
    id: string,
    spec: SandboxSpec,
    onGroup: (group: CgroupGroup) => void,
  ): Promise<Prepared> => {
    const dir = join(sandboxesDir, id);
    const cgroupPath = cgroupOf(id);
    // The folder comes first: by it a successor knows what else there may be of this sandbox.
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, CGROUPS_FILE), JSON.stringify(place.cgroups.at(cgroupPath).dirs));
    const group = place.cgroups.make(cgroupPath);
    group.setLimits(spec.limits);
    group.setPriority(spec.priority);
    onGroup(group);
    const folders = await makeFolders(dir, spec.limits);
    const pipes = await openPipes(dir, folders, driver.inheritsPipes);
    return { id, dir, folders, pipes, cgroupPath, group, spec };
  };

  /** Makes all that a sandbox needs, and then its container: new, or as a copy of the snapshot in a folder. */
  const launch = async (
    id: string,
    spec: SandboxSpec,
    snapshot: string | null,
    onGroup: (group: CgroupGroup) => void,
  ): Promise<Live> => {
    const prepared = await prepare(id, spec, onGroup);
    try {
      const container = await driver.launch(prepared, snapshot);
      return liveSandbox({ ...prepared, container, countsProcessesInside: driver.countsProcessesInside });
    } catch (error) {
      prepared.pipes.close();
      throw error;
    }
  };

  /** A new sandbox that never gets further than its imports; what it is then is written into `folder`. */
  const takeSnapshot = async (
    checkpoint: NonNullable<Driver['checkpoint']>,
    spec: SandboxSpec,
    folder: string,
    aborted: Promise<string>,
    onGroup: (group: CgroupGroup) => void,
  ): Promise<string | null> => {
    const id = newId();
    try {
      const { imported, sandbox } = await launch(id, spec, null, onGroup);
      const problem = await Promise.race([imported(startTimeoutMs), aborted]);
      if (problem === null) await checkpoint(id, folder);
      await sandbox.destroy();
      return problem;
    } catch (error) {
      await remove(id);
      return (error as Error).message;
    }
  };
  const snapshots = keepSnapshots(snapshotsDir, place.log);

  const start = (spec: SandboxSpec): Starting => {
    const id = newId();
    const aborted = Promise.withResolvers<string>();
    let isHurried = false;
    let isAborted = false;
    let group: CgroupGroup | null = null;
    const onGroup = (made: CgroupGroup): void => {
      group = made;
      if (isHurried) made.setPriority('run');
    };

    const launchAndWait = async (snapshot: string | null): Promise<Started> => {
      const { attach, ready, sandbox } = await launch(id, spec, snapshot, onGroup);
      attach();
      const problem = await Promise.race([ready(startTimeoutMs), aborted.promise]);
      if (problem === null) return { ok: true, sandbox };
      await sandbox.destroy();
      return { ok: false, reason: problem };
    };
    const prepareAndLaunch = async (): Promise<Started> => {
      const { checkpoint } = driver;
      if (spec.imports.length === 0 || checkpoint === null) return launchAndWait(null);
      const snapshot = await snapshots.find(spec, (folder) =>
        takeSnapshot(checkpoint, spec, folder, aborted.promise, onGroup),
      );
      const started = await launchAndWait(snapshot);
      if (!started.ok && snapshot !== null && !isAborted) await snapshots.failed(snapshot, started.reason);
      return started;
    };

    return {
      started: prepareAndLaunch().catch(async (error: Error): Promise<Started> => {
        await remove(id);
        return { ok: false, reason: `the sandbox could not be prepared: ${error.message}` };
      }),
      hurry: () => {
        isHurried = true;
        group?.setPriority('run');
      },
      abort: () => {
        isAborted = true;
        aborted.resolve('the start was aborted');
      },
    };
  };

  return {
    name: driver.name,
    version: driver.version,
    start,
    close: async () => {
      await driver.close();
      await rm(sandboxesDir, { recursive: true, force: true });
      await rm(snapshotsDir, { recursive: true, force: true });
    },
  };
}
