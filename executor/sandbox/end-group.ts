import { setTimeout as delay } from 'node:timers/promises';
import type { CgroupGroup } from './cgroup-group.ts';

export const DEATH_TIMEOUT_MS = 10_000;
const DEATH_POLL_MS = 2;
const REMOVE_TIMEOUT_MS = 1_000;

/** SIGKILL to all of a group until nothing is left in it; true when it is empty. */
export async function endProcesses(group: Pick<CgroupGroup, 'kill' | 'processes'>): Promise<boolean> {
  const until = performance.now() + DEATH_TIMEOUT_MS;
  for (;;) {
    group.kill();
    if (group.processes().length === 0) return true;
    if (performance.now() > until) return false;
    await delay(DEATH_POLL_MS);
  }
}

/** The kernel takes a moment to forget the last process; what is busy beyond that is a fault and thrown. */
export async function removeGroup(group: Pick<CgroupGroup, 'remove'>): Promise<void> {
  const until = performance.now() + REMOVE_TIMEOUT_MS;
  for (;;) {
    try {
      return group.remove();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(DEATH_POLL_MS);
    }
  }
}
