import { expect, test } from 'vitest';
import { canonicalJson, idempotencyOf } from '../../../worker/tenants/idempotency.ts';
import { type Bucket, take } from '../../../worker/tenants/token-bucket.ts';

test('a bucket gives its minute at once, then evenly, and says how long to wait', () => {
  let bucket: Bucket | undefined;
  for (let index = 0; index < 60; index++) {
    const taken = take(bucket, 60, 0);
    expect(taken.ok).toBe(true);
    bucket = taken.bucket;
  }
  expect(take(bucket, 60, 0)).toMatchObject({ ok: false, waitMs: 1000 });
  expect(take(bucket, 60, 1000).ok).toBe(true);
  expect(take(take(bucket, 60, 1000).bucket, 60, 1000).ok).toBe(false);
});

test('a clock that goes back gives nothing away', () => {
  const empty: Bucket = { tokens: 0, at: 60_000 };
  expect(take(empty, 60, 0).ok).toBe(false);
});

test('equal arguments have equal digests, whatever the order of their keys; the key itself does not count', async () => {
  const one = await idempotencyOf('write_files', 'key-12345', {
    a: 1,
    b: { d: 2, c: 3 },
    idempotency_key: 'key-12345',
  });
  const two = await idempotencyOf('write_files', 'key-67890', { b: { c: 3, d: 2 }, a: 1 });
  expect(one?.arguments_sha256).toBe(two?.arguments_sha256);
  expect(canonicalJson({ a: [2, 1] })).not.toBe(canonicalJson({ a: [1, 2] }));
});
