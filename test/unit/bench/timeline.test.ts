import { describe, expect, it } from 'vitest';
import { type RunTimes, spansOf } from '../../../bench/run/timeline.ts';

const TIMES: RunTimes = {
  askedAt: 1000,
  queuedAt: 1006,
  leasedAt: 1010,
  finishedAt: 1050,
  answeredAt: 1054,
  preparedMs: 2,
  firstOutputMs: 10,
  endedMs: 24,
  reportedMs: 27,
};

describe("a run's call cut into stretches", () => {
  it('nothing of the call is left out, and nothing counted twice', () => {
    const total = spansOf(TIMES).reduce((sum, { ms }) => sum + ms, 0);
    expect(total).toBeCloseTo(TIMES.answeredAt - TIMES.askedAt, 9);
  });

  it('a run that prints nothing has its first output at its end', () => {
    const spans = spansOf({ ...TIMES, firstOutputMs: null });
    const names = new Map(spans.map(({ name, ms }) => [name, ms]));
    expect(names.get('executor: order to first output')).toBe(22);
    expect(names.get('executor: first output to end')).toBe(0);
    expect(spans.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(54, 9);
  });
});
