import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../executor/backoff.ts';
import { offsetFrom } from '../../../executor/clock-offset.ts';
import { BACKOFF_MS } from '../../../executor/connection.ts';

describe('dialling again', () => {
  it('waits longer each time, with jitter, never more than 15 s and never nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const ms = backoffMs(attempt, random, BACKOFF_MS);
          expect(ms).toBeGreaterThanOrEqual(125);
          expect(ms).toBeLessThanOrEqual(15_000);
        },
      ),
    );
    expect(backoffMs(1, 1, BACKOFF_MS)).toBe(250);
    expect(backoffMs(4, 1, BACKOFF_MS)).toBe(2000);
    expect(backoffMs(30, 1, BACKOFF_MS)).toBe(15_000);
  });

  it("learns the pool's clock from the date of a 401 alone", () => {
    const now = Date.UTC(2026, 10, 21, 12, 0, 0);
    expect(offsetFrom(401, 'Sat, 21 Nov 2026 12:10:00 GMT', now)).toBe(600);
    expect(offsetFrom(401, 'Sat, 21 Nov 2026 11:50:00 GMT', now)).toBe(-600);
    expect(offsetFrom(503, 'Sat, 21 Nov 2026 12:10:00 GMT', now)).toBeNull();
    expect(offsetFrom(401, undefined, now)).toBeNull();
    expect(offsetFrom(401, 'not a date', now)).toBeNull();
  });
});
