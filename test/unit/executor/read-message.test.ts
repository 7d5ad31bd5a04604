import { describe, expect, test } from 'vitest';
import { readMessage } from '../../../executor/read-message.ts';
import { newId } from '../../../protocol/ids.ts';
import { makeJob } from '../../support/make-job.ts';

const job = makeJob({ code: 'print(1)', image: `sha256:${'a'.repeat(64)}` });
const { run } = job;

describe('what the pool sent', () => {
  test('is read when it is a message of the protocol', () => {
    expect(readMessage(JSON.stringify(job))).toMatchObject({ ok: true, message: { type: 'job', run } });
    expect(readMessage(JSON.stringify({ type: 'recorded', run, fence: 1 }))).toMatchObject({ ok: true });
  });

  test.each<[string, unknown, unknown]>([
    ['a job without its manifest', { ...job, manifest: undefined }, { run, fence: 1 }],
    [
      'a job with a manifest of another version',
      { ...job, manifest: { ...job.manifest, version: 2 } },
      { run, fence: 1 },
    ],
    [
      'a job with a blob that has no SHA-256',
      { ...job, blobs: [{ sha256: 'x', bytes: 1, capability: '' }] },
      { run, fence: 1 },
    ],
    ['a job of no run', { ...job, run: 'run_1' }, null],
    ['a job of another thing', { ...job, run: newId('project') }, null],
    ['a job without a fence', { ...job, fence: undefined }, null],
    ['a job with half a fence', { ...job, fence: 1.5 }, null],
    ['a message that is not known', { type: 'reboot', run, fence: 1 }, null],
    ['a number', 7, null],
    ['null', null, null],
  ])('%s is none; whose job it was is all that is used of it', (_what, value, about) => {
    expect(readMessage(JSON.stringify(value))).toMatchObject({ ok: false, job: about });
  });

  test('text that is no JSON is none', () => {
    expect(readMessage('{')).toEqual({ ok: false, job: null, problem: 'it is no JSON' });
  });
});
