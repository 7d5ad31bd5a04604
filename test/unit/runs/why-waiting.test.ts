import { describe, expect, test } from 'vitest';
import type { ExecutorId } from '../../../protocol/ids.ts';
import type { HeardExecutor } from '../../../worker/runs/pool/executor-sockets.ts';
import { whyStranded, whyWaiting } from '../../../worker/runs/pool/why-waiting.ts';

const heard = (changes: Partial<HeardExecutor> = {}): HeardExecutor => ({
  executor: 'exe' as ExecutorId,
  image: 'sha256:a',
  slots: 1,
  engine: 'gvisor',
  labels: { region: 'eu' },
  protocol: 1,
  draining: false,
  cordoned: false,
  open: true,
  ...changes,
});
const closed = heard({ cordoned: true, open: false });
const needs = { image: 'sha256:a', labels: {} };
const free = { held: 0, max: 4 };

describe('why a run waits', () => {
  test.each<[string, Parameters<typeof whyWaiting>, string | null]>([
    ['its turn', [[heard()], needs, free], null],
    ['nobody is there', [[], needs, free], 'no executor of its pool is connected'],
    [
      'its image is gone',
      [[heard({ image: 'sha256:b' })], needs, free],
      'no connected executor has its image',
    ],
    [
      'an inspection takes any image',
      [[heard({ image: 'sha256:b' })], { image: null, labels: {} }, free],
      null,
    ],
    [
      'its labels are away',
      [[heard()], { ...needs, labels: { region: 'us', gpu: 'no' } }, free],
      'no connected executor has region=us, gpu=no',
    ],
    [
      'all are cordoned',
      [[closed], needs, free],
      'the executors that could take it take no new runs at the moment',
    ],
    [
      'one that is open does not suit',
      [[closed, heard({ image: 'sha256:b' })], needs, free],
      'the executors that could take it take no new runs at the moment',
    ],
    [
      'its tenant has its share',
      [[heard()], needs, { held: 4, max: 4 }],
      'its tenant holds the 4 slots that it may',
    ],
    [
      'its tenant has all slots of its own',
      [[heard()], needs, { held: 9, max: Number.POSITIVE_INFINITY }],
      null,
    ],
  ])('%s', (_what, [executors, needed, share], why) => {
    expect(whyWaiting(executors, needed, share)).toBe(why);
  });

  test('a run is not stranded while those that could take it are only cordoned', () => {
    expect(whyStranded([closed], needs)).toBeNull();
    expect(whyStranded([closed], { ...needs, labels: { region: 'us' } })).toBe(
      'no connected executor has region=us',
    );
  });
});
