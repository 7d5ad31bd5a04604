import { describe, expect, test } from 'vitest';
import { readTarget } from '../../../worker/audit/sinks/sink-target.ts';

const KEY = { region: 'eu-central-1', access_key_id: 'AKIAEXAMPLE', secret_access_key: 'a secret key' };
const STREAM = { log_group: 'acme/audit', log_stream: 'causeway' };

describe('a sink is what its kind needs', () => {
  test('a webhook is its address', () => {
    expect(readTarget({ kind: 'webhook', url: 'https://sink.example/' })).toEqual({
      ...{ ok: true, kind: 'webhook', url: 'https://sink.example/', settings: {}, secretAccessKey: null },
    });
  });

  test('a log stream is at the address of its region, and its settings hold no secret', () => {
    expect(readTarget({ kind: 'cloudwatch', ...KEY, ...STREAM })).toEqual({
      ...{ ok: true, kind: 'cloudwatch', url: 'https://logs.eu-central-1.amazonaws.com/' },
      settings: { region: KEY.region, access_key_id: KEY.access_key_id, ...STREAM },
      secretAccessKey: KEY.secret_access_key,
    });
  });

  test('a bucket may be named with a folder', () => {
    const url = 'https://s3.eu-central-1.amazonaws.com/acme/audit/';
    expect(readTarget({ kind: 's3', url, ...KEY })).toMatchObject({ ok: true, url });
  });
});

test.each([
  [{ kind: 'webhook' }, /^url: a sink of kind webhook needs it/],
  [{ kind: 's3', url: 'https://b.example/', ...KEY, region: undefined }, /^region: .* needs it/],
  [{ kind: 's3', url: 'https://b.example/', ...KEY, secret_access_key: undefined }, /^secret_access_key: /],
  [{ kind: 'cloudwatch', ...KEY, log_group: 'g' }, /^log_stream: /],
  [{ kind: 'webhook', url: 'https://sink.example/', ...KEY }, /^region: .* has none/],
  [{ kind: 's3', url: 'https://b.example/', ...KEY, ...STREAM }, /^log_group: .* has none/],
  [{ kind: 's3', url: 'https://b.example/acme', ...KEY }, /ends with a slash/],
  [{ kind: 's3', url: 'https://b.example/?x=/', ...KEY }, /ends with a slash/],
  [{ kind: 's3', url: 'https://b.example/#/', ...KEY }, /ends with a slash/],
] as const)('%j is refused with what is wrong', (asked, problem) => {
  expect(readTarget(asked)).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
});
