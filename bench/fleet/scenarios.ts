/** A load on one pool of virtual executors. All rates are of virtual time. */
export interface Scenario {
  readonly name: string;
  readonly says: string;
  readonly executors: number;
  readonly slotsEach: number;
  readonly tenants: number;
  /** Runs a second over all tenants, as a Poisson process. */
  readonly runsPerSecond: number;
  /** How many runs of one tenant come at each arrival. */
  readonly burst: number;
  readonly runMsMean: number;
  /** Executors killed an hour, of each; they come back within a minute. */
  readonly deathsPerHour: number;
  /** Runs that one tenant queues at once, in the middle, while each other goes on. */
  readonly flood: number;
  readonly seconds: number;
}

const USUAL = { slotsEach: 4, burst: 1, runMsMean: 4_000, deathsPerHour: 0, flood: 0, seconds: 60 } as const;

/** Capacity is executors × slots ÷ mean run time; loads are named by their share of it. */
export const SCENARIOS: readonly Scenario[] = [
  { ...USUAL, name: 'idle', says: 'hosts that only beat', executors: 1_000, tenants: 1, runsPerSecond: 0.1 },
  {
    ...USUAL,
    name: 'half',
    says: 'Poisson arrivals, half full',
    executors: 100,
    tenants: 500,
    runsPerSecond: 50,
  },
  {
    ...USUAL,
    name: 'busy',
    says: 'Poisson arrivals, nine tenths full',
    executors: 100,
    tenants: 500,
    runsPerSecond: 90,
  },
  {
    ...USUAL,
    ...{ name: 'bursts', says: 'forty runs of a tenant at once, half full', executors: 100, tenants: 500 },
    ...{ runsPerSecond: 50, burst: 40 },
  },
  {
    ...USUAL,
    ...{ name: 'deaths', says: 'each host dies ten times an hour, half full', executors: 100, tenants: 500 },
    ...{ runsPerSecond: 50, deathsPerHour: 10, seconds: 120 },
  },
  {
    ...USUAL,
    ...{ name: 'flood', says: 'one tenant queues 1,000 runs, others one now and then', executors: 1 },
    ...{ tenants: 50, runsPerSecond: 0.2, flood: 1_000, seconds: 300 },
  },
  {
    ...USUAL,
    name: 'large',
    says: 'a thousand hosts, half full',
    executors: 1_000,
    tenants: 3_000,
    runsPerSecond: 500,
    seconds: 10,
  },
];
