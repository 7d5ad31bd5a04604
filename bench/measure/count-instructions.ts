import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { descendantsOf } from './process-tree.ts';

/** Instructions that a process, and those below it, retire from now until they are asked for: in user and kernel mode, all threads. */
export interface Count {
  /** null where the counter could not run all the time, or not at all. */
  stop(): Promise<number | null>;
}

/**
 * Counts instructions of the process `pid` and of those below it with `perf stat` (perf-stat(1); Debian: linux-perf), as root. Work is
 * counted alike on a machine that is busy and on one that is not, where time differs by a third. Null where there is no perf.
 */
export async function countInstructions(pid: number): Promise<Count | null> {
  const pids = [pid, ...descendantsOf(pid)].join(',');
  const perf = spawn(
    'perf',
    ['stat', '-x', ',', '-e', 'instructions', '-D', '-1', '--control', 'fd:3,4', '-p', pids],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } },
  );
  const ended = once(perf, 'close').catch(() => null);
  const report = text(perf.stderr as Readable).catch(() => '');
  const isCounting = await Promise.race([command(perf, 'enable'), ended.then(() => false)]);
  if (!isCounting) return null;
  return {
    async stop() {
      await Promise.race([command(perf, 'disable'), ended]);
      perf.kill('SIGINT');
      await ended;
      return readInstructions(await report);
    },
  };
}

/** Whether perf did what it was told; it acknowledges each command. */
async function command(perf: ChildProcess, name: 'enable' | 'disable'): Promise<boolean> {
  const [control, acknowledged] = [perf.stdio[3] as Writable, perf.stdio[4] as Readable];
  control.on('error', () => undefined).write(`${name}\n`);
  return once(acknowledged, 'data').then(
    ([chunk]) => String(chunk).startsWith('ack'),
    () => false,
  );
}

/** The count of `perf stat -x ,` (value, unit, event, time, share of it in percent, ...); null where something else stands there. */
export function readInstructions(report: string): number | null {
  const fields = report
    .split('\n')
    .map((line) => line.split(','))
    .find(([, , event]) => event?.startsWith('instructions'));
  const count = Number(fields?.[0] ?? Number.NaN);
  return Number.isSafeInteger(count) && Number(fields?.[4]) === 100 ? count : null;
}
