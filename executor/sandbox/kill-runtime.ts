import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { killProcess } from './cgroup-files.ts';

/**
 * SIGKILL to the OCI runtime of a container: every process of the host that names its id on the command line, but the shim,
 * which has to live to tell the daemon of the end.
 */
export function killRuntimeOf(containerId: string): void {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const [program = '', ...args] = commandOf(pid);
    if (args.includes(containerId) && !basename(program).startsWith('containerd-shim')) killProcess(pid);
  }
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(join('/proc', `${pid}`, 'cmdline'), 'utf8').split('\0');
  } catch {
    return [];
  }
}
