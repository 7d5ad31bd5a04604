import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { CleanupStack } from '../../cli/stack/cleanup.ts';
import { printNote } from '../../cli/terminal/print.ts';
import { residentMib } from '../measure/resident-memory.ts';
import { partOf, runningParts } from '../stack/running-parts.ts';
import { type Burst, measureBurst } from './measure-burst.ts';
import { measureSustained, type Sustained } from './measure-sustained.ts';
import { measureVolume, type Volume } from './measure-volume.ts';
import { measureWaiting, type Waiting } from './measure-waiting.ts';
import type { BareRunner } from './open-bare-runner.ts';
import { openTeam, openTeams, type TeamsPlace } from './open-teams.ts';

/** Of what bare processes do on the same cores. */
const SHARE_MIN = 0.45;
/** What the executor's daemon may hold beyond its rest, whatever a run moves. */
const GROWTH_MIB_MAX = 150;

const FULL = { windows: 3, windowMs: 20_000, teams: 8, runsEach: 50, waitingMs: 10_000 } as const;
const QUICK = { windows: 1, windowMs: 4_000, teams: 2, runsEach: 10, waitingMs: 2_000 } as const;
const BURST_TEAMS = 4;
/** The sandbox for the next run is made, and what the last one left is gone. */
const SETTLE_MS = 5_000;

export interface LoadReport {
  readonly ok: boolean;
  /** The executor's daemon before all this. */
  readonly restMib: number;
  readonly waiting: Waiting;
  readonly sustained: Sustained;
  readonly burst: Burst;
  readonly volume: readonly Volume[];
}

/** What the system does with more than one run every 2 s. */
export async function measureLoad(
  place: TeamsPlace,
  bare: BareRunner,
  quick: boolean,
  cleanup: CleanupStack,
): Promise<LoadReport> {
  const plan = quick ? QUICK : FULL;
  const parts = await runningParts(place.state);
  const executor = parts.get('executor');
  if (executor === undefined) throw new Error('the stack has no executor');
  const pids = { executor: executor.pid, worker: partOf(parts, 'worker').pid };
  const note = (what: string) => printNote(`  ${what}`);
  const teams = await openTeams(plan.teams, place, cleanup);
  note('sandboxes that wait');
  await delay(SETTLE_MS);
  const restMib = residentMib(executor.pid);
  const waiting = await measureWaiting(executor, plan.waitingMs);
  note('as many runs as go, beside bare processes');
  const sustained = await measureSustained(teams, bare, { ...plan, cores: availableParallelism() });
  note('many at once');
  const burst = await measureBurst(await openTeams(BURST_TEAMS, place, cleanup), plan.runsEach, pids);
  note('much output, outputs and data');
  const volume = await measureVolume(await openTeam(place, cleanup), pids.executor);
  const ok =
    (sustained.share ?? 0) >= SHARE_MIN &&
    burst.succeeded === burst.submitted &&
    volume.every(({ peakMib }) => peakMib - restMib < GROWTH_MIB_MAX);
  return { ok, restMib, waiting, sustained, burst, volume };
}
