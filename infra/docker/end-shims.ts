import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
}

/**
 * SIGKILL to the shims of the daemon whose sockets lie in `dir`, and to all that they started. A container that hangs at its
 * start has one that dockerd does not end: it waits 15 s, ends with its data still mounted, and the shim goes on for ever.
 */
export function endShims(dir: string): void {
  const processes = readProcesses();
  const end = (pid: number): void => {
    for (const { pid: child, parent } of processes) if (parent === pid) end(child);
    kill(pid);
  };
  for (const { pid, command } of processes) if (isShim(command, dir)) end(pid);
}

function isShim([program = '', ...args]: readonly string[], dir: string): boolean {
  return (
    path.basename(program).startsWith('containerd-shim') && args.some((arg) => arg.startsWith(`${dir}/`))
  );
}

/** proc_pid_stat(5), proc_pid_cmdline(5); those that end meanwhile are left out. */
function readProcesses(): Process[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return [{ pid, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), command }];
    } catch {
      return [];
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
