import { descendantsOf, statFieldsOf } from './process-tree.ts';

/** proc_pid_stat(5): times are counted in 1/100 s on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** CPU that a process and those below it have used so far, in ms; ended children count once their parent waited. */
export function cpuMsOf(pid: number): number {
  return [pid, ...descendantsOf(pid)].reduce((sum, each) => sum + ownCpuMs(each), 0);
}

function ownCpuMs(pid: number): number {
  const fields = statFieldsOf(pid);
  if (fields === null) return 0;
  // utime, stime, cutime and cstime are the fields 14 to 17.
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * MS_PER_TICK, 0);
}
