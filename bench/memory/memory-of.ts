import { readFileSync } from 'node:fs';

export interface MemoryUse {
  readonly processes: number;
  /** Memory that is nobody else's and cannot be read again from a file: what the part really costs. */
  readonly ownMib: number;
  /** Proportional set size: with files that it maps (program text), which count by their share of users. It adds up. */
  readonly pssMib: number;
  /** Resident set size: shared pages count whole in each process. */
  readonly rssMib: number;
}

/** What these processes hold now; one that has ended in the meantime counts nothing. */
export function memoryOf(pids: readonly number[]): MemoryUse {
  const rollups = pids.map(readRollup).filter((each) => each !== null);
  // gVisor's stubs are processes that share one memory (CLONE_VM), which the kernel shows whole in each.
  const memories = [...new Set(rollups)];
  const sumMib = (...names: string[]) =>
    memories.reduce((sum, rollup) => sum + names.reduce((kib, name) => kib + kibOf(rollup, name), 0), 0) /
    1024;
  return {
    processes: rollups.length,
    ownMib: sumMib('Pss_Anon', 'Pss_Shmem'),
    pssMib: sumMib('Pss'),
    rssMib: sumMib('Rss'),
  };
}

/** `smaps_rollup`, proc_pid_smaps(5). */
function readRollup(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  } catch {
    return null;
  }
}

function kibOf(rollup: string, name: string): number {
  return Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
}
