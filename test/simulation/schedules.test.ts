import { beforeAll, describe, expect, test } from 'vitest';
import { INVARIANTS, type Invariant } from '../../simulator/invariants.ts';
import { describeFailure, type SimulationReport } from '../../simulator/report.ts';
import { playSchedules } from '../support/play-schedules.ts';

/**
 * The real pool, the real connection of the executor and the real calls of the Worker, on a simulated platform, network,
 * clock and database (decision 0180). What one seed shows, `node simulator/main.ts --seed N` shows again.
 */
const SCHEDULES = 250;
const HALF = SCHEDULES / 2;

let reports: readonly SimulationReport[];

beforeAll(async () => {
  reports = await Promise.all([
    playSchedules({ first: 1, schedules: HALF }),
    playSchedules({ first: 1 + HALF, schedules: HALF }),
  ]);
}, 1_200_000);

describe(`in ${SCHEDULES} seeded schedules of faults`, () => {
  test.each(Object.entries(INVARIANTS))('%s: %s', (invariant) => {
    const broken = reports
      .flatMap(({ failures }) => failures)
      .filter(({ violations }) => violations.some((violation) => violation.invariant === invariant));
    expect(broken.map(describeFailure).join('\n')).toBe('');
  });

  test('runs are tried again, ended and counted: the schedules do something', () => {
    const sum = (of: (report: SimulationReport) => number) =>
      reports.reduce((all, each) => all + of(each), 0);
    expect(sum(({ schedules }) => schedules)).toBe(SCHEDULES);
    expect(sum(({ faults }) => faults)).toBeGreaterThan(4 * SCHEDULES);
    expect(sum(({ runs }) => runs)).toBeGreaterThan(5 * SCHEDULES);
    expect(sum(({ attempts }) => attempts)).toBeGreaterThan(1.1 * sum(({ runs }) => runs));
  });
});

test('one seed plays alike each time', async () => {
  const played = await Promise.all([1, 2].map(() => playSchedules({ first: 7, schedules: 5 })));
  expect(played[0]).toEqual(played[1]);
});

describe('a world that is broken on purpose is seen to be', () => {
  test.each<['fences' | 'wakes', Invariant]>([
    ['fences', 'one outcome'],
    ['wakes', 'in time'],
  ])('without %s, "%s" does not hold', async (without, invariant) => {
    expect(await brokenWithout(without, invariant)).toContain(invariant);
  });
});

const SEEDS_AT_ONCE = 5;
const SEEDS_MAX = 100;

/** What is broken in the first seeds that break `invariant`: each further one would be shrunk as well, which takes long. */
async function brokenWithout(without: string, invariant: Invariant): Promise<readonly Invariant[]> {
  for (let first = 1; first <= SEEDS_MAX; first += SEEDS_AT_ONCE) {
    const { failures } = await playSchedules({ first, schedules: SEEDS_AT_ONCE, without });
    const broken = failures.flatMap(({ violations }) => violations.map((each) => each.invariant));
    if (broken.includes(invariant)) return broken;
  }
  return [];
}
