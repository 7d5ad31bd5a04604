import { setTimeout as delay } from 'node:timers/promises';
import { childrenOf, descendantsOf } from '../measure/process-tree.ts';
import { median, rounded } from '../measure/quantiles.ts';
import type { RunningPart } from '../stack/running-parts.ts';
import { type MemoryUse, memoryOf } from './memory-of.ts';

export interface PartMemory extends MemoryUse {
  readonly part: string;
}

/** runsc, its gofer and the sandbox: less is a helper of the executor that is about to end. */
const SANDBOX_PROCESSES_MIN = 3;

/** Each part at rest, sandboxes one by one: the median of samples a second apart. */
export async function measureMemory(
  parts: readonly RunningPart[],
  launcherPid: number | undefined,
  samples: number,
): Promise<PartMemory[]> {
  const taken = new Map<string, MemoryUse[]>();
  for (let sample = 0; sample < samples; sample++) {
    if (sample > 0) await delay(1_000);
    const groups = groupsOf(parts, launcherPid);
    for (const [part, pids] of groups) taken.set(part, [...(taken.get(part) ?? []), memoryOf(pids)]);
  }
  return [...taken].map(([part, uses]) => ({
    part,
    processes: median(uses.map(({ processes }) => processes)),
    ownMib: rounded(median(uses.map(({ ownMib }) => ownMib))),
    pssMib: rounded(median(uses.map(({ pssMib }) => pssMib))),
    rssMib: rounded(median(uses.map(({ rssMib }) => rssMib))),
  }));
}

function groupsOf(parts: readonly RunningPart[], launcherPid: number | undefined): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  if (launcherPid !== undefined) groups.set('launcher', [launcherPid]);
  for (const { name, pid } of parts) {
    if (name !== 'executor') {
      groups.set(name, [pid, ...descendantsOf(pid)]);
      continue;
    }
    groups.set(name, [pid]);
    const sandboxes = childrenOf(pid)
      .map((child) => [child, ...descendantsOf(child)])
      .filter((pids) => pids.length >= SANDBOX_PROCESSES_MIN);
    sandboxes.forEach((pids, index) => {
      groups.set(`warm sandbox ${index + 1}`, pids);
    });
  }
  return groups;
}
