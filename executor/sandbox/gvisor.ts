import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ociSpec } from './bundle.ts';
import type { Container, ContainerExit, Driver, Prepared } from './driver.ts';

const run = promisify(execFile);

const COMMAND_TIMEOUT_MS = 10_000;
const CHECKPOINT_TIMEOUT_MS = 30_000;
/** Builds before this have no systrap platform, or an unfinished one. */
const OLDEST_BUILD = 20230801;

/** `kvm` hangs for ever in a nested virtual machine, so it is never chosen by the presence of /dev/kvm. */
export type GvisorPlatform = 'systrap' | 'kvm';

export interface GvisorSettings {
  readonly runscPath: string;
  readonly platform: GvisorPlatform;
  /** Owned by this executor alone. */
  readonly stateDir: string;
  readonly rootfsDir: string;
  readonly python: string;
  readonly harness: string;
  readonly imageEnvironment: Readonly<Record<string, string>>;
}

/**
 * Flags that any runsc is started with, ours or a daemon's. No overlay: the root is read-only, and an overlay would put a
 * writable file beside it.
 */
export function runscFlags(platform: GvisorPlatform): readonly string[] {
  return [
    `--platform=${platform}`,
    '--network=none',
    '--host-uds=none',
    // The pipes that the sandbox opens itself; whatever else could be opened so, the executor would have to make.
    '--host-fifo=open',
    '--overlay2=none',
    '--oci-seccomp',
  ];
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

/** What runsc keeps of its containers; nothing outside of it outlives their processes. */
export const runscRootOf = (stateDir: string) => join(stateDir, 'runsc');

/** gVisor's runsc, directly on OCI bundles, one process tree a sandbox and no daemon. */
export function gvisorDriver(settings: GvisorSettings, version: string): Driver {
  const runscRoot = runscRootOf(settings.stateDir);
  const flags = [`--root=${runscRoot}`, ...runscFlags(settings.platform)];

  const deleteContainer = async (id: string): Promise<void> => {
    // runsc may know nothing of it any more, which is what is wanted.
    await run(settings.runscPath, [...flags, 'delete', '--force', id], commandOptions).catch(() => undefined);
  };

  const signalContainer = async (id: string, signal: string): Promise<void> => {
    await run(settings.runscPath, [...flags, 'kill', id, signal], commandOptions).catch(() => undefined);
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

  const launch = async (prepared: Prepared, snapshot: string | null): Promise<Container> => {
    const { id, dir, folders, pipes, cgroupPath, spec } = prepared;
    mkdirSync(runscRoot, { recursive: true, mode: 0o700 });
    const { harness, imageEnvironment, python, rootfsDir } = settings;
    const bundle = ociSpec({ rootfsDir, folders, python, harness, imageEnvironment, cgroupPath, spec });
    await writeFile(join(dir, 'config.json'), JSON.stringify(bundle));
    const how = snapshot === null ? ['run'] : ['restore', `--image-path=${snapshot}`];
    const child = spawnContainer(id, dir, how, pipes.childFds);
    pipes.handedOver();
    const textOf = (file: string) => readFile(join(dir, file), 'utf8').catch(() => '');
    return {
      exited: exitOf(child),
      panic: () => textOf('panic.log'),
      words: async () => (await Promise.all([textOf('runsc.log'), textOf('panic.log')])).join(''),
      signal: (signal) => signalContainer(id, signal),
      // What runsc started dies with it.
      kill: () => void child.kill('SIGKILL'),
      // `runsc run` that ended by itself has cleared its own state.
      forget: async (isOrderly) => {
        if (!isOrderly) await deleteContainer(id);
      },
    };
  };

  const checkpoint = async (id: string, folder: string): Promise<void> => {
    // Pages as they are: unpacking them would cost each copy more than reading them from the page cache.
    const how = ['checkpoint', `--image-path=${folder}`, '--compression=none', id];
    const options = { ...commandOptions, timeout: CHECKPOINT_TIMEOUT_MS };
    await run(settings.runscPath, [...flags, ...how], options);
  };

  return {
    name: 'gvisor',
    version,
    inheritsPipes: true,
    countsProcessesInside: true,
    launch,
    checkpoint,
    forget: deleteContainer,
    close: () => rm(runscRoot, { recursive: true, force: true }),
  };
}

function exitOf(child: ChildProcess): Promise<ContainerExit> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`setpriv or runsc could not be started: ${error.message}`)),
    );
    // Counted in the cgroup, which stays as long as the sandbox.
    child.once('exit', (exitCode) => resolve({ exitCode, isOomKill: false }));
  });
}
