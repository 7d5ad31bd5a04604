import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfig } from '../../../executor/config.ts';
import { sweepHost } from '../../../executor/sweep-host.ts';

const OWN_SWEEP_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/**
 * Removes what a killed executor left: sandboxes, mounts and control groups. It has a process of its own that does so, which
 * is waited for, and may have been killed with it. Takes the executor's own arguments.
 */
export async function sweepExecutor(args: readonly string[]): Promise<void> {
  const config = readConfig(args);
  const until = performance.now() + OWN_SWEEP_TIMEOUT_MS;
  while (isSweeping(config.stateDir) && performance.now() < until) await delay(POLL_MS);
  await sweepHost(config);
}

/** Whether a process waits or works to sweep a state folder: both name it in their command line (proc_pid_cmdline(5)). */
function isSweeping(stateDir: string): boolean {
  return readdirSync('/proc').some((pid) => {
    const command = /^\d+$/.test(pid) ? commandOf(pid) : [];
    return command.includes('--sweep') && command.includes(stateDir);
  });
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
