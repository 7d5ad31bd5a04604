import { type CryptoKey, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../protocol/ids.ts';
import { verifyAccessToken } from '../../../worker/oauth/jwt/verify.ts';

const ISSUER = 'https://causeway.example';
const AUDIENCE = `${ISSUER}/mcp`;
const KID = 'k'.repeat(43);
const NOW = 1_800_000_000;

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let es256: Pair;
let other: Pair;
let rs256: Pair;
beforeAll(async () => {
  [es256, other, rs256] = await Promise.all([
    generateKeyPair('ES256', { extractable: true }),
    generateKeyPair('ES256'),
    generateKeyPair('RS256'),
  ]);
});

const claims = {
  iss: ISSUER,
  aud: AUDIENCE as unknown,
  sub: newId('user'),
  client_id: 'cli_x',
  scope: 'projects:read',
  jti: 'j'.repeat(22),
  iat: NOW - 10,
  exp: (NOW + 590) as unknown,
  tenant: newId('tenant'),
  gid: newId('grant'),
};
const header = { alg: 'ES256', typ: 'at+jwt', kid: KID };

const sign = (
  changes: Record<string, unknown> = {},
  headerChanges: Record<string, unknown> = {},
  key: CryptoKey | Uint8Array = es256.privateKey,
) =>
  new SignJWT({ ...claims, ...changes } as Record<string, unknown>)
    .setProtectedHeader({ ...header, ...headerChanges } as { alg: string })
    .sign(key);

async function outcomeOf(token: string, asked: string[] = []): Promise<string> {
  const verified = await verifyAccessToken(token, {
    issuer: ISSUER,
    audience: AUDIENCE,
    now: NOW,
    async keyOf(keyId) {
      asked.push(keyId);
      return keyId === KID ? es256.publicKey : null;
    },
  });
  return verified.ok ? 'ok' : verified.reason;
}

test('the clock is that of the machine, in seconds', async () => {
  const now = Math.floor(Date.now() / 1000);
  const expected = { issuer: ISSUER, audience: AUDIENCE, keyOf: async () => es256.publicKey };
  expect((await verifyAccessToken(await sign({ iat: now - 10, exp: now + 590 }), expected)).ok).toBe(true);
  expect(await verifyAccessToken(await sign({ iat: now - 700, exp: now - 100 }), expected)).toEqual({
    ok: false,
    reason: 'expired',
  });
});

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (changedHeader: object, signature = '') =>
  `${base64url({ ...header, ...changedHeader })}.${base64url(claims)}.${signature}`;

describe('claims', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['right', {}, 'ok'],
    ['no exp', { exp: undefined }, 'invalid'],
    ['exp as text', { exp: String(NOW + 590) }, 'invalid'],
    ['exp 1e300', { exp: 1e300 }, 'invalid'],
    ['exp with a fraction', { exp: NOW + 0.5 }, 'invalid'],
    ['expired by less than the tolerance', { iat: NOW - 604, exp: NOW - 4 }, 'ok'],
    ['expired by one second more than the tolerance', { iat: NOW - 606, exp: NOW - 6 }, 'expired'],
    ['a life of eleven minutes', { exp: NOW + 651 }, 'invalid'],
    ['issued in the future', { iat: NOW + 6 }, 'invalid'],
    ['issued as far ahead as clocks may differ', { iat: NOW + 5 }, 'ok'],
    ['a life of no time', { iat: NOW, exp: NOW }, 'invalid'],
    ['no iat', { iat: undefined }, 'invalid'],
    ['a future nbf', { nbf: NOW + 60 }, 'invalid'],
    ['a claim that this server does not write', { admin: true }, 'invalid'],
    ['another issuer', { iss: 'https://evil.example' }, 'invalid'],
    ['the issuer with a slash', { iss: `${ISSUER}/` }, 'invalid'],
    ['no issuer', { iss: undefined }, 'invalid'],
    ['another audience', { aud: 'https://evil.example/mcp' }, 'invalid'],
    ['the origin as audience', { aud: ISSUER }, 'invalid'],
    ['two audiences, one right', { aud: [AUDIENCE, 'https://evil.example'] }, 'invalid'],
    ['one audience as a list', { aud: [AUDIENCE] }, 'invalid'],
    ['no audience', { aud: undefined }, 'invalid'],
    ['a tenant of another form', { tenant: '* or 1=1' }, 'invalid'],
    ['a grant of another form', { gid: claims.tenant }, 'invalid'],
    ['no grant', { gid: undefined }, 'invalid'],
    ['no scope', { scope: undefined }, 'invalid'],
    ['scope as a list', { scope: ['projects:read'] }, 'invalid'],
  ])('%s', async (_what, changes, outcome) => {
    expect(await outcomeOf(await sign(changes))).toBe(outcome);
  });
});

describe('header: anything but the one that this server writes ends before a key is looked up', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['alg none', () => unsigned({ alg: 'none' }, 'AA')],
    ['alg None', () => unsigned({ alg: 'None' }, 'AA')],
    ['alg NONE', () => unsigned({ alg: 'NONE' }, 'AA')],
    ['alg ES384', () => unsigned({ alg: 'ES384' }, 'AA')],
    ['alg as a list', () => unsigned({ alg: ['ES256'] }, 'AA')],
    ['typ JWT, as an ID token has', () => sign({}, { typ: 'JWT' })],
    ['no typ', () => sign({}, { typ: undefined })],
    ['typ with a media type', () => sign({}, { typ: 'application/at+jwt' })],
    ['no kid', () => sign({}, { kid: undefined })],
    ['a kid that is a path', () => sign({}, { kid: '../../../../etc/passwd' })],
    ['a kid with SQL', () => sign({}, { kid: "' or '1'='1' or 'aaaaaaaa" })],
    ['a kid as a number', () => unsigned({ kid: 1 }, 'AA')],
    ['a kid as a number of sixteen digits', () => unsigned({ kid: 1_234_567_890_123_456 }, 'AA')],
    ['a kid of 15 characters', () => sign({}, { kid: 'k'.repeat(15) })],
    ['a kid of 65 characters', () => sign({}, { kid: 'k'.repeat(65) })],
    ['a kid with something before it', () => sign({}, { kid: `/${KID}` })],
    ['a kid with something behind it', () => sign({}, { kid: `${KID}/` })],
    ['an embedded jwk', () => sign({}, { jwk: { kty: 'EC' } })],
    ['a jku', () => sign({}, { jku: 'https://evil.example/keys' })],
    ['an x5u', () => sign({}, { x5u: 'https://evil.example/cert' })],
    ['an unknown crit', () => unsigned({ crit: ['x'], x: 1 }, 'AA')],
    ['b64 false', () => unsigned({ b64: false }, 'AA')],
    ['a cty', () => sign({}, { cty: 'JWT' })],
    [
      'HS256 keyed by the public key as PEM',
      async () => sign({}, { alg: 'HS256' }, new TextEncoder().encode(await exportSPKI(es256.publicKey))),
    ],
    ['RS256', () => sign({}, { alg: 'RS256' }, rs256.privateKey)],
  ])('%s', async (_what, make) => {
    const asked: string[] = [];
    expect(await outcomeOf(await make(), asked)).toBe('foreign_header');
    expect(asked).toEqual([]);
  });
});

describe('form and signature', () => {
  test.each<[string, (token: string) => string | Promise<string>, string]>([
    ['another key under the right kid', () => sign({}, {}, other.privateKey), 'invalid'],
    ['a key that was rotated out', () => sign({}, { kid: 'o'.repeat(43) }), 'unknown_key'],
    ['r = s = 0', (token) => token.replace(/[^.]*$/, Buffer.alloc(64).toString('base64url')), 'invalid'],
    ['no signature', (token) => token.replace(/[^.]*$/, ''), 'malformed'],
    [
      'a changed claim',
      (token) => token.replace(/\.[^.]*\./, `.${base64url({ ...claims, tenant: newId('tenant') })}.`),
      'invalid',
    ],
    ['a trailing space', (token) => `${token} `, 'malformed'],
    ['a trailing line break', (token) => `${token}\n`, 'malformed'],
    ['padding', (token) => `${token}=`, 'malformed'],
    [
      'a non-canonical last character',
      (token) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : '_'}`,
      'malformed',
    ],
    ['five parts, a JWE', (token) => `${token}.AA.AA`, 'malformed'],
    ['two parts', (token) => token.split('.').slice(0, 2).join('.'), 'malformed'],
    ['8 KB', () => sign({ scope: 'x'.repeat(900), client_id: 'y'.repeat(5000) }), 'malformed'],
    ['nothing', () => '', 'malformed'],
    ['a header that is no JSON', (token) => token.replace(/^[^.]*/, 'AAAA'), 'malformed'],
    ['a header that is a number', (token) => token.replace(/^[^.]*/, base64url(1)), 'malformed'],
    ['a header that is null', (token) => token.replace(/^[^.]*/, base64url(null)), 'malformed'],
  ])('%s', async (_what, change, outcome) => {
    expect(await outcomeOf(await change(await sign()))).toBe(outcome);
  });
});
