import { expect, test } from 'vitest';
import { reportFollowed } from '../../../bench/run/measure-followed.ts';

test('output that came only with its result counts as late as that', () => {
  const report = reportFollowed([
    { callMs: 40, firstOutputMs: 20 },
    { callMs: 40, firstOutputMs: null },
    { callMs: 50, firstOutputMs: 22 },
  ]);
  expect(report.firstOutput).toMatchObject({ count: 3, min: 20, p50: 22, max: 40 });
  expect([report.withResult, report.meetsTarget]).toEqual([1, true]);
});

test('the median decides whether the target is met', () => {
  expect(reportFollowed([{ callMs: 40, firstOutputMs: 26 }]).meetsTarget).toBe(false);
});
