import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile, summarize } from '../../../bench/measure/quantiles.ts';

describe('quantiles of a sample', () => {
  it.each([
    [[5], 0.5, 5],
    [[1, 2, 3, 4], 0.5, 2],
    [[4, 3, 2, 1], 0.5, 2],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95, 10],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9, 9],
    [[1, 2, 3], 0, 1],
    [[1, 2, 3], 1, 3],
  ])('of %j the %d quantile is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected);
  });

  it('nothing measured is no number, and not zero', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('every quantile is a value that was measured, and none before is larger', () => {
    const values = fc.array(fc.integer(), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (sample, q) => {
        const found = quantile(sample, q);
        expect(sample).toContain(found);
        expect(found).toBeLessThanOrEqual(quantile(sample, 1));
      }),
    );
  });

  it('a summary leaves the sample in its order', () => {
    const sample = [3, 1, 2];
    expect(summarize(sample)).toEqual({ count: 3, min: 1, p50: 2, p95: 3, p99: 3, max: 3 });
    expect(sample).toEqual([3, 1, 2]);
  });
});
