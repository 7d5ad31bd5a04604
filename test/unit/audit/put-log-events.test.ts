import { expect, test } from 'vitest';
import { putLogEvents } from '../../../worker/audit/sinks/put-log-events.ts';
import type { ClaimedBatch } from '../../../worker/database/audit-sinks.ts';

const BATCH: ClaimedBatch = {
  ...{ tenant: 'ten_x', sink: 'snk_x', kind: 'cloudwatch', url: 'https://logs.example.org/' },
  ...{ secret_access_key: null, from: 0, size: 1, day: '2026-11-22', is_dead_letter: false },
  ...{ settings: { log_group: 'group', log_stream: 'stream' }, entries: ['{"entry":0,"event":null}'] },
};
const KEY = { region: 'eu-central-1', accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a secret key' };

const answering = (status: number, answer: unknown) => ({
  internet: async () => new Response(JSON.stringify(answer), { status }),
  loopback: () => Promise.reject(new Error('not asked')),
  loopbackOrigins: [],
});

test.each([
  ['took all', 200, {}, null],
  ['answers nothing else', 200, null, null],
  [
    'dropped some and says 200',
    200,
    { rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } },
    'rejected_events',
  ],
  ['has too much to do', 400, { __type: 'ThrottlingException' }, 'ThrottlingException'],
  [
    'names its service too',
    400,
    { __type: 'com.amazonaws#InvalidParameterException' },
    'InvalidParameterException',
  ],
  ['is no CloudWatch', 502, 'bad gateway', 'http_502'],
])('a CloudWatch that %s', async (_name, status, answer, failure) => {
  expect(await putLogEvents(BATCH, answering(status, answer), KEY, Date.now())).toBe(failure);
});
