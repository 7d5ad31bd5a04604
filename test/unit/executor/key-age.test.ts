import { expect, test } from 'vitest';
import { isDueForExchange, keyDays } from '../../../executor/key-age.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
test.each<[string, string | undefined, number | null]>([
  ['of a second ago', '2026-11-22T11:59:59Z', 0],
  ['of a day ago', '2026-11-21T12:00:00Z', 1],
  ['of almost two days ago', '2026-11-20T12:00:01Z', 1],
  ['of a year ago', '2025-11-22T12:00:00Z', 365],
  ['of a clock that was set back a little since', '2026-11-22T18:00:00Z', 0],
  ['of a clock that was far ahead', '2026-11-24T12:00:00Z', null],
  ['of an earlier version', undefined, null],
  ['whose file says something else', 'yesterday', null],
])('a key %s', (_what, madeAt, days) => {
  expect(keyDays(madeAt, NOW)).toBe(days);
});

test('a key is exchanged when a quarter of its time is left, and one of unknown age at once', () => {
  expect([299, 300, 401, null].map((days) => isDueForExchange(days, 400))).toEqual([false, true, true, true]);
  expect([22, 23].map((days) => isDueForExchange(days, 30))).toEqual([false, true]);
});
