import { readdirSync, readFileSync } from 'node:fs';

/** The fields of proc_pid_stat(5) from the third on (state, parent, ...); null where the process is gone. */
export function statFieldsOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name before them may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** Processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return tree().get(pid) ?? [];
}

/** All processes below `pid`, at any depth. */
export function descendantsOf(pid: number): number[] {
  const children = tree();
  const below = (each: number): number[] =>
    (children.get(each) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

function tree(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = statFieldsOf(Number(entry))?.[1];
    if (parent === undefined) continue;
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(entry)]);
  }
  return children;
}
