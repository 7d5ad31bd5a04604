import { newId } from '../protocol/ids.ts';
import { platformOf } from '../worker/platform.ts';
import { sweepRuns } from '../worker/runs/sweep.ts';
import { type Diary, pursue } from './agent.ts';
import { Deployment } from './deployment.ts';
import { type Scene, Storm } from './faults.ts';
import type { Violation } from './invariants.ts';
import { WebSocketPair } from './objects/link.ts';
import { type Schedule, tenantOf } from './schedule.ts';
import { type HostPlan, SimulatedExecutor } from './simulated-executor.ts';
import { enterWorld, installGlobals } from './virtual-globals.ts';
import { Watch } from './watch.ts';
import { Climate } from './weather.ts';
import { BEGIN_MS, World } from './world.ts';

/** The cron of wrangler.toml. */
const CRON_MS = 60_000;
/** In calm weather the longest queue of a schedule is done by then, and each fault was found out. */
const AFTERMATH_MS = 400_000;
/** Leases that ended, alarms and heartbeats go on for a while when the last run is over. */
const REST_MS = 5_000;

export interface Simulated {
  readonly violations: readonly Violation[];
  /** Runs that were queued, and attempts that were made at them. */
  readonly runs: number;
  readonly attempts: number;
  readonly simulatedMs: number;
}

installGlobals(WebSocketPair);

/** What can be left out of a world, to see whether its simulation notices. */
export const SABOTAGES = ['fences', 'wakes'] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/** Plays one schedule to its end: equal schedules play alike. */
export async function simulate(schedule: Schedule, without: Sabotage | null = null): Promise<Simulated> {
  const world = new World(schedule.seed);
  enterWorld(world);
  const deployment = new Deployment(
    world,
    new Climate(world.random.fork(), schedule.slowness, without === 'wakes' ? { alarmsLost: 1 } : {}),
  );
  for (const owner of schedule.owners) deployment.database.store.openPool(tenantOf(owner));
  const executors = schedule.executors.map((plan, index) => addExecutor(deployment, plan, index));
  const scene: Scene = { deployment, executors, onTold: (executor) => watch.onTold(executor) };
  const diary: Diary = { calls: [], told: [] };
  const watch = new Watch(scene, diary);
  const storm = new Storm(scene, schedule.faults);
  for (const executor of executors) executor.onMessage = (message) => watch.onMessage(executor.id, message);
  deployment.onArrival = (what, executor, text) => {
    if (executor !== undefined && text !== undefined) watch.onHeard(executor, text);
    storm.took(what);
  };
  deployment.onClosed = (executor, code) => watch.words.closed(executor, code);
  deployment.database.onTransaction = (name) => storm.took(name);
  world.afterEach = () => watch.afterEach();

  let pursuing = 0;
  for (const wish of schedule.wishes) {
    world.at(wish.atMs, world.machine, () => {
      pursuing++;
      void pursue(deployment, diary, wish).finally(() => pursuing--);
    });
  }
  if (without !== 'wakes') keepSweeping(deployment);
  deployment.database.store.checksFences = without !== 'fences';

  await world.play(BEGIN_MS + schedule.calmMs);
  storm.calm();
  watch.calm();
  const { store } = deployment.database;
  const isDone = (): boolean => pursuing === 0 && watch.isIdle();
  const deadline = BEGIN_MS + schedule.calmMs + AFTERMATH_MS;
  await world.play(deadline, isDone);
  // Agents that changed their minds late still cancel.
  await world.play(world.now + REST_MS);
  await world.play(deadline, isDone);
  watch.atEnd();
  return {
    violations: watch.violations,
    runs: store.rows.size,
    attempts: [...store.rows.values()].reduce((sum, { fence }) => sum + fence, 0),
    simulatedMs: Math.round(world.now - BEGIN_MS),
  };
}

function addExecutor(deployment: Deployment, plan: HostPlan, index: number): SimulatedExecutor {
  const id = newId('executor', index, new Uint8Array(10));
  const { store } = deployment.database;
  store.enrol(id, plan.owner === null ? store.pool : store.placeOf(tenantOf(plan.owner)).pool);
  const executor = new SimulatedExecutor(deployment, id, plan);
  const { world } = deployment;
  world.at(index, world.machine, () => executor.start());
  return executor;
}

function keepSweeping(deployment: Deployment): void {
  const { world } = deployment;
  const sweep = (): void => {
    world.at(CRON_MS, world.machine, sweep);
    deployment.request(world.machine, async (env) => sweepRuns(await platformOf(env))).catch(() => {});
  };
  world.at(CRON_MS, world.machine, sweep);
}
