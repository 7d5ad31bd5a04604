import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Log } from '../log.ts';
import { ociSpec } from './bundle.ts';
import type { Cgroups } from './cgroup.ts';
import { leftGroup } from './cgroup-files.ts';
import type { CgroupGroup } from './cgroup-group.ts';
import type { Engine, SandboxSpec, Started, Starting } from './engine.ts';
import { endProcesses, type Live, liveSandbox, removeGroup } from './live-sandbox.ts';
import { makeFolders, unmountUnder } from './mounts.ts';
import { openPipes } from './pipes.ts';
import { keepSnapshots } from './snapshots.ts';

const run = promisify(execFile);

const COMMAND_TIMEOUT_MS = 10_000;
const CHECKPOINT_TIMEOUT_MS = 30_000;
/** A sandbox that is not ready by then never will be: a platform that does not work here hangs instead of failing. */
const START_TIMEOUT_MS = 60_000;
/** Builds before this have no systrap platform, or an unfinished one. */
const OLDEST_BUILD = 20230801;
/** In each sandbox's folder: where its cgroups are. */
const CGROUPS_FILE = 'cgroups.json';

export interface GvisorSettings {
  readonly runscPath: string;
  /** `kvm` hangs for ever in a nested virtual machine, so it is never chosen by the presence of /dev/kvm. */
  readonly platform: 'systrap' | 'kvm';
  /** Owned by this executor alone; all that the engine makes lies in it. */
  readonly stateDir: string;
  /** Names this executor's cgroups: a predecessor with the same state folder had the same. */
  readonly cgroupPrefix: string;
  readonly cgroups: Cgroups;
  readonly rootfsDir: string;
  readonly python: string;
  readonly harness: string;
  readonly imageEnvironment: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** The date in `runsc version 0.0~20240729.0` or `release-20240729.0`, as a number; null where there is none. */
export function buildDate(version: string): number | null {
  const found = /(20\d{6})/.exec(version)?.[1];
  return found === undefined ? null : Number(found);
}

export type RunscChecked =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: string };

/** Asks runsc for its version, and says no to one that lacks what is relied on. */
export async function checkRunsc(path: string): Promise<RunscChecked> {
  let version: string;
  try {
    const { stdout } = await run(path, ['--version'], commandOptions);
    version = /runsc version (\S+)/.exec(stdout)?.[1] ?? stdout.trim();
  } catch (error) {
    return { ok: false, reason: `${path} does not answer --version: ${(error as Error).message}` };
  }
  const date = buildDate(version);
  if (date === null || date < OLDEST_BUILD)
    return {
      ok: false,
      reason: `runsc ${version} is too old; it takes a build of ${OLDEST_BUILD} or newer.`,
    };
  return { ok: true, version };
}

const commandOptions = { timeout: COMMAND_TIMEOUT_MS, killSignal: 'SIGKILL', env: {} } as const;

/** gVisor's runsc, directly on OCI bundles, one process tree a sandbox and no daemon. */
export function gvisorEngine(settings: GvisorSettings, version: string): Engine {
  const runscRoot = join(settings.stateDir, 'runsc');
  const sandboxesDir = join(settings.stateDir, 'sandboxes');
  const snapshotsDir = join(settings.stateDir, 'snapshots');
  const newId = () => `causeway-${randomBytes(8).toString('hex')}`;

  /** Flags of every call. No overlay: the root is read-only, and an overlay would put a writable file beside it. */
  const flags = [
    `--root=${runscRoot}`,
    `--platform=${settings.platform}`,
    '--network=none',
    '--host-uds=none',
    // The two pipes that the harness opens itself; whatever else could be opened so, the executor would have to make.
    '--host-fifo=open',
    '--overlay2=none',
    '--oci-seccomp',
  ];

  const cgroupOf = (id: string) => `${settings.cgroupPrefix}/${id}`;

  const deleteContainer = async (id: string): Promise<void> => {
    // runsc may know nothing of it any more, which is what is wanted.
    await run(settings.runscPath, [...flags, 'delete', '--force', id], commandOptions).catch(() => undefined);
  };

  const signalContainer = async (id: string, signal: string): Promise<void> => {
    await run(settings.runscPath, [...flags, 'kill', id, signal], commandOptions).catch(() => undefined);
  };

  /**
   * gVisor's kernel takes 2 % of a core when nothing runs in it. Stopped, it takes none, and unlike a frozen one (cgroup v1)
   * it dies by SIGKILL, so also with the executor.
   */
  const signalSentry = (group: CgroupGroup, signal: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const pid of group.processes()) if (isSentry(pid)) process.kill(pid, signal);
  };

  /**
   * `runsc run` and `runsc restore` in the foreground end with the container and with its exit code (128 + n for a signal).
   * They die with the executor (PR_SET_PDEATHSIG), and the sandbox with them. They pass signals on to the program, so they
   * are in a session of their own: what is sent to the executor's process group must not end a run as if the program had failed.
   */
  const spawnContainer = (id: string, dir: string, how: readonly string[], fds: readonly number[]) =>
    spawn(
      'setpriv',
      [
        '--pdeathsig=KILL',
        settings.runscPath,
        ...flags,
        `--log=${join(dir, 'runsc.log')}`,
        `--panic-log=${join(dir, 'panic.log')}`,
        ...how,
        `--bundle=${dir}`,
        id,
      ],
      { stdio: [...fds], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, cwd: '/', detached: true },
    );

  /** Makes all that a sandbox needs and spawns it: new, or as a copy of the snapshot in a folder. */
  const launch = async (
    id: string,
    spec: SandboxSpec,
    snapshot: string | null,
    onGroup: (group: CgroupGroup) => void,
  ): Promise<Live> => {
    const dir = join(sandboxesDir, id);
    const cgroupPath = cgroupOf(id);
    // The folder comes first: by it a successor knows what else there may be of this sandbox.
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    mkdirSync(runscRoot, { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, CGROUPS_FILE), JSON.stringify(settings.cgroups.at(cgroupPath).dirs));
    const group = settings.cgroups.make(cgroupPath);
    group.setLimits(spec.limits);
    group.setPriority(spec.priority);
    onGroup(group);
    const folders = await makeFolders(dir, spec.limits);
    const { harness, imageEnvironment, python, rootfsDir } = settings;
    const bundle = ociSpec({ rootfsDir, folders, python, harness, imageEnvironment, cgroupPath, spec });
    await writeFile(join(dir, 'config.json'), JSON.stringify(bundle));
    const pipes = await openPipes(dir, folders);
    const how = snapshot === null ? ['run'] : ['restore', `--image-path=${snapshot}`];
    const child = spawnContainer(id, dir, how, pipes.childFds);
    pipes.handedOver();
    return liveSandbox({
      ...{ id, dir, folders, pipes, group, child, spec },
      deleteContainer: () => deleteContainer(id),
      signalContainer: (signal) => signalContainer(id, signal),
      signalEngine: (signal) => signalSentry(group, signal),
    });
  };

  /** A new sandbox that never gets further than its imports; what it is then is written into `image`. */
  const takeSnapshot = async (
    spec: SandboxSpec,
    image: string,
    aborted: Promise<string>,
    onGroup: (group: CgroupGroup) => void,
  ): Promise<string | null> => {
    const id = newId();
    try {
      const { imported, sandbox } = await launch(id, spec, null, onGroup);
      const problem = await Promise.race([imported(START_TIMEOUT_MS), aborted]);
      if (problem === null)
        await run(
          settings.runscPath,
          // Pages as they are: unpacking them would cost each copy more than reading them from the page cache.
          [...flags, 'checkpoint', `--image-path=${image}`, '--compression=none', id],
          { ...commandOptions, timeout: CHECKPOINT_TIMEOUT_MS },
        );
      await sandbox.destroy();
      return problem;
    } catch (error) {
      await remove(id);
      return (error as Error).message;
    }
  };
  const snapshots = keepSnapshots(snapshotsDir, settings.log);

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
      const problem = await Promise.race([ready(START_TIMEOUT_MS), aborted.promise]);
      if (problem === null) return { ok: true, sandbox };
      await sandbox.destroy();
      return { ok: false, reason: problem };
    };
    const prepareAndSpawn = async (): Promise<Started> => {
      if (spec.imports.length === 0) return launchAndWait(null);
      const snapshot = await snapshots.find(spec, (image) =>
        takeSnapshot(spec, image, aborted.promise, onGroup),
      );
      const started = await launchAndWait(snapshot);
      if (!started.ok && snapshot !== null && !isAborted) await snapshots.failed(snapshot, started.reason);
      return started;
    };

    return {
      started: prepareAndSpawn().catch(async (error: Error): Promise<Started> => {
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

  /** Where its cgroups are: a predecessor may have been started below another cgroup than we were. */
  const cgroupDirsOf = async (id: string): Promise<string[]> => {
    const text = await readFile(join(sandboxesDir, id, CGROUPS_FILE), 'utf8').catch(() => '[]');
    const dirs = z.array(z.string()).safeParse(parseJson(text)).data ?? [];
    return dirs.filter((dir) => dir.startsWith('/sys/fs/cgroup/') && dir.endsWith(`/${cgroupOf(id)}`));
  };

  /** Removes all of a sandbox by its name alone. */
  const remove = async (id: string): Promise<void> => {
    const group = leftGroup(await cgroupDirsOf(id));
    await endProcesses(group);
    await deleteContainer(id);
    await unmountUnder(join(sandboxesDir, id));
    await removeGroup(group);
    await rm(join(sandboxesDir, id), { recursive: true, force: true });
  };

  const sweep = async (): Promise<number> => {
    const left = await readdir(sandboxesDir).catch(() => []);
    for (const id of left) await remove(id);
    await rm(snapshotsDir, { recursive: true, force: true });
    return left.length;
  };

  return {
    name: 'gvisor',
    version,
    start,
    sweep,
    close: async () => {
      await rm(runscRoot, { recursive: true, force: true });
      await rm(sandboxesDir, { recursive: true, force: true });
      await rm(snapshotsDir, { recursive: true, force: true });
    },
  };
}

/** proc_pid_cmdline(5): runsc names its parts in their first argument. */
function isSentry(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('runsc-sandbox\0');
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
