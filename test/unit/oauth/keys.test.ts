import { describe, expect, test } from 'vitest';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { chooseSigningKey } from '../../../worker/oauth/keys/key-ring.ts';
import { makeSigningKey, rowOfKey } from '../../../worker/oauth/keys/make-key.ts';
import { newUserCode, parseUserCode } from '../../../worker/oauth/user-code.ts';
import { deriveEnvelopeKey, openEnvelope, sealEnvelope } from '../../../worker/seal/envelope.ts';

const SEAL = encodeBase64url(new Uint8Array(32).fill(7));
const OTHER = encodeBase64url(new Uint8Array(32).fill(8));
const PURPOSE = 'oauth signing key';

describe('an envelope', () => {
  test('opens with its key for its row, and its text is not in it', async () => {
    const key = await deriveEnvelopeKey(SEAL, PURPOSE);
    const envelope = await sealEnvelope(key, 'a private key', 'row 1');
    expect(envelope).toMatch(/^v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]+$/);
    expect(await openEnvelope(key, envelope, 'row 1')).toBe('a private key');
    expect(await sealEnvelope(key, 'a private key', 'row 1')).not.toBe(envelope);
  });

  test.each<
    [string, (envelope: string) => string, string, string, 'oauth signing key' | 'oauth refresh successor']
  >([
    ['moved to another row', (envelope) => envelope, 'row 2', SEAL, PURPOSE],
    ['with another SEAL_KEY', (envelope) => envelope, 'row 1', OTHER, PURPOSE],
    ['for another purpose', (envelope) => envelope, 'row 1', SEAL, 'oauth refresh successor'],
    ['of another version', (envelope) => envelope.replace('v1', 'v2'), 'row 1', SEAL, PURPOSE],
    ['cut', (envelope) => envelope.slice(0, -4), 'row 1', SEAL, PURPOSE],
    ['empty', () => 'v1.AAAAAAAA.AAAA', 'row 1', SEAL, PURPOSE],
    [
      'changed',
      (envelope) => `${envelope.slice(0, 20)}${envelope[20] === 'A' ? 'B' : 'A'}${envelope.slice(21)}`,
      'row 1',
      SEAL,
      PURPOSE,
    ],
  ])('%s does not open', async (_what, change, row, seal, purpose) => {
    const envelope = await sealEnvelope(await deriveEnvelopeKey(SEAL, PURPOSE), 'text', 'row 1');
    expect(await openEnvelope(await deriveEnvelopeKey(seal, purpose), change(envelope), row)).toBeNull();
  });
});

test('a new signing key shows its public half, and its private half only in an envelope', async () => {
  const envelopeKey = await deriveEnvelopeKey(SEAL, PURPOSE);
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
    JSON.parse((await openEnvelope(envelopeKey, made.privateKey, rowOfKey(made.keyId))) ?? ''),
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
