import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { CgroupGroup } from './cgroup-group.ts';
import type { Driver } from './driver.ts';
import type { Engine, SandboxSpec, Started, Starting } from './engine.ts';
import { launchSandbox, type Place } from './launch.ts';
import { keepSnapshots } from './snapshots.ts';
import { removeSandbox, sandboxesDirOf, snapshotsDirOf } from './sweep.ts';

/** A sandbox that is not ready by then never will be: a platform that does not work here hangs instead of failing. */
const START_TIMEOUT_MS = 60_000;

/** What a start under way is told and tells. */
interface Watching {
  /** Resolves with the reason where nobody wants it any more. */
  readonly aborted: Promise<string>;
  /** Told of each cgroup that is made for it. */
  readonly onGroup: (group: CgroupGroup) => void;
}

/** An engine over the driver of one: starts sandboxes, as copies of a snapshot where the driver can, and leaves nothing of one that did not start. */
export function drive(driver: Driver, place: Place, startTimeoutMs = START_TIMEOUT_MS): Engine {
  const snapshots = keepSnapshots(snapshotsDirOf(place.stateDir), place.log);
  const remove = (id: string) => removeSandbox(place, id, driver.forget);
  const newId = () => `causeway-${randomBytes(8).toString('hex')}`;

  /** A new sandbox that never gets further than its imports; what it is then is written into `folder`. */
  const takeSnapshot = async (
    checkpoint: NonNullable<Driver['checkpoint']>,
    spec: SandboxSpec,
    folder: string,
    { aborted, onGroup }: Watching,
  ): Promise<string | null> => {
    const id = newId();
    try {
      const { imported, sandbox } = await launchSandbox(driver, place, { id, spec, snapshot: null, onGroup });
      const problem = await Promise.race([imported(startTimeoutMs), aborted]);
      if (problem === null) await checkpoint(id, folder);
      await sandbox.destroy();
      return problem;
    } catch (error) {
      await remove(id);
      return (error as Error).message;
    }
  };

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
    const watching: Watching = { aborted: aborted.promise, onGroup };

    const launchAndWait = async (snapshot: string | null): Promise<Started> => {
      const { attach, ready, sandbox } = await launchSandbox(driver, place, { id, spec, snapshot, onGroup });
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
        takeSnapshot(checkpoint, spec, folder, watching),
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
      await rm(sandboxesDirOf(place.stateDir), { recursive: true, force: true });
      await rm(snapshotsDirOf(place.stateDir), { recursive: true, force: true });
    },
  };
}
