import type { Folders, SandboxSpec } from './engine.ts';
import { seccompProfile } from './seccomp.ts';

/** The user inside; no file of the image belongs to it. */
export const SANDBOX_UID = 65532;
export const SANDBOX_GID = 65532;

/** The descriptor of `causeway.progress()`, as harness.py opens it. */
const PROGRESS_FD = 3;

const OPEN_FILES_MAX = 1024;
const STACK_BYTES_MAX = 8 * 1024 * 1024;

/** Files of /proc that tell of the host or change it. gVisor emulates /proc; a second engine does not. */
const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export interface BundleParts {
  readonly rootfsDir: string;
  readonly folders: Folders;
  readonly python: string;
  /** The text of harness.py; it travels as an argument, so the image needs no file of ours. */
  readonly harness: string;
  /** What the image asks for (PATH, HOME, ...). */
  readonly imageEnvironment: Readonly<Record<string, string>>;
  /** Path of the sandbox's cgroup, relative to the executor's own. */
  readonly cgroupPath: string;
  readonly spec: SandboxSpec;
}

function bind(source: string, destination: string, ...options: string[]) {
  return { destination, type: 'bind', source, options: ['bind', 'nosuid', 'nodev', ...options] };
}

function rlimit(type: string, value: number) {
  return { type, soft: value, hard: value };
}

/**
 * The OCI runtime specification (1.0.2) of one sandbox: a read-only root, a user without any privilege, no device of
 * the network but loopback, and five folders of the host. Limits of CPU, memory and processes are in the cgroup, which
 * the executor makes beforehand.
 */
export function ociSpec(parts: BundleParts) {
  const { folders, spec } = parts;
  const environment = {
    ...parts.imageEnvironment,
    ...spec.environment,
    CAUSEWAY_PROGRESS_FD: `${PROGRESS_FD}`,
  };
  const none: string[] = [];
  return {
    ociVersion: '1.0.2',
    hostname: 'sandbox',
    process: {
      terminal: false,
      user: { uid: SANDBOX_UID, gid: SANDBOX_GID, additionalGids: [] },
      args: [parts.python, '-P', '-s', '-c', parts.harness, ...spec.imports],
      env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      cwd: '/repo',
      noNewPrivileges: true,
      capabilities: { bounding: none, effective: none, permitted: none, inheritable: none, ambient: none },
      rlimits: [
        rlimit('RLIMIT_NPROC', spec.limits.processesMax),
        rlimit('RLIMIT_NOFILE', OPEN_FILES_MAX),
        rlimit('RLIMIT_STACK', STACK_BYTES_MAX),
        rlimit('RLIMIT_CORE', 0),
        rlimit('RLIMIT_MEMLOCK', 0),
        rlimit('RLIMIT_FSIZE', Math.max(spec.limits.outputsBytesMax, spec.limits.tmpBytesMax)),
      ],
    },
    root: { path: parts.rootfsDir, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'noexec', 'mode=755', 'size=64k'],
      },
      {
        // Locks and queues of multiprocessing live here; what it holds counts as memory of the run.
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=32m'],
      },
      bind(folders.repo, '/repo', 'ro'),
      bind(folders.data, '/data', 'ro', 'noexec'),
      bind(folders.inputs, '/inputs', 'ro', 'noexec'),
      bind(folders.outputs, '/outputs', 'rw', 'noexec'),
      bind(folders.tmp, '/tmp', 'rw', 'noexec'),
    ],
    linux: {
      cgroupsPath: parts.cgroupPath,
      namespaces: [{ type: 'pid' }, { type: 'network' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }],
      seccomp: seccompProfile(),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}
