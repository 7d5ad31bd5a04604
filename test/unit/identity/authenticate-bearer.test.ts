import { expect, test } from 'vitest';
import { formatApiToken } from '../../../protocol/api-token.ts';
import { newId } from '../../../protocol/ids.ts';
import { authenticateBearer, type BearerWorld } from '../../../worker/identity/authenticate-bearer.ts';
import { VerifiedSecrets } from '../../../worker/identity/verified-secrets.ts';

const ANN = newId('user');
const token = { tenant: newId('tenant'), token: newId('token'), secret: 's'.repeat(43) };
const claims = {
  tenant: newId('tenant'),
  sub: ANN,
  gid: newId('grant'),
  scope: 'projects:read runs:execute',
  exp: 1_800_000_600,
};
const LEFT = { remaining: 5, resetSeconds: 60 };
const ADMITTED = { verdict: 'admitted', userId: ANN, sessionHasEnded: true, left: LEFT } as const;
const LIMITED = { verdict: 'rate_limited', limit: 'tenant_calls_per_minute', waitMs: 2500 } as const;

function world(changes: Partial<BearerWorld> = {}, remembered: object = ADMITTED): BearerWorld {
  return {
    session: null,
    verified: new VerifiedSecrets(),
    tenantGate: () => ({ admit: async () => remembered }) as unknown as ReturnType<BearerWorld['tenantGate']>,
    addressGate: () => expect.unreachable('nothing is hashed'),
    findToken: () => expect.unreachable('nothing is looked up'),
    verifyArgon2id: () => expect.unreachable('nothing is hashed'),
    verifyAccessToken: async () => ({ ok: true, claims }) as never,
    admitGrant: async () => ADMITTED,
    ...changes,
  };
}
const OAUTH_WHO = {
  tenantId: claims.tenant,
  userId: ANN,
  credential: {
    kind: 'oauth',
    id: claims.gid,
    scopes: ['projects:read', 'runs:execute'],
    expiresAtMs: 1_800_000_600_000,
  },
};
const TOKEN_WHO = { tenantId: token.tenant, credential: { kind: 'api_token', id: token.token } };

test('an API token speaks for its owner in its tenant', async () => {
  const never = async () => expect.unreachable('it is no access token');
  expect(await authenticateBearer(formatApiToken(token), world({ verifyAccessToken: never }))).toEqual({
    ok: true,
    who: { ...TOKEN_WHO, userId: ANN },
    sessionHasEnded: true,
    left: LEFT,
  });
});

test('an API token whose rate is used up is named in the refusal, its owner is not', async () => {
  expect(await authenticateBearer(formatApiToken(token), world({}, LIMITED))).toEqual({
    ok: false,
    reason: 'rate_limited',
    limit: 'tenant_calls_per_minute',
    waitMs: 2500,
    who: { ...TOKEN_WHO, userId: null },
  });
});

test('an API token of another form is nobody, and never tried as an access token', async () => {
  const never = async () => expect.unreachable('it is no access token');
  expect(await authenticateBearer('btk_x', world({ verifyAccessToken: never }))).toEqual({
    ok: false,
    reason: 'malformed',
  });
});

test('an API token that is not proven names nobody', async () => {
  const unproven = world(
    {
      addressGate: () => ({ attempt: async () => null, finished: async () => {} }) as never,
      findToken: async () => ({ argon2id: 'hash', userId: ANN }),
      verifyArgon2id: async () => false,
    },
    { verdict: 'unknown' },
  );
  expect(await authenticateBearer(formatApiToken(token), unproven)).toEqual({
    ok: false,
    reason: 'wrong_secret',
  });
});

test('an access token speaks for its person with the scopes and the end of its own', async () => {
  const asked: unknown[] = [];
  const admitGrant = async (...given: unknown[]) => {
    asked.push(given);
    return ADMITTED;
  };
  expect(await authenticateBearer('eyJ', world({ admitGrant }))).toEqual({
    ok: true,
    who: OAUTH_WHO,
    sessionHasEnded: true,
    left: LEFT,
  });
  expect(asked).toEqual([[claims.tenant, claims.gid, ANN]]);
});

test('an access token whose rate is used up is told so, and whose it is', async () => {
  expect(await authenticateBearer('eyJ', world({ admitGrant: async () => LIMITED }))).toEqual({
    ok: false,
    reason: 'rate_limited',
    limit: 'tenant_calls_per_minute',
    waitMs: 2500,
    who: OAUTH_WHO,
  });
});

test.each([
  ['expired', 'expired'],
  ['malformed', 'malformed'],
  ['foreign_header', 'malformed'],
  ['unknown_key', 'malformed'],
  ['invalid', 'malformed'],
] as const)('an access token that is %s is told apart as %s, and counts for nobody', async (reason, told) => {
  const refused = world({
    verifyAccessToken: async () => ({ ok: false, reason }),
    admitGrant: async () => expect.unreachable('nobody is counted'),
  });
  expect(await authenticateBearer('eyJ', refused)).toEqual({ ok: false, reason: told });
});
