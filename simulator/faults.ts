import type { PoolStatus } from '../worker/runs/executor-pool.ts';
import { poolOf } from '../worker/runs/pool-of.ts';
import type { Deployment } from './deployment.ts';
import type { Cut } from './objects/link.ts';
import type { Random } from './random.ts';
import type { SimulatedExecutor } from './simulated-executor.ts';
import type { Weather } from './weather.ts';

/** Points of a run's way at which a fault can strike: a message or alarm that reaches the pool, a transaction just made. */
export const STEPS = [
  'hello',
  'started',
  'outcome',
  'refused',
  'alarm',
  'queue_run',
  'queue_awaited_run',
  'system_next_fence',
  'system_record_outcome',
  'system_executor_connected',
  'begin_cancel',
] as const;

/** When: at a moment, or a little after the n-th time that something happens. */
export type When =
  | { readonly atMs: number }
  | { readonly step: (typeof STEPS)[number]; readonly nth: number; readonly laterMs: number };

/** What goes wrong. `executor` is an index. */
export type Trouble =
  | { readonly kind: 'kill executor'; readonly executor: number; readonly how: Cut; readonly backMs: number }
  | { readonly kind: 'stop executor'; readonly executor: number; readonly backMs: number }
  | { readonly kind: 'cut socket'; readonly executor: number; readonly how: Cut }
  | { readonly kind: 'stall socket'; readonly executor: number; readonly lastsMs: number }
  | { readonly kind: 'revoke executor'; readonly executor: number }
  /** An operator says so in the database, and tells the pool, which may not hear it. */
  | { readonly kind: 'cordon executor'; readonly executor: number; readonly lastsMs: number }
  | { readonly kind: 'drain executor'; readonly executor: number; readonly backMs: number }
  /** A step of a rolling update: it drains, and comes back with the program of the deployment. */
  | { readonly kind: 'update executor'; readonly executor: number; readonly backMs: number }
  | { readonly kind: 'fill disk'; readonly executor: number; readonly lastsMs: number }
  | { readonly kind: 'executor clock'; readonly executor: number; readonly offsetMs: number }
  | { readonly kind: 'crash pool'; readonly pool: number }
  | { readonly kind: 'hibernate pool'; readonly pool: number }
  | { readonly kind: 'pool clock'; readonly offsetMs: number }
  | { readonly kind: 'deploy' }
  | { readonly kind: 'restart worker' }
  | { readonly kind: 'weather'; readonly change: Partial<Weather>; readonly lastsMs: number };

export type Fault = Trouble & { readonly when: When };

/** Ten minutes, and what a ticket of the Worker still survives. */
const CLOCK_OFFSETS_MS = [-600_000, -60_000, 60_000, 600_000];
const CUTS: readonly Cut[] = ['break', 'linger', 'silence'];

/** What there is to strike, by index. */
export interface Targets {
  readonly executors: number;
  readonly pools: number;
  /** Whether this executor may go for good. */
  readonly mayBeRevoked: (executor: number) => boolean;
}

/**
 * Draws the faults of a world, within so many ms. Troubles come together: every third one strikes soon after the one before.
 */
export function drawFaults(random: Random, count: number, targets: Targets, withinMs: number): Fault[] {
  const faults: Fault[] = [];
  for (let index = 0; index < count; index++) {
    const before = faults[index - 1]?.when;
    const when =
      before !== undefined && random.chance(0.35) ? soonAfter(random, before) : drawWhen(random, withinMs);
    faults.push({ when, ...drawTrouble(random, targets) });
  }
  return faults;
}

function drawWhen(random: Random, withinMs: number): When {
  return random.chance(0.6)
    ? { step: random.pick(STEPS), nth: random.between(1, 12), laterMs: random.between(0, 40) }
    : { atMs: random.between(0, withinMs) };
}

function soonAfter(random: Random, when: When): When {
  const laterMs = random.between(0, random.pick([20, 300, 3_000]));
  return 'atMs' in when ? { atMs: when.atMs + laterMs } : { ...when, laterMs: when.laterMs + laterMs };
}

function drawTrouble(random: Random, { executors, pools, mayBeRevoked }: Targets): Trouble {
  const executor = random.between(0, executors - 1);
  const pool = random.between(0, pools - 1);
  const how = random.pick(CUTS);
  const backMs = random.between(200, 40_000);
  const lastsMs = random.between(500, 30_000);
  const offsetMs = random.pick(CLOCK_OFFSETS_MS);
  return random.pick<() => Trouble>([
    () => ({ kind: 'kill executor', executor, how, backMs }),
    () => ({ kind: 'kill executor', executor, how, backMs }),
    () => ({ kind: 'stop executor', executor, backMs }),
    () => ({ kind: 'cut socket', executor, how }),
    () => ({ kind: 'cut socket', executor, how }),
    () =>
      mayBeRevoked(executor) ? { kind: 'revoke executor', executor } : { kind: 'cut socket', executor, how },
    () => ({ kind: 'cordon executor', executor, lastsMs }),
    () => ({ kind: 'drain executor', executor, backMs }),
    () => ({ kind: 'update executor', executor, backMs }),
    () => ({ kind: 'fill disk', executor, lastsMs }),
    () => ({ kind: 'stall socket', executor, lastsMs }),
    () => ({ kind: 'executor clock', executor, offsetMs }),
    () => ({ kind: 'crash pool', pool }),
    () => ({ kind: 'crash pool', pool }),
    () => ({ kind: 'hibernate pool', pool }),
    () => ({ kind: 'pool clock', offsetMs }),
    () => ({ kind: 'deploy' }),
    () => ({ kind: 'restart worker' }),
    () => ({ kind: 'weather', change: { databaseIsAway: true }, lastsMs }),
    () => ({ kind: 'weather', change: { answersLost: 0.5 }, lastsMs }),
    () => ({ kind: 'weather', change: { databaseMs: [200, 8_000] }, lastsMs }),
    () => ({ kind: 'weather', change: { blobsFail: true }, lastsMs }),
    () => ({ kind: 'weather', change: { alarmsLate: [1_000, 20_000] }, lastsMs }),
    () => ({ kind: 'weather', change: { alarmsLost: 1 }, lastsMs }),
    () => ({ kind: 'weather', change: { duplicates: 0.5 }, lastsMs }),
    () => ({ kind: 'weather', change: { latencyMs: [100, 3_000] }, lastsMs }),
    () => ({ kind: 'weather', change: { diskMs: [100, 2_000] }, lastsMs }),
  ])();
}

/** Where faults strike. */
export interface Scene {
  readonly deployment: Deployment;
  readonly executors: readonly SimulatedExecutor[];
  /** A pool has answered an operator that an executor is cordoned. */
  onTold: (executor: string) => void;
}

/** Makes faults happen in their time, until {@link Storm.calm}. */
export class Storm {
  private readonly scene: Scene;
  private readonly waiting: Fault[];
  private readonly seen = new Map<string, number>();
  private isOver = false;
  /** How often an operator said something. */
  private words = 0;

  constructor(scene: Scene, faults: readonly Fault[]) {
    this.scene = scene;
    this.waiting = faults.filter(({ when }) => 'step' in when);
    for (const fault of faults) if ('atMs' in fault.when) this.strikeIn(fault.when.atMs, fault);
  }

  /** To be told of each step of {@link STEPS}. */
  took(step: string): void {
    const count = (this.seen.get(step) ?? 0) + 1;
    this.seen.set(step, count);
    for (const fault of this.waiting) {
      if ('step' in fault.when && fault.when.step === step && fault.when.nth === count)
        this.strikeIn(fault.when.laterMs, fault);
    }
  }

  /** The faults are over: everything works again, and whoever is down comes up. */
  calm(): void {
    const { deployment, executors } = this.scene;
    this.isOver = true;
    deployment.climate.change(deployment.climate.fair);
    this.setPoolClock(0);
    for (const executor of executors) {
      executor.setClock(0);
      executor.fillDisk(false);
      this.cordon(executor, false);
      executor.start();
    }
  }

  private strikeIn(delayMs: number, fault: Fault): void {
    const { world } = this.scene.deployment;
    world.at(delayMs, world.machine, () => {
      if (!this.isOver) this.strike(fault);
    });
  }

  private strike(fault: Fault): void {
    const { deployment, executors } = this.scene;
    const poolHost = (pool: number) =>
      deployment.host('EXECUTOR_POOL', deployment.database.store.pools[pool] ?? '');
    const executor = executors['executor' in fault ? fault.executor : 0];
    if (executor === undefined) return;
    switch (fault.kind) {
      case 'kill executor':
        executor.kill(fault.how);
        this.later(fault.backMs, () => executor.start());
        break;
      case 'stop executor':
        executor.stop();
        this.later(fault.backMs, () => executor.start());
        break;
      case 'cut socket':
        executor.cut(fault.how);
        break;
      case 'stall socket':
        executor.stall(fault.lastsMs);
        break;
      case 'revoke executor':
        deployment.database.store.revoke(executor.id);
        break;
      case 'cordon executor':
        this.cordon(executor, true);
        this.later(fault.lastsMs, () => this.cordon(executor, false));
        break;
      case 'drain executor':
        executor.drain(fault.backMs);
        break;
      case 'update executor':
        executor.drain(fault.backMs, 0);
        break;
      case 'fill disk':
        executor.fillDisk(true);
        this.later(fault.lastsMs, () => executor.fillDisk(false));
        break;
      case 'executor clock':
        executor.setClock(fault.offsetMs);
        break;
      case 'crash pool':
        poolHost(fault.pool).crash();
        break;
      case 'hibernate pool':
        poolHost(fault.pool).hibernate();
        break;
      case 'pool clock':
        this.setPoolClock(fault.offsetMs);
        break;
      case 'deploy':
        for (const host of deployment.poolHosts()) host.crash();
        deployment.restartWorker();
        break;
      case 'restart worker':
        deployment.restartWorker();
        break;
      case 'weather': {
        const { climate } = deployment;
        climate.change(fault.change);
        const names = Object.keys(fault.change) as (keyof Weather)[];
        this.later(fault.lastsMs, () =>
          climate.change(Object.fromEntries(names.map((name) => [name, climate.fair[name]]))),
        );
        break;
      }
    }
  }

  private later(delayMs: number, act: () => void): void {
    const { world } = this.scene.deployment;
    world.at(delayMs, world.machine, () => {
      if (!this.isOver) act();
    });
  }

  /** What `./causeway executor cordon` does; a pool that does not hear of it learns it from its next sweep. */
  private cordon({ id }: SimulatedExecutor, isCordoned: boolean): void {
    const { deployment } = this.scene;
    const { store } = deployment.database;
    store.cordon(id, isCordoned);
    const word = ++this.words;
    const pool = store.executors.get(id)?.pool ?? '';
    deployment
      .request(deployment.world.machine, async (env): Promise<PoolStatus> => poolOf(env, pool).sweep(pool))
      .then(({ executors }) => {
        const isKnown = executors.some(({ executor, cordoned }) => executor === id && cordoned);
        if (isKnown && word === this.words) this.scene.onTold(id);
      })
      .catch(() => {});
  }

  /** The machine under the pools and the Worker: its clock jumps. */
  private setPoolClock(offsetMs: number): void {
    const { deployment } = this.scene;
    for (const host of deployment.poolHosts()) host.setClock(offsetMs);
    deployment.setWorkerClock(offsetMs);
  }
}
