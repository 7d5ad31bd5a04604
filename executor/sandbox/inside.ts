import { limit } from '../../protocol/limits.ts';
import type { Folders, SandboxSpec } from './engine.ts';

/** The user inside; no file of the image belongs to it. */
export const SANDBOX_UID = 65532;
export const SANDBOX_GID = 65532;

/** The descriptor of `causeway.progress()`, as harness.py opens it. */
const PROGRESS_FD = 3;

export const HOST_NAME = 'sandbox';
/** Locks and queues of multiprocessing live in /dev/shm. */
export const SHARED_MEMORY_BYTES_MAX = limit('run_shared_memory_bytes');

const OPEN_FILES_MAX = 1024;
const STACK_BYTES_MAX = 8 * 1024 * 1024;

/** Files of /proc that tell of the host or change it. gVisor emulates /proc; the kernel itself does not. */
export const MASKED_PATHS = [
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
export const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export interface InsideParts {
  readonly folders: Folders;
  readonly python: string;
  /** Python text that runs first; it travels as an argument, so the image needs no file of ours. */
  readonly harness: string;
  /** What the image asks for (PATH, HOME, ...). */
  readonly imageEnvironment: Readonly<Record<string, string>>;
  readonly spec: SandboxSpec;
}

export interface Bind {
  readonly source: string;
  readonly destination: string;
  readonly isWritable: boolean;
  /** Code is read from /repo by interpreters; nothing else holds what may be executed. */
  readonly isExecutable: boolean;
}

export type RlimitName = 'nproc' | 'nofile' | 'stack' | 'core' | 'memlock' | 'fsize';

/** What a program finds inside, whatever the engine: `bundle.ts` and `docker-spec.ts` spell it for theirs. */
export interface Inside {
  readonly args: readonly string[];
  readonly environment: readonly string[];
  readonly workingDir: string;
  readonly rlimits: readonly { readonly name: RlimitName; readonly value: number }[];
  /** All there ever are: what is mounted on the host after the start is not seen inside, or only without its caps. */
  readonly binds: readonly Bind[];
}

export function insideOf({ folders, python, harness, imageEnvironment, spec }: InsideParts): Inside {
  const environment = {
    ...imageEnvironment,
    ...spec.environment,
    CAUSEWAY_PROGRESS_FD: `${PROGRESS_FD}`,
  };
  const { limits } = spec;
  return {
    args: [python, '-P', '-s', '-c', harness, ...spec.imports],
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    workingDir: '/repo',
    rlimits: [
      { name: 'nproc', value: limits.processesMax },
      { name: 'nofile', value: OPEN_FILES_MAX },
      { name: 'stack', value: STACK_BYTES_MAX },
      { name: 'core', value: 0 },
      { name: 'memlock', value: 0 },
      { name: 'fsize', value: Math.max(limits.outputsBytesMax, limits.tmpBytesMax) },
    ],
    binds: [
      { source: folders.repo, destination: '/repo', isWritable: false, isExecutable: true },
      { source: folders.data, destination: '/data', isWritable: false, isExecutable: false },
      { source: folders.inputs, destination: '/inputs', isWritable: false, isExecutable: false },
      { source: folders.outputs, destination: '/outputs', isWritable: true, isExecutable: false },
      { source: folders.tmp, destination: '/tmp', isWritable: true, isExecutable: false },
    ],
  };
}
