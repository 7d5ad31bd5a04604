import { expect, it } from 'vitest';
import { compareBuilds, type Measured } from '../../../bench/protection/compare-builds.ts';
import { BUILDS, PARTS } from '../../../bench/protection/parts.ts';

/** Processes of 10 and 12 ms that are whole, of 8 and 9 without all parts, the others of 11; CPU and instructions alike. */
const MS: Readonly<Record<string, readonly number[]>> = { whole: [10, 12], 'without all four': [8, 9] };

function measured(ms = MS, counts: (ms: number) => boolean = () => true): readonly Measured[] {
  return BUILDS.flatMap((build) =>
    (ms[build.name] ?? [11]).map((p50Ms) => {
      const spent = { own: p50Ms * 100, postgresHttp: p50Ms * 20, postgres: p50Ms * 80 };
      return { build, p50Ms, busyMs: p50Ms / 4, cpuUs: spent, instructions: counts(p50Ms) ? spent : null };
    }),
  );
}

it('what all parts cost is told of the means of the processes of each build, with the error of those', () => {
  const { tool, allParts } = compareBuilds('whoami', measured());
  expect(tool).toBe('whoami');
  // (8 + 9) of (10 + 12); the means are 8.5 ± 0.5 and 11 ± 1, so the quotient is good to 10.8 %.
  const share = { share: 0.23, error: 0.08 };
  expect(allParts).toEqual({ time: share, busyTime: share, cpu: share, instructions: share });
});

it('a single process says nothing of how far others differ', () => {
  const { allParts } = compareBuilds('whoami', measured({ whole: [10, 12], 'without all four': [8] }));
  expect(allParts.time).toEqual({ share: 0.27, error: null });
});

it('each build is told once, by its mean, beside the whole one', () => {
  const { builds } = compareBuilds('whoami', measured());
  expect(
    builds.map(({ build, processes, p50Ms, busyMs, saved }) => [
      ...[build, processes],
      ...[p50Ms, saved.time.share],
      ...[busyMs, saved.busyTime.share],
    ]),
  ).toEqual([
    ['whole', 2, 11, 0, 2.75, 0],
    ...PARTS.map(({ name }) => [`without ${name}`, 1, 11, 0, 2.75, 0]),
    ['without all four', 2, 8.5, 0.23, 2.125, 0.23],
  ]);
  expect(builds[0]?.cpuUs).toEqual({ own: 1100, postgresHttp: 220, postgres: 880 });
});

it.each([12, 8])(
  'where the process of %d ms was not counted no share of instructions is told',
  (uncounted) => {
    const { allParts } = compareBuilds(
      'whoami',
      measured(MS, (ms) => ms !== uncounted),
    );
    expect(allParts.instructions).toBeNull();
    expect(allParts.time.share).toBe(0.23);
  },
);
