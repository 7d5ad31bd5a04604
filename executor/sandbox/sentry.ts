import { readFileSync } from 'node:fs';
import type { CgroupGroup } from './cgroup-group.ts';

/**
 * gVisor's kernel takes 2 % of a core when nothing runs in it. Stopped, it takes none, and unlike a frozen one (cgroup v1)
 * it dies by SIGKILL, so also with the executor. Where there is none, a program that waits takes nothing by itself. Gives what
 * lets it go on.
 */
export function stopSentry(group: Pick<CgroupGroup, 'processes'>): () => void {
  const stopped = group.processes().filter(isSentry);
  for (const pid of stopped) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of stopped.filter(isSentry)) process.kill(pid, 'SIGCONT');
  };
}

/** proc_pid_cmdline(5): runsc names its parts in their first argument. */
function isSentry(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('runsc-sandbox\0');
  } catch {
    return false;
  }
}
