import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestStack } from './stack.ts';

export interface RevivedWorker {
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Kills the Worker as a power failure would, does `meanwhile`, and starts it again on the same state. A Worker that was
 * revived before is named by its `pid`.
 */
export async function crashWorker(
  stack: TestStack,
  meanwhile: () => Promise<void> = async () => {},
  pid = stack.pids.worker,
): Promise<RevivedWorker> {
  if (pid === undefined) throw new Error('the stack has no Worker');
  const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').slice(0, -1);
  const cwd = readlinkSync(`/proc/${pid}/cwd`);
  process.kill(pid, 'SIGKILL');
  await until(async () => !(await answers(stack)));
  await meanwhile();
  const env = Object.fromEntries(
    environment.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
  const start = () => {
    const child = spawn(command, args, { cwd, env, stdio: 'ignore' });
    return { child, ended: once(child, 'exit') };
  };
  let worker = start();
  await until(async () => {
    if (await answers(stack)) return true;
    // Another process may have its port for a moment, as the near end of a connection: then it ends at once.
    if (worker.child.exitCode !== null) worker = start();
    return false;
  });
  const { child, ended } = worker;
  if (child.pid === undefined) throw new Error('the Worker could not be started again');
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function answers(stack: TestStack): Promise<boolean> {
  try {
    return (await fetch(`${stack.publicUrl}/healthz`)).ok;
  } catch {
    return false;
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(50);
}
