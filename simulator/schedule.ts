import { newId, type TenantId } from '../protocol/ids.ts';
import { limit } from '../protocol/limits.ts';
import type { Wish } from './agent.ts';
import { drawFaults, type Fault } from './faults.ts';
import { Random } from './random.ts';
import type { HostPlan } from './simulated-executor.ts';

/** All that happens to one world from outside, drawn from one seed. */
export interface Schedule {
  readonly seed: number;
  /** How slow network, disk and database are on a good day: 1 is a quick one. */
  readonly slowness: number;
  readonly executors: readonly HostPlan[];
  /** Tenants with a pool of their own, by index; each has a host there. */
  readonly owners: readonly number[];
  readonly wishes: readonly Wish[];
  readonly faults: readonly Fault[];
  /** When the faults are over, ms. */
  readonly calmMs: number;
}

const CALM_MS = 90_000;
const RUN_MS_MEAN = 3_000;
const RUN_MS_MAX = 12_000;
const STAMPEDE_CHANCE = 0.04;
/** The label that runs ask for. */
const REGION = 'eu';

export function drawSchedule(seed: number): Schedule {
  const random = new Random(seed);
  const tenants = Array.from({ length: random.between(1, 3) }, (_, index) => tenantOf(index));
  const owners = tenants.length > 1 && random.chance(0.3) ? [0] : [];
  const executors = [
    ...Array.from({ length: random.between(1, 4) }, (_, index) => drawHost(random, index === 0)),
    ...owners.map((owner) => ({ ...drawHost(random, true), owner })),
  ];
  const wishes = Array.from({ length: random.between(4, 16) }, () => drawWish(random, tenants));
  if (random.chance(STAMPEDE_CHANCE)) wishes.push(...drawStampede(random, tenants));
  const targets = {
    executors: executors.length,
    pools: 1 + owners.length,
    mayBeRevoked: (index: number) => index > 0 && executors[index]?.owner === null,
  };
  return {
    seed,
    slowness: random.pick([1, 1, 5, 30]),
    executors,
    owners,
    wishes: wishes.sort((left, right) => left.atMs - right.atMs),
    faults: drawFaults(random, random.between(0, 12), targets, CALM_MS),
    calmMs: CALM_MS,
  };
}

/** One that every run of a tenant can go to is always there in the end: a `mainstay`. */
function drawHost(random: Random, isMainstay: boolean): HostPlan {
  return {
    slots: random.between(1, 4),
    labels: { region: isMainstay ? REGION : random.pick([REGION, 'us']) },
    owner: null,
    skew: isMainstay ? random.pick([-1, 0, 0]) : random.pick([-1, 0, 0, 0, 1]),
  };
}

/** More runs at once than a tenant may start in a minute, each over soon. */
function drawStampede(random: Random, tenants: readonly TenantId[]): Wish[] {
  const first = { ...drawWish(random, tenants), kind: 'model', waitMs: 0, cancelAfterMs: null } as const;
  const count = Math.round(limit('run_starts_per_minute') * 1.5);
  return Array.from({ length: count }, (_, nth) => ({
    ...first,
    nth,
    runMs: 50,
    ends: 'succeeded' as const,
  }));
}

function drawWish(random: Random, tenants: readonly TenantId[]): Wish {
  const kind = random.pick(['model', 'model', 'model', 'scratch', 'inspection'] as const);
  return {
    tenant: random.pick(tenants),
    atMs: random.between(0, CALM_MS - 10_000),
    nth: 0,
    labels: random.chance(0.2) ? { region: REGION } : {},
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
