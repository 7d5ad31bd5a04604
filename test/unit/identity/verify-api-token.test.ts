import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { formatApiToken } from '../../../protocol/api-token.ts';
import { newId } from '../../../protocol/ids.ts';
import { VerifiedSecrets } from '../../../worker/identity/verified-secrets.ts';
import { type TokenWorld, verifyApiToken } from '../../../worker/identity/verify-api-token.ts';

const token = { tenant: newId('tenant'), token: newId('token'), secret: 's'.repeat(43) };
const SECRET_SHA256 = createHash('sha256').update(token.secret).digest('hex');
const ANN = newId('user');
const LEFT = { remaining: 599, resetSeconds: 60 };
const ADMITTED = { verdict: 'admitted', userId: ANN, sessionHasEnded: false, left: LEFT } as const;
const LIMITED = { verdict: 'rate_limited', limit: 'calls_per_minute', waitMs: 6400 } as const;
const UNKNOWN = { verdict: 'unknown' } as const;
type Gate = ReturnType<TokenWorld['tenantGate']>;
type Admission = Awaited<ReturnType<Gate['admit']>>;

/** What a verification asked of the world, in order. */
let asked: unknown[];
beforeEach(() => {
  asked = [];
});

function world({
  remembered = UNKNOWN as Admission,
  admission = ADMITTED as Admission,
  stored = { argon2id: `hash of ${token.secret}`, userId: ANN } as Awaited<
    ReturnType<TokenWorld['findToken']>
  >,
  waitSeconds = null as number | null,
  verified = new VerifiedSecrets(),
} = {}): TokenWorld {
  const note = (...what: unknown[]) => void asked.push(what);
  return {
    session: 'ses_1',
    verified,
    tenantGate: (tenant) => {
      expect(tenant).toBe(token.tenant);
      return {
        admit: async (id: string, sha256: string, session: string | null) => {
          note('admit', id, sha256, session);
          return remembered;
        },
        remember: async (id: string, sha256: string, user: string, session: string | null) => {
          note('remember', id, sha256, user, session);
          return admission;
        },
      } as unknown as Gate;
    },
    addressGate: () =>
      ({
        attempt: async () => {
          note('attempt');
          return waitSeconds;
        },
        finished: async (right: boolean) => note('finished', right),
      }) as unknown as ReturnType<TokenWorld['addressGate']>,
    findToken: async (found) => {
      note('find', found.token);
      return stored;
    },
    verifyArgon2id: async (encoded, secret) => {
      note('hash', encoded);
      return encoded === `hash of ${secret}`;
    },
  };
}
const bearer = formatApiToken(token);
const ADMIT = ['admit', token.token, SECRET_SHA256, 'ses_1'];
const REMEMBER = ['remember', token.token, SECRET_SHA256, ANN, 'ses_1'];

test('a token of another form asks nobody anything', async () => {
  for (const text of ['', 'btk_', `${bearer}x`, bearer.slice(0, -1), bearer.replace('btk', 'bth')])
    expect(await verifyApiToken(text, world())).toEqual({ ok: false, reason: 'malformed' });
  expect(asked).toEqual([]);
});

test('a remembered secret is admitted without a look-up or a hash', async () => {
  expect(await verifyApiToken(bearer, world({ remembered: ADMITTED }))).toEqual({
    ok: true,
    token,
    userId: ANN,
    sessionHasEnded: false,
    left: LEFT,
  });
  expect(asked).toEqual([ADMIT]);
});

test('a remembered secret whose rate is used up is told so, and until when', async () => {
  expect(await verifyApiToken(bearer, world({ remembered: LIMITED }))).toEqual({
    ok: false,
    reason: 'rate_limited',
    limit: 'calls_per_minute',
    token,
    waitMs: 6400,
  });
  expect(asked).toEqual([ADMIT]);
});

test('what the gate forgot and this isolate verified lately is not hashed again', async () => {
  const verified = new VerifiedSecrets();
  verified.keep(token.token, SECRET_SHA256, ANN);
  expect(await verifyApiToken(bearer, world({ verified }))).toMatchObject({ ok: true, userId: ANN });
  expect(asked).toEqual([ADMIT, REMEMBER]);
});

test('an unremembered secret is counted against its address, found, hashed and then remembered', async () => {
  const verified = new VerifiedSecrets();
  expect(await verifyApiToken(bearer, world({ verified }))).toMatchObject({ ok: true, userId: ANN });
  expect(asked).toEqual([
    ADMIT,
    ['attempt'],
    ['find', token.token],
    ['hash', `hash of ${token.secret}`],
    REMEMBER,
    ['finished', true],
  ]);
  expect(verified.ownerOf(token.token, SECRET_SHA256)).toBe(ANN);
});

describe('Mallory, who guesses, is refused', () => {
  test('an unknown token costs the hash that a known one costs, and its address an attempt', async () => {
    const verified = new VerifiedSecrets();
    expect(await verifyApiToken(bearer, world({ stored: null, verified }))).toEqual({
      ok: false,
      reason: 'unknown',
    });
    expect(asked).toEqual([
      ADMIT,
      ['attempt'],
      ['find', token.token],
      ['hash', expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$A{22}\$A{43}$/)],
      ['finished', false],
    ]);
    expect(verified.ownerOf(token.token, SECRET_SHA256)).toBeNull();
  });

  test('a wrong secret of a known token is not remembered, and costs its address an attempt', async () => {
    const verified = new VerifiedSecrets();
    const stored = { argon2id: 'hash of another', userId: ANN };
    expect(await verifyApiToken(bearer, world({ stored, verified }))).toEqual({
      ok: false,
      reason: 'wrong_secret',
    });
    expect(asked.slice(1)).toEqual([
      ['attempt'],
      ['find', token.token],
      ['hash', 'hash of another'],
      ['finished', false],
    ]);
    expect(verified.ownerOf(token.token, SECRET_SHA256)).toBeNull();
  });

  test('an address without attempts left is refused before anything is looked up', async () => {
    await expect(verifyApiToken(bearer, world({ waitSeconds: 9 }))).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 9,
      details: { limit: 'failed_logins_per_minute' },
    });
    expect(asked).toEqual([ADMIT, ['attempt']]);
  });

  test('a gate that knows nobody admits nobody', async () => {
    expect(await verifyApiToken(bearer, world({ admission: UNKNOWN }))).toEqual({
      ok: false,
      reason: 'unknown',
    });
  });
});
