import { newId, type TenantId } from '../protocol/ids.ts';
import type { Wish } from './agent.ts';
import { drawFaults, type Fault } from './faults.ts';
import { Random } from './random.ts';

/** All that happens to one world from outside, drawn from one seed. */
export interface Schedule {
  readonly seed: number;
  /** How slow network, disk and database are on a good day: 1 is a quick one. */
  readonly slowness: number;
  /** Slots of each executor. */
  readonly executors: readonly number[];
  readonly wishes: readonly Wish[];
  readonly faults: readonly Fault[];
  /** When the faults are over, ms. */
  readonly calmMs: number;
}

const CALM_MS = 90_000;
const RUN_MS_MEAN = 3_000;
const RUN_MS_MAX = 12_000;

export function drawSchedule(seed: number): Schedule {
  const random = new Random(seed);
  const executors = Array.from({ length: random.between(1, 4) }, () => random.between(1, 4));
  const tenants = Array.from({ length: random.between(1, 3) }, (_, index) => tenantOf(index));
  const wishes = Array.from({ length: random.between(4, 16) }, () => drawWish(random, tenants));
  return {
    seed,
    slowness: random.pick([1, 1, 5, 30]),
    executors,
    wishes: wishes.sort((left, right) => left.atMs - right.atMs),
    faults: drawFaults(random, random.between(0, 12), executors.length, CALM_MS),
    calmMs: CALM_MS,
  };
}

function drawWish(random: Random, tenants: readonly TenantId[]): Wish {
  const kind = random.pick(['model', 'model', 'model', 'scratch', 'inspection'] as const);
  return {
    tenant: random.pick(tenants),
    atMs: random.between(0, CALM_MS - 10_000),
    kind,
    waitMs: random.pick([0, 5_000, 45_000]),
    runMs: Math.min(RUN_MS_MAX, Math.round(random.exponential(RUN_MS_MEAN))),
    ends: random.chance(0.05) ? 'kills its executor' : random.pick(['succeeded', 'succeeded', 'failed']),
    cancelAfterMs: random.chance(0.2) ? random.between(0, 6_000) : null,
  };
}

export function tenantOf(index: number): TenantId {
  return newId('tenant', index, new Uint8Array(10));
}
