import { expect, test } from 'vitest';
import type { CgroupFacts } from '../../../executor/sandbox/cgroup-group.ts';
import { keepCounts } from '../../../executor/sandbox/keep-counts.ts';

const NOTHING: CgroupFacts = {
  tasks: 0,
  cpuMs: null,
  oomKills: 0,
  metMemoryLimit: false,
  forksRefused: 0,
  memoryPeakBytes: null,
};

function counting(...facts: readonly Partial<CgroupFacts>[]) {
  const left = facts.map((each) => ({ ...NOTHING, ...each }));
  return keepCounts({ facts: () => left.shift() ?? NOTHING });
}

test('what an engine removes with its part of the group was counted before', () => {
  const counts = counting({ tasks: 7, oomKills: 1, forksRefused: 3 }, {});
  counts.look();
  expect(counts.used(counts.look())).toMatchObject({ oomKills: 1, forksRefused: 3, processesPeak: 7 });
});

test('what a sandbox used while it waited is not its run’s', () => {
  const counts = counting({ tasks: 4, cpuMs: 300 }, { tasks: 6, cpuMs: 340, memoryPeakBytes: 9 });
  counts.begin();
  expect(counts.used(counts.look())).toMatchObject({ processesPeak: 2, cpuMs: 40, memoryPeakBytes: 9 });
});

test('a kill that the engine alone knows of counts once', () => {
  const counts = counting({ oomKills: 2 });
  counts.sawOomKill();
  expect(counts.oomKills).toBe(1);
  expect(counts.used(counts.look()).oomKills).toBe(2);
});
