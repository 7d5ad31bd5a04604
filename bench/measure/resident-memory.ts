import { readFileSync } from 'node:fs';
import { rounded } from './quantiles.ts';

const SAMPLE_EVERY_MS = 10;

/** Resident memory of a process around some work, in MiB. */
export interface Growth<Result> {
  readonly result: Result;
  readonly beforeMib: number;
  /** The most that a sample every 10 ms saw while the work was done. */
  readonly peakMib: number;
}

/** Does `work` and samples what `pid` holds meanwhile. */
export async function watchMemory<Result>(pid: number, work: () => Promise<Result>): Promise<Growth<Result>> {
  const beforeMib = residentMib(pid);
  let peakMib = beforeMib;
  const look = (): void => {
    peakMib = Math.max(peakMib, residentMib(pid));
  };
  const timer = setInterval(look, SAMPLE_EVERY_MS);
  try {
    const result = await work();
    look();
    return { result, beforeMib, peakMib };
  } finally {
    clearInterval(timer);
  }
}

/** `VmRSS` of proc_pid_status(5). Throws where the process is gone: its memory cannot be judged by an absent number. */
export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return rounded(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024);
}

/** The most that the process ever held so far (`VmHWM`), in MiB; null where it is gone. */
export function peakMibOf(pid: number): number | null {
  try {
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return peak === undefined ? null : rounded(Number(peak) / 1024);
  } catch {
    return null;
  }
}
