import { expect, test } from 'vitest';
import { type JobResult, type RunContext, runJob } from '../../../executor/run-job.ts';
import { makeJob } from '../../support/make-job.ts';

const image = `sha256:${'0'.repeat(64)}` as const;
const never = new AbortController().signal;

test('a disk that cannot even be looked at ends in a refusal, and not with the executor', async () => {
  const reported: JobResult[] = [];
  const context = {
    disk: { why: () => 'its disk is full', look: () => Promise.reject(new Error('EIO: i/o error, statfs')) },
    memoryBytesMax: Number.POSITIVE_INFINITY,
    sandbox: { engine: 'gvisor', image },
    log: () => {},
  } as unknown as RunContext;
  await runJob(makeJob({ code: 'print(1)', image }), context, {
    signal: never,
    abandoned: never,
    started() {},
    printed() {},
    report: (result) => reported.push(result),
  });
  expect(reported).toEqual([{ kind: 'refused', code: 'no_space', reason: 'its disk is full' }]);
});
