import { beforeAll, describe, expect, test } from 'vitest';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { importSealKey, type SealKey, seal, unseal } from '../../../worker/seal/seal.ts';

let key: SealKey;
let otherKey: SealKey;

beforeAll(async () => {
  key = await importSealKey(encodeBase64url(new Uint8Array(32).fill(1)));
  otherKey = await importSealKey(encodeBase64url(new Uint8Array(32).fill(2)));
});

test('what was sealed comes back as it was, until its time is over', async () => {
  const sealed = await seal(key, 'upload', { upload: 'upl_1' }, 1000, 0);
  expect(await unseal(key, 'upload', sealed, 999)).toEqual({ ok: true, claim: { upload: 'upl_1' } });
  expect(await unseal(key, 'upload', sealed, 1000)).toEqual({ ok: false, reason: 'expired' });
});

test('a second that has begun is lived to its end', async () => {
  const sealed = await seal(key, 'upload', {}, 1500, 0);
  expect((await unseal(key, 'upload', sealed, 1999)).ok).toBe(true);
  expect((await unseal(key, 'upload', sealed, 2000)).ok).toBe(false);
});

test('nobody reads the key back', () => {
  expect(key.extractable).toBe(false);
});

describe('Mallory gets nothing by', () => {
  test.each<[string, (sealed: string) => string]>([
    [
      'changing the claim',
      (sealed) =>
        `${encodeBase64url(new TextEncoder().encode('{"p":"upload","e":9e9,"c":{"upload":"upl_2"}}'))}.${sealed.split('.')[1]}`,
    ],
    ['cutting the signature', (sealed) => sealed.slice(0, -1)],
    ['leaving the signature out', (sealed) => sealed.split('.')[0] ?? ''],
    ['an empty signature', (sealed) => `${sealed.split('.')[0]}.`],
    ['a third part', (sealed) => `${sealed}.x`],
    ['padding', (sealed) => `${sealed}=`],
    ['a trailing space', (sealed) => `${sealed} `],
    ['nothing at all', () => ''],
  ])('%s', async (_what, forge) => {
    const sealed = await seal(key, 'upload', { upload: 'upl_1' }, 60_000);
    expect(await unseal(key, 'upload', forge(sealed))).toEqual({ ok: false, reason: 'forged' });
  });

  test('using a seal made for another purpose', async () => {
    const sealed = await seal(key, 'download', { upload: 'upl_1' }, 60_000);
    expect(await unseal(key, 'upload', sealed)).toEqual({ ok: false, reason: 'forged' });
  });

  test('using the seal of another deployment', async () => {
    const sealed = await seal(otherKey, 'upload', { upload: 'upl_1' }, 60_000);
    expect(await unseal(key, 'upload', sealed)).toEqual({ ok: false, reason: 'forged' });
  });
});

test.each(['', 'c2hvcnQ', 'not base64url!'])('a key of %j is refused', async (text) => {
  await expect(importSealKey(text)).rejects.toThrow('SEAL_KEY');
});
