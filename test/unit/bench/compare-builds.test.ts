import { expect, it } from 'vitest';
import { compareBuilds, type Measured } from '../../../bench/protection/compare-builds.ts';
import { BUILDS } from '../../../bench/protection/parts.ts';

/** Two whole processes of 10 and 12 ms, two without all parts of 8 and 9, the others of 11; CPU and instructions by processes alike. */
const MS: Readonly<Record<string, number>> = {
  whole: 10,
  'whole, again': 12,
  'without all four': 8,
  'without all four, again': 9,
};

function measured(counts: (name: string) => boolean = () => true): readonly Measured[] {
  return BUILDS.map((build) => {
    const p50Ms = MS[build.name] ?? 11;
    const spent = { own: p50Ms * 100, postgresHttp: p50Ms * 20, postgres: p50Ms * 80 };
    return { build, p50Ms, cpuUs: spent, instructions: counts(build.name) ? spent : null };
  });
}

it('what all parts cost is told of the means of both processes of each build', () => {
  const { tool, allParts } = compareBuilds('whoami', measured());
  expect(tool).toBe('whoami');
  // (8 + 9) of (10 + 12).
  expect(allParts).toEqual({ time: 0.23, cpu: 0.23, instructions: 0.23 });
});

it('each build is told beside the mean of the whole ones', () => {
  const { builds } = compareBuilds('whoami', measured());
  expect(builds.map(({ build, saved }) => [build, saved.time])).toEqual([
    ['whole', 0.09],
    ['whole, again', -0.09],
    ...['audit', 'masking', 'validation', 'limits'].map((part) => [`without ${part}`, 0]),
    ['without all four', 0.27],
    ['without all four, again', 0.18],
  ]);
});

it.each(['whole, again', 'without all four'])(
  'where %s was not counted no share of instructions is told',
  (name) => {
    const { allParts } = compareBuilds(
      'whoami',
      measured((each) => each !== name),
    );
    expect(allParts).toEqual({ time: 0.23, cpu: 0.23, instructions: null });
  },
);
