import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { chooseSigningKey } from '../../../worker/oauth/keys/key-ring.ts';
import { makeSigningKey, placeOfKey } from '../../../worker/oauth/keys/make-key.ts';
import { digestOfUserCode, newUserCode, parseUserCode } from '../../../worker/oauth/user-code.ts';
import { importEnvelopeKey, openEnvelope } from '../../../worker/seal/envelope.ts';

test('a new signing key shows its public half, and its private half only in an envelope', async () => {
  const envelopeKey = await importEnvelopeKey('platform', new Uint8Array(32).fill(7));
  const made = await makeSigningKey(envelopeKey);
  expect(made.publicJwk).toMatchObject({
    kty: 'EC',
    crv: 'P-256',
    alg: 'ES256',
    use: 'sig',
    kid: made.keyId,
  });
  expect(made.publicJwk).not.toHaveProperty('d');
  expect(
    JSON.parse((await openEnvelope(envelopeKey, made.privateKey, placeOfKey(made.keyId))) ?? ''),
  ).toHaveProperty('d');
});

describe('the key that signs', () => {
  const key = (keyId: string, signsFrom: number) => ({ keyId, signsFrom, publicJwk: {}, privateKey: '' });
  test.each<[string, ReturnType<typeof key>[], string]>([
    ['the only one', [key('a', 0)], 'a'],
    ['the newest whose time has come', [key('a', 0), key('b', 100)], 'b'],
    ['not one whose time comes later', [key('a', 0), key('b', 101)], 'a'],
    ['the first, before any time has come', [key('a', 200), key('b', 300)], 'a'],
  ])('is %s', (_what, keys, chosen) => {
    expect(chooseSigningKey(keys, 100).keyId).toBe(chosen);
  });
});

describe('the code that a person types', () => {
  test('has each letter as often as any other: what would favour the first ones is drawn again', () => {
    const drawn = [240, 255, 0, 19, 20, 239, 1, 2, 3, 4];
    const random = vi.spyOn(crypto, 'getRandomValues').mockImplementation((bytes) => {
      (bytes as Uint8Array)[0] = drawn.shift() ?? 0;
      return bytes;
    });
    const code = newUserCode();
    random.mockRestore();
    expect(code).toBe('BZBZ-CDFG');
  });

  test('is stored as its digest', async () => {
    expect(await digestOfUserCode('BCDF-GHJK')).toBe(createHash('sha256').update('BCDF-GHJK').digest('hex'));
  });

  test('is always of the form that is read', () => {
    for (let index = 0; index < 200; index++) {
      const code = newUserCode();
      expect(parseUserCode(code)).toBe(code);
    }
  });
  test.each<[string, string | null]>([
    ['bcdf-ghjk', 'BCDF-GHJK'],
    ['BCDFGHJK', 'BCDF-GHJK'],
    [' b c d f  g h j k ', 'BCDF-GHJK'],
    ['BCDF-GHJ', null],
    ['BCDF-GHJKL', null],
    ['ABCD-EFGH', null],
    ["' or 1=1", null],
    ['', null],
  ])('%j is %j', (typed, code) => {
    expect(parseUserCode(typed)).toBe(code);
  });
});
