import { readdirSync, readFileSync } from 'node:fs';

/** proc_pid_stat(5): times are counted in 1/100 s on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** CPU that a process and those below it have used so far, in ms; ended children count once their parent waited. */
export function cpuMsOf(pid: number): number {
  return [pid, ...descendantsOf(pid)].reduce((sum, each) => sum + ownCpuMs(each), 0);
}

/** All processes below `pid`, at any depth. */
export function descendantsOf(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = Number(fieldsOf(Number(entry))?.[1]);
    if (!Number.isInteger(parent)) continue;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(entry)]);
  }
  const below = (each: number): number[] =>
    (childrenOf.get(each) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

function ownCpuMs(pid: number): number {
  const fields = fieldsOf(pid);
  if (fields === null) return 0;
  // utime, stime, cutime, cstime: fields 14 to 17, of which the first two are before the closing bracket.
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * MS_PER_TICK, 0);
}

/** The fields behind the program's name, which may hold spaces and brackets; null where the process is gone. */
function fieldsOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
