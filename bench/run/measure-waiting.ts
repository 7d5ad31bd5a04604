import { setTimeout as delay } from 'node:timers/promises';
import { cpuMsOf } from '../measure/cpu-time.ts';
import { childrenOf } from '../measure/process-tree.ts';
import { median, rounded } from '../measure/quantiles.ts';
import { measureMemory } from '../memory/measure-memory.ts';
import type { RunningPart } from '../stack/running-parts.ts';

export interface Waiting {
  readonly sandboxes: number;
  /** Of one, the median. */
  readonly ownMib: number;
  readonly pssMib: number;
  /** Of a core, all together. */
  readonly cpuPercent: number;
}

/** What sandboxes cost that wait for a run. */
export async function measureWaiting(executor: RunningPart, forMs: number): Promise<Waiting> {
  const sandboxes = (await measureMemory([executor], undefined, 1)).filter(({ part }) =>
    part.startsWith('warm sandbox'),
  );
  const cpuMs = () => childrenOf(executor.pid).reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  const before = cpuMs();
  await delay(forMs);
  return {
    sandboxes: sandboxes.length,
    ownMib: median(sandboxes.map(({ ownMib }) => ownMib)),
    pssMib: median(sandboxes.map(({ pssMib }) => pssMib)),
    cpuPercent: rounded(((cpuMs() - before) / forMs) * 100),
  };
}
