import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Sandbox } from '../../../executor/sandbox/engine.ts';
import { watchRun } from '../../../executor/watch-run.ts';
import { makeJob } from '../../support/make-job.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A run whose time passes; whether its program has ended before, though not all of that is seen. */
function watchUntilItsTimeIsOver(isOver: boolean) {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough(), progress: new PassThrough() };
  const sandbox = { ...streams, isOver, stop() {}, askWhereItStands: async () => {} };
  const { manifest } = makeJob({ code: '', image: 'sha256:0', limits: { wall_ms: 1_000 } });
  const never = new AbortController().signal;
  const watched = watchRun(sandbox as unknown as Sandbox, manifest, never, null, () => 0);
  vi.advanceTimersByTime(1_000);
  return watched.finish().stop;
}

test.each([
  ['still runs is stopped for it', false, 'wall'],
  ['has ended by then is not, however long it takes to see all of its end', true, null],
])('a program whose time is over and that %s', (_what, isOver, stop) => {
  expect(watchUntilItsTimeIsOver(isOver)).toBe(stop);
});
