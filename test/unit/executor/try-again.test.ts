import { expect, test } from 'vitest';
import { againAfterMs, TRIED_MS, type TryFailed, tryAgain } from '../../../executor/try-again.ts';

/** Plays a Worker that fails so until `wellAtMs`: when it was asked, and what came of it. */
async function play(failed: TryFailed, wellAtMs = Number.POSITIVE_INFINITY) {
  let now = 0;
  const askedAt: number[] = [];
  const attempt = async () => {
    askedAt.push(now);
    return now < wellAtMs ? failed : ({ ok: true } as const);
  };
  const tried = await tryAgain(attempt, undefined, {
    nowMs: () => now,
    pause: async (ms) => {
      now += ms;
    },
  });
  return { askedAt, tried };
}

const again = (againAfterMs: number | null): TryFailed => ({ ok: false, againAfterMs });
const gaps = (times: readonly number[]) => times.slice(1).map((at, index) => at - (times[index] ?? 0));

test('a Worker that names a time is left alone for that long, each time', async () => {
  const { askedAt, tried } = await play(again(2_000), 9_000);
  expect(tried).toEqual({ ok: true });
  expect(askedAt.length).toBeGreaterThan(2);
  expect(Math.min(...gaps(askedAt))).toBeGreaterThan(2_000);
});

test('one that is away is asked until the time is over, and then once more', async () => {
  const { askedAt, tried } = await play(again(0));
  expect(tried).toEqual(again(0));
  expect(askedAt.length).toBeGreaterThan(6);
  expect(askedAt.at(-1)).toBe(TRIED_MS);
  expect((await play(again(0), TRIED_MS)).tried).toEqual({ ok: true });
});

test('one that names a time far away is asked once more at the end', async () => {
  expect((await play(again(3_600_000))).askedAt).toEqual([0, TRIED_MS]);
});

test('what no other try would mend is not tried again', async () => {
  expect(await play(again(null))).toEqual({ askedAt: [0], tried: again(null) });
});

test.each<[number, string | null, number | null]>([
  [503, '2', 2_000],
  [429, '17', 17_000],
  [503, null, 0],
  [500, 'Wed, 21 Oct 2026 07:28:00 GMT', 0],
  [503, '-1', 0],
  [503, '9999999', 0],
  [409, '2', null],
  [404, null, null],
])('%i with Retry-After %s', (status, header, expected) => {
  const headers = new Headers(header === null ? {} : { 'retry-after': header });
  expect(againAfterMs({ status, headers })).toBe(expected);
});
