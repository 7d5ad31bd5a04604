import { z } from 'zod';
import { SALES } from './models.ts';
import type { BareRunner } from './open-bare-runner.ts';
import type { Team } from './open-teams.ts';

/** Calls under way at a time: more than slots, so that none of them waits for a client. */
const CALLS_AT_ONCE = 4;

export interface SustainedPlan {
  /** Each is a window of runs through the whole system, and one of bare processes. */
  readonly windows: number;
  readonly windowMs: number;
  readonly cores: number;
}

export interface Sustained {
  readonly seconds: number;
  readonly perSecond: number;
  readonly barePerSecond: number;
  /** Of the bare processes' rate. */
  readonly share: number | null;
}

const finishedRun = z.object({ state: z.literal('succeeded') });

/** The pandas model as often as it goes, in windows that take turns with bare processes doing the same on as many cores. */
export async function measureSustained(
  teams: readonly Team[],
  bare: BareRunner,
  { windows, windowMs, cores }: SustainedPlan,
): Promise<Sustained> {
  let next = 0;
  const call = async (): Promise<void> => {
    const { client, project } = teams[next++ % teams.length] as Team;
    await client.call('run_model', { project, path: 'totals.py', data: [SALES] }, finishedRun);
  };
  let runs = 0;
  let bareRuns = 0;
  for (let window = 0; window < windows; window++) {
    runs += await repeat(call, CALLS_AT_ONCE, windowMs);
    bareRuns += await repeat(() => bare.run('totals.py').then(() => undefined), cores, windowMs);
  }
  const seconds = (windows * windowMs) / 1000;
  return {
    seconds,
    perSecond: runs / seconds,
    barePerSecond: bareRuns / seconds,
    share: bareRuns === 0 ? null : runs / bareRuns,
  };
}

/** How many `jobs` end within `ms`, so many at a time. */
async function repeat(job: () => Promise<void>, atOnce: number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let ended = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < until) {
      await job();
      if (performance.now() <= until) ended += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return ended;
}
