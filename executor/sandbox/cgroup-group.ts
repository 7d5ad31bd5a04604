export interface CgroupLimits {
  readonly memoryBytes: number;
  readonly processesMax: number;
  readonly cpuCores: number;
}

export function isBoundedAlike(one: CgroupLimits, other: CgroupLimits): boolean {
  return (
    one.memoryBytes === other.memoryBytes &&
    one.processesMax === other.processesMax &&
    one.cpuCores === other.cpuCores
  );
}

export interface CgroupFacts {
  /** Processes and threads of the host in it now. */
  readonly tasks: number;
  readonly cpuMs: number | null;
  readonly oomKills: number;
  /** Whether all memory was taken once; more may have been found by giving up caches. Stays true when a group below is gone. */
  readonly metMemoryLimit: boolean;
  readonly forksRefused: number;
  readonly memoryPeakBytes: number | null;
}

/** The cgroup of one sandbox, in each hierarchy that bounds it. */
export interface CgroupGroup {
  /** Its folder in each hierarchy, made or not. */
  readonly dirs: readonly string[];
  setLimits(limits: CgroupLimits): void;
  /** `background` yields the CPU to whatever else wants it. */
  setPriority(priority: 'background' | 'run'): void;
  /** Resolves true when no process in it can run again before it is killed. */
  freeze(): Promise<boolean>;
  /** SIGKILL to every process in it, also when frozen. */
  kill(): void;
  processes(): number[];
  facts(): CgroupFacts;
  /** Throws EBUSY while a process lives in it. */
  remove(): void;
}

export interface Hierarchy {
  /** Controllers, as `memory` or `cpu` and `cpuacct`; empty for version 2. */
  readonly controllers: readonly string[];
  /** The folder of this process's own cgroup in it. */
  readonly dir: string;
  readonly version: 1 | 2;
}

/** CPU shares (v1) of a run, and of a sandbox that is only becoming warm. */
export const RUN_SHARES = 1024;
export const BACKGROUND_SHARES = 64;
export const CPU_PERIOD_US = 100_000;

/**
 * Host processes and threads that one process of the program costs at most under gVisor (systrap: its own thread and a
 * stub), and those of the engine itself. The program meets RLIMIT_NPROC first; the cgroup stands behind it.
 */
const HOST_TASKS_PER_PROCESS = 3;
const HOST_TASKS_OF_ENGINE = 256;

/** For gVisor, with a daemon and without. */
export function hostTasksMax(processesMax: number): number {
  return processesMax * HOST_TASKS_PER_PROCESS + HOST_TASKS_OF_ENGINE;
}
