import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { importFernetKey, openFernet, sealFernet } from '../../../worker/seal/fernet.ts';

/** The published vectors of github.com/fernet/spec. */
interface Vector {
  readonly token: string;
  readonly now: string;
  readonly secret: string;
  readonly src: string;
  readonly iv: readonly number[];
  readonly ttl_sec: number;
  readonly desc: string;
}
const vectors = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`fernet-vectors/${name}.json`, import.meta.url), 'utf8'),
  ) as readonly Vector[];
const SECRET = vectors('generate')[0]?.secret ?? '';

describe('by the published vectors', () => {
  test.each(vectors('generate'))('$src becomes their token', async ({ secret, src, now, iv, token }) => {
    const key = await importFernetKey(secret);
    const sealed = sealFernet(key, new TextEncoder().encode(src), Date.parse(now), new Uint8Array(iv));
    expect(await sealed).toBe(token);
  });

  test.each(vectors('verify'))('their token is $src', async ({ secret, src, now, ttl_sec, token }) => {
    const key = await importFernetKey(secret);
    const opened = await openFernet(key, token, { lifetimeMs: ttl_sec * 1000, now: Date.parse(now) });
    expect(opened.ok && new TextDecoder().decode(opened.bytes)).toBe(src);
    expect(opened.ok && opened.madeAt).toEqual(new Date('1985-10-26T08:20:00Z'));
  });

  const REASONS: Readonly<Record<string, string>> = {
    'incorrect mac': 'forged',
    'too short': 'malformed',
    'invalid base64': 'malformed',
    'payload size not multiple of block size': 'unreadable',
    'payload padding error': 'unreadable',
    'far-future TS (unacceptable clock skew)': 'from_the_future',
    'expired TTL': 'expired',
    'incorrect IV (causes padding error)': 'unreadable',
  };
  test.each(vectors('invalid'))('refused: $desc', async ({ desc, secret, now, ttl_sec, token }) => {
    const key = await importFernetKey(secret);
    expect(await openFernet(key, token, { lifetimeMs: ttl_sec * 1000, now: Date.parse(now) })).toEqual({
      ok: false,
      reason: REASONS[desc],
    });
  });
});

describe('a token', () => {
  const NOW = Date.parse('2026-11-22T12:00:00Z');
  const sealed = async () =>
    sealFernet(await importFernetKey(SECRET), new TextEncoder().encode('hello'), NOW);

  test('of one text is another each time, by an IV that is drawn', async () => {
    expect(await sealed()).not.toBe(await sealed());
  });

  test.each<[string, number, number | undefined, boolean]>([
    ['as old as it may be', 60_000, 60_000, true],
    ['a second older', 61_000, 60_000, false],
    ['ten years old, where no age was named', 3e11, undefined, true],
    ['of a clock that is a minute ahead', -60_000, 60_000, true],
    ['of a clock that is further ahead', -61_000, 60_000, false],
    ['of a clock that is further ahead, where no age was named', -61_000, undefined, false],
  ])('%s', async (_what, laterMs, lifetimeMs, isGood) => {
    const when = { now: NOW + laterMs, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
    expect((await openFernet(await importFernetKey(SECRET), await sealed(), when)).ok).toBe(isGood);
  });

  test.each<[string, (token: string) => string, string]>([
    ['of another version', (token) => `gQ${token.slice(2)}`, 'malformed'],
    ['without its padding', (token) => token.replace(/=+$/, ''), 'malformed'],
    ['with another time', (token) => `${token.slice(0, 10)}A${token.slice(11)}`, 'forged'],
    ['empty', () => '', 'malformed'],
    ['with something behind it', (token) => `${token.replace(/=+$/, '')}AAAA`, 'malformed'],
  ])('%s is refused', async (_what, change, reason) => {
    const opened = await openFernet(await importFernetKey(SECRET), change(await sealed()), { now: NOW });
    expect(opened).toMatchObject({ ok: false });
    expect([reason, 'malformed']).toContain(opened.ok ? '' : opened.reason);
  });

  test('is made of whole seconds, and of text of any length', async () => {
    const key = await importFernetKey(SECRET);
    const bytes = new TextEncoder().encode('twenty bytes of text');
    const opened = await openFernet(key, await sealFernet(key, bytes, NOW + 999), { now: NOW });
    expect(opened).toEqual({ ok: true, bytes, madeAt: new Date(NOW) });
  });

  test('with its padding in the middle is none', async () => {
    const token = await sealed();
    const bare = token.replace(/=+$/, '');
    expect(token).toHaveLength(100);
    const moved = `${bare.slice(0, 10)}==${bare.slice(10)}`;
    expect(await openFernet(await importFernetKey(SECRET), moved, { now: NOW })).toEqual({
      ok: false,
      reason: 'malformed',
    });
  });

  test('is made with a key that nobody reads back', async () => {
    const { signing, encryption } = await importFernetKey(SECRET);
    expect([signing.extractable, encryption.extractable]).toEqual([false, false]);
  });

  test('of another key is forged, and a key of another length is none', async () => {
    const other = await importFernetKey(`A${SECRET.slice(1)}`);
    expect(await openFernet(other, await sealed(), { now: NOW })).toEqual({ ok: false, reason: 'forged' });
    await expect(importFernetKey(SECRET.slice(4))).rejects.toThrow('32 bytes');
    await expect(importFernetKey(SECRET.slice(0, -1))).rejects.toThrow('32 bytes');
  });
});
