import { expect, test } from 'vitest';
import { putObject } from '../../../worker/audit/sinks/put-object.ts';
import type { ClaimedBatch } from '../../../worker/database/audit-sinks.ts';

const BATCH: ClaimedBatch = {
  ...{ tenant: 'ten_x', sink: 'snk_x', kind: 's3', url: 'https://bucket.s3.example.org/log/', settings: {} },
  ...{ secret_access_key: null, from: 0, size: 1, day: '2026-11-22', is_dead_letter: false },
  entries: ['{"entry":0,"event":null}'],
};
const KEY = { region: 'eu-central-1', accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a secret key' };

const answering = (status: number, answer: string) => ({
  internet: async () => new Response(answer, { status }),
  loopback: () => Promise.reject(new Error('not asked')),
  loopbackOrigins: [],
});
const error = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

test.each([
  ['has it', 200, '', null],
  ['does not know the key', 403, error('SignatureDoesNotMatch'), 'SignatureDoesNotMatch'],
  ['lies elsewhere', 301, error('PermanentRedirect'), 'PermanentRedirect'],
  ['says nothing', 403, '', 'http_403'],
  ['says something strange', 403, error('&lt;script&gt; 1'), 'http_403'],
  ['says more than anybody reads', 500, `${' '.repeat(20_000)}${error('InternalError')}`, 'http_500'],
])('a bucket that %s', async (_name, status, answer, failure) => {
  expect(await putObject(BATCH, answering(status, answer), KEY)).toBe(failure);
});
