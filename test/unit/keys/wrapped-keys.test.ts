import { describe, expect, test } from 'vitest';
import {
  type KeyOwner,
  makeDataKey,
  type StoredDataKey,
  unwrapDataKey,
} from '../../../worker/keys/data-key.ts';
import type { KekSource, KeyBytes } from '../../../worker/keys/kek-source.ts';
import { makeKek, newKeyId, openKek } from '../../../worker/keys/key-encryption-key.ts';
import { type EnvelopeKey, importEnvelopeKey, openEnvelope } from '../../../worker/seal/envelope.ts';

const bytes = (fill: number): KeyBytes => new Uint8Array(32).fill(fill);
/** Keys that an operator holds: the first is for new ones. */
const held = (...fills: readonly [number, ...number[]]): KekSource => ({
  settings: 'KEY_PASSPHRASE',
  make: async () => ({ recipe: { kind: 'kms', wrapped: `${fills[0]}` }, bytes: bytes(fills[0]) }),
  open: async () => fills.map(bytes),
  get maker() {
    return held(fills[0]);
  },
});
const ring = (...keys: EnvelopeKey[]) => ({ byId: new Map(keys.map((key) => [key.id, key])) });

test('a key id is eight characters, and no two are the same', () => {
  const ids = Array.from({ length: 100 }, newKeyId);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{8}$/);
  expect(new Set(ids).size).toBe(100);
});

describe('a key-encryption key', () => {
  test('is found by what it sealed itself, whichever of the keys at hand it is', async () => {
    const { stored, key } = await makeKek(held(1));
    expect(stored).toMatchObject({ keyId: key.id, recipe: { kind: 'kms', wrapped: '1' } });
    const made = await makeDataKey(key, 'ten_ann', 'secrets');
    const opened = await openKek(held(2, 1), stored);
    expect(opened?.id).toBe(stored.keyId);
    expect(await unwrapDataKey(ring(opened as EnvelopeKey), 'ten_ann', made)).toHaveLength(32);
  });

  test('is none where another key sealed the canary, or the canary is of another key', async () => {
    const [{ stored }, other] = await Promise.all([makeKek(held(1)), makeKek(held(1))]);
    expect(await openKek(held(2), stored)).toBeNull();
    expect(await openKek(held(1), { ...stored, keyId: 'AAAAAAAA' })).toBeNull();
    expect(await openKek(held(1), { ...stored, canary: other.stored.canary })).toBeNull();
  });

  test('has its canary where no other secret stands', async () => {
    const { stored, key } = await makeKek(held(1));
    const place = { table: 'app.key_encryption_keys', column: 'canary', row: stored.keyId, tenant: null };
    expect(await openEnvelope(key, stored.canary, place)).toMatch(/\S/);
  });

  test('is none where the envelope holds another text', async () => {
    const { stored, key } = await makeKek(held(1));
    const { wrapped } = await makeDataKey(key, null, 'secrets');
    expect(await openKek(held(1), { ...stored, canary: wrapped })).toBeNull();
  });
});

describe('a data key', () => {
  const kek = () => importEnvelopeKey('AAAAAAA1', bytes(1));
  const unwrapped = async (owner: KeyOwner, changes: Partial<StoredDataKey> = {}, of: KeyOwner = owner) =>
    unwrapDataKey(ring(await kek()), of, { ...(await makeDataKey(await kek(), owner, 'blobs')), ...changes });

  test.each<KeyOwner>(['ten_ann', null])(
    'of %s is 32 bytes of its own, and says what it is for',
    async (owner) => {
      const [one, other] = [await unwrapped(owner), await unwrapped(owner)];
      expect(one).toHaveLength(32);
      expect(one).not.toEqual(other);
      expect(await makeDataKey(await kek(), owner, 'blobs')).toMatchObject({
        purpose: 'blobs',
        keyId: expect.stringMatching(/^[A-Za-z0-9_-]{8}$/),
        wrapped: expect.stringMatching(/^v1\.AAAAAAA1\./),
      });
    },
  );

  test.each([
    ['ten_ann', 'app.tenant_keys'],
    [null, 'app.platform_keys'],
  ] as const)('of %s is sealed for its row of %s', async (tenant, table) => {
    const { keyId, wrapped } = await makeDataKey(await kek(), tenant, 'secrets');
    const place = { table, column: 'wrapped', row: keyId, tenant };
    expect(await openEnvelope(await kek(), wrapped, place)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('of a tenant opens for no other, nor for the platform', async () => {
    expect(await unwrapped('ten_ann', {}, 'ten_mallory')).toBeNull();
    expect(await unwrapped('ten_ann', {}, null)).toBeNull();
    expect(await unwrapped(null, {}, 'ten_mallory')).toBeNull();
  });

  test('does not open under another name, nor with another key', async () => {
    expect(await unwrapped('ten_ann', { keyId: 'BBBBBBBB' })).toBeNull();
    const made = await makeDataKey(await kek(), 'ten_ann', 'secrets');
    const stranger = await importEnvelopeKey('AAAAAAA1', bytes(2));
    expect(await unwrapDataKey(ring(stranger), 'ten_ann', made)).toBeNull();
    expect(await unwrapDataKey(ring(), 'ten_ann', made)).toBeNull();
  });
});
