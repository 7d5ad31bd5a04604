import { expect, test } from 'vitest';
import { becoming } from '../../../executor/sandbox/becoming.ts';

test('is ready once, however often the program says so', async () => {
  const stages = becoming();
  expect([stages.isReady, stages.ready(), stages.ready(), stages.isReady]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect(await stages.untilReady(60_000)).toBeNull();
});

test('what ends before says why to whoever waits; what ends after is no matter of becoming', async () => {
  const dead = becoming();
  dead.never('it ended with 1');
  expect(await Promise.all([dead.untilImported(60_000), dead.untilReady(60_000)])).toEqual([
    'it ended with 1',
    'it ended with 1',
  ]);
  expect(dead.isReady).toBe(false);

  const ready = becoming();
  ready.imported();
  ready.ready();
  ready.never('it ended with 0');
  expect(await Promise.all([ready.untilImported(60_000), ready.untilReady(60_000)])).toEqual([null, null]);
});

test('what says nothing is given up', async () => {
  expect(await becoming().untilReady(1)).toBe('the sandbox was not ready after 0.001 s');
});
