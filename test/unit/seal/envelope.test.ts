import { createDecipheriv, hkdfSync } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import {
  type EnvelopeKey,
  importEnvelopeKey,
  keyIdOf,
  openEnvelope,
  type Place,
  sealEnvelope,
} from '../../../worker/seal/envelope.ts';

const BYTES = new Uint8Array(32).fill(7);
const PLACE: Place = { table: 'app.webhooks', column: 'secret', row: 'whk_1', tenant: 'ten_ann' };
const key = (id = 'AAAAAAA1', fill = 7): Promise<EnvelopeKey> =>
  importEnvelopeKey(id, new Uint8Array(32).fill(fill));

test('an envelope opens with its key at its place, and nothing of its text is in it', async () => {
  const envelope = await sealEnvelope(await key(), 'a private key', PLACE);
  expect(envelope).toMatch(/^v1\.AAAAAAA1\.[A-Za-z0-9_-]{38,}$/);
  expect(Buffer.from(envelope.slice(12), 'base64url').includes('private')).toBe(false);
  expect(await openEnvelope(await key(), envelope, PLACE)).toBe('a private key');
  expect(keyIdOf(envelope)).toBe('AAAAAAA1');
});

test('the empty text is a text: its envelope opens', async () => {
  expect(await openEnvelope(await key(), await sealEnvelope(await key(), '', PLACE), PLACE)).toBe('');
});

test('an envelope is AES-256-GCM as another implementation reads it', async () => {
  const sealed = await sealEnvelope(await key(), 'über', PLACE);
  const bytes = Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
  const derived = hkdfSync('sha256', BYTES, new Uint8Array(), 'causeway envelope v1', 32);
  const decipher = createDecipheriv('aes-256-gcm', new Uint8Array(derived), bytes.subarray(0, 12));
  decipher.setAAD(
    Buffer.from(JSON.stringify(['v1', 'AAAAAAA1', 'app.webhooks', 'secret', 'whk_1', 'ten_ann'])),
  );
  decipher.setAuthTag(bytes.subarray(-16));
  const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  expect(text.toString()).toBe('über');
});

test('each envelope has a nonce of its own from the generator of the platform', async () => {
  const drawn = vi.spyOn(crypto, 'getRandomValues');
  const held = await key();
  const first = await sealEnvelope(held, 'same', PLACE);
  const second = await sealEnvelope(held, 'same', PLACE);
  const nonces = drawn.mock.results.map(({ value }) => Buffer.from(value as Uint8Array));
  drawn.mockRestore();
  expect(nonces.map(({ length }) => length)).toEqual([12, 12]);
  expect(
    [first, second].map((envelope) => Buffer.from(envelope.slice(12), 'base64url').subarray(0, 12)),
  ).toEqual(nonces);
  expect(nonces[0]).not.toEqual(nonces[1]);
});

test('a key is 32 bytes, and nobody reads it back', async () => {
  expect((await key()).key.extractable).toBe(false);
  await expect(importEnvelopeKey('AAAAAAA1', new Uint8Array(31))).rejects.toThrow('32 bytes');
});

test('what is no envelope names no key', () => {
  for (const text of ['', 'a private key', 'v1.short.AAAA', 'v1.AAAAAAA1.', 'v1.AAAAAAA1.A A'])
    expect(keyIdOf(text)).toBeNull();
});

describe('Mallory, who can write the database, gets nothing opened by an envelope', () => {
  const flip = (text: string, at: number) =>
    `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  test.each<[string, (envelope: string) => string, Partial<Place>, Promise<EnvelopeKey>?]>([
    ['moved to another row', (it) => it, { row: 'whk_2' }],
    ['moved to her tenant', (it) => it, { tenant: 'ten_mallory' }],
    ['moved out of its tenant', (it) => it, { tenant: null }],
    ['moved to another column', (it) => it, { column: 'note' }],
    ['moved to another table', (it) => it, { table: 'app.notes' }],
    ['whose place only looks alike', (it) => it, { column: 'secret","whk_1', row: '' }],
    ['under the name of another key', (it) => it.replace('AAAAAAA1', 'AAAAAAA2'), {}, key('AAAAAAA2')],
    ['of another key of the same name', (it) => it, {}, key('AAAAAAA1', 8)],
    ['of an unknown key', (it) => it, {}, key('AAAAAAA2', 7)],
    ['of another version', (it) => it.replace('v1', 'v2'), {}],
    ['of an earlier version', (it) => it.replace('v1', 'v0'), {}],
    ['with its end cut', (it) => it.slice(0, -4), {}],
    ['with something behind it', (it) => `${it}AAAA`, {}],
    ['with another nonce', (it) => flip(it, 12), {}],
    ['with another byte inside', (it) => flip(it, 30), {}],
    ['with another tag', (it) => flip(it, it.length - 8), {}],
    ['with something before it', (it) => `x${it}`, {}],
    ['with a part more', (it) => `${it}.AAAA`, {}],
    ['of no whole bytes', (it) => `${it}AA`, {}],
    ['that is empty', () => 'v1.AAAAAAA1.', {}],
    ['of a nonce alone', () => `v1.AAAAAAA1.${'A'.repeat(16)}`, {}],
    ['that is its text', () => 'a private key', {}],
  ])('%s', async (_what, change, elsewhere, other) => {
    const envelope = await sealEnvelope(await key(), 'a private key', PLACE);
    expect(
      await openEnvelope(await (other ?? key()), change(envelope), { ...PLACE, ...elsewhere }),
    ).toBeNull();
  });
});
