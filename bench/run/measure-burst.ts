import { z } from 'zod';
import { watchMemory } from '../measure/resident-memory.ts';
import { judgeOrder, type Order } from './judge-order.ts';
import type { Team } from './open-teams.ts';

const started = z.object({ run: z.string() });
const state = z.object({ state: z.string() });

export interface Burst extends Order {
  readonly submitted: number;
  readonly succeeded: number;
  readonly acceptedMs: number;
  readonly seconds: number;
  readonly executorMib: { readonly before: number; readonly peak: number };
  readonly workerMib: { readonly before: number; readonly peak: number };
}

/** So many runs of `print(1)` submitted at once by these tenants: which of them end well, in which order, and what it takes. */
export async function measureBurst(
  teams: readonly Team[],
  runsEach: number,
  pids: { readonly executor: number; readonly worker: number },
): Promise<Burst> {
  const sinceMs = performance.now();
  const { result: executor, ...worker } = await watchMemory(pids.worker, () =>
    watchMemory(pids.executor, async () => {
      // The teams take turns, so that none of them is first with all of its runs.
      const turns = Array.from({ length: runsEach }, () => teams).flat();
      const runs = await Promise.all(turns.map(submit));
      const acceptedMs = performance.now() - sinceMs;
      return {
        acceptedMs,
        states: await Promise.all(runs.map(({ team, run }) => awaitEnd(team, run))),
        runs,
      };
    }),
  );
  const { acceptedMs, runs, states } = executor.result;
  const seconds = (performance.now() - sinceMs) / 1000;
  const turns = await Promise.all(
    runs.map(async ({ team, run }) => ({ tenant: team.tenant, ...(await team.recorded(run)) })),
  );
  return {
    submitted: runs.length,
    succeeded: states.filter((each) => each === 'succeeded').length,
    acceptedMs,
    seconds,
    ...judgeOrder(turns),
    executorMib: { before: executor.beforeMib, peak: executor.peakMib },
    workerMib: { before: worker.beforeMib, peak: worker.peakMib },
  };
}

async function submit(team: Team): Promise<{ team: Team; run: string }> {
  const input = { project: team.project, path: 'hello.py', data: [], wait_seconds: 0 };
  return { team, ...(await team.client.call('run_model', input, started)) };
}

const ACTIVE = ['queued', 'leased', 'running'];

async function awaitEnd(team: Team, run: string): Promise<string> {
  for (;;) {
    const now = await team.client.call('get_run', { run, wait_seconds: 45 }, state);
    if (!ACTIVE.includes(now.state)) return now.state;
  }
}
