import { expect, test } from 'vitest';
import type { FeedEvent } from '../../../protocol/feed.ts';
import { summarize } from '../../../worker/runs/summarize-feed.ts';

const printed = (text: string): FeedEvent => ({ kind: 'stdout', sequence: 1, at_ms: 0, text });
const progress = (done: number, total: number | null, message: string): FeedEvent => ({
  kind: 'progress',
  sequence: 1,
  at_ms: 0,
  done,
  total,
  message,
});

const NOTHING = { done: 0, total: null };

test('silence says nothing', () => {
  expect(summarize([], { done: 3, total: 12 })).toBeNull();
});

test('the newest progress counts, with what was printed beside it', () => {
  expect(
    summarize([progress(1, 12, 'January'), printed('fit ok\n'), progress(2, 12, 'February')], NOTHING),
  ).toEqual({
    done: 2,
    total: 12,
    message: 'February\nfit ok',
  });
});

test('progress never goes back, whatever a model says', () => {
  expect(summarize([progress(1, 12, 'again')], { done: 5, total: 12 })?.done).toBe(5);
  expect(summarize([printed('x')], { done: 5, total: 12 })).toEqual({ done: 5, total: 12, message: 'x' });
});

test('of a flood of output the end is told', () => {
  const message = summarize([printed('a'.repeat(10_000)), printed('the end\n')], NOTHING)?.message ?? '';
  expect(message.length).toBe(501);
  expect(message.endsWith('the end')).toBe(true);
});
