import { readFileSync } from 'node:fs';

export interface MemoryUse {
  readonly processes: number;
  /** Proportional set size: pages that n processes share count a n-th in each. The sum over parts is what they cost. */
  readonly pssMib: number;
  /** Resident set size: shared pages count whole in each process. */
  readonly rssMib: number;
}

/** What these processes hold now; one that has ended in the meantime counts nothing. */
export function memoryOf(pids: readonly number[]): MemoryUse {
  const read = pids.map(readRollup).filter((each) => each !== null);
  return {
    processes: read.length,
    pssMib: read.reduce((sum, { pssKib }) => sum + pssKib, 0) / 1024,
    rssMib: read.reduce((sum, { rssKib }) => sum + rssKib, 0) / 1024,
  };
}

/** `smaps_rollup`, proc_pid_smaps(5). */
function readRollup(pid: number): { pssKib: number; rssKib: number } | null {
  let rollup: string;
  try {
    rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  } catch {
    return null;
  }
  const of = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
  return { pssKib: of('Pss'), rssKib: of('Rss') };
}
