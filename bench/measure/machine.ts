import { cpus, loadavg, totalmem } from 'node:os';

/** On what, and beside what, something was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  /** One-minute load average (proc_loadavg(5)) before and after: beyond the number of cores, times are those of a busy machine. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Notes the machine and its load now; call what it returns at the end. */
export function observeMachine(): () => Machine {
  const [loadBefore = 0] = loadavg();
  const [first] = cpus();
  return () => ({
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    loadBefore: Math.round(loadBefore * 100) / 100,
    loadAfter: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  });
}

/** One sentence for people. */
export function describeMachine({ cpu, cores, memoryGib, loadBefore, loadAfter }: Machine): string {
  return `${cores} x ${cpu}, ${memoryGib} GiB; load ${loadBefore} before, ${loadAfter} after`;
}
