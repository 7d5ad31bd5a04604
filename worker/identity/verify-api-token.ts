import { type ApiToken, parseApiToken } from '../../protocol/api-token.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import type { RateLeft } from '../http/rate-limit-fields.ts';
import type { Admission, CallRate, TenantGate } from '../tenants/tenant-gate.ts';
import { type AttemptGate, asAttempt } from './authentication-attempt.ts';
import { withHashSlot } from './hash-slots.ts';
import type { VerifiedSecrets } from './verified-secrets.ts';

/** Why a bearer was not accepted. All but `rate_limited` look alike to the caller. */
export type TokenRefusal =
  | { readonly reason: 'malformed' | 'unknown' | 'wrong_secret' }
  | {
      readonly reason: 'rate_limited';
      readonly token: ApiToken;
      readonly limit: CallRate;
      readonly waitMs: number;
    };

export type VerifiedToken =
  | {
      readonly ok: true;
      readonly token: ApiToken;
      readonly userId: string;
      readonly sessionHasEnded: boolean;
      readonly left: RateLeft;
    }
  | ({ readonly ok: false } & TokenRefusal);

/** What verification needs of the world. */
export interface TokenWorld {
  /** The MCP session that the call names; its tenant's gate is asked about it in the same question. */
  readonly session: string | null;
  readonly tenantGate: (tenant: string) => Pick<DurableObjectStub<TenantGate>, 'admit' | 'remember'>;
  /** This isolate's memory, for what the gate has forgotten when it was idle. */
  readonly verified: VerifiedSecrets;
  readonly addressGate: () => AttemptGate;
  /** The stored hash of a token with its owner, or null. */
  readonly findToken: (
    token: ApiToken,
  ) => Promise<{ readonly argon2id: string; readonly userId: string } | null>;
  readonly verifyArgon2id: (encoded: string, secret: string) => Promise<boolean>;
}

/** argon2id (m=19456, t=2, p=1) of a secret that nobody holds: an unknown token costs what a known one costs. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/**
 * Decides whether `bearer` is an API token with the right secret. Remembered secrets pass without hashing; all others
 * are counted against the caller's address before anything is looked up or hashed.
 */
export async function verifyApiToken(bearer: string, world: TokenWorld): Promise<VerifiedToken> {
  const token = parseApiToken(bearer);
  if (token === null) return { ok: false, reason: 'malformed' };
  const secretSha256 = await sha256Hex(utf8(token.secret));
  const gate = world.tenantGate(token.tenant);
  const remembered = await gate.admit(token.token, secretSha256, world.session);
  if (remembered.verdict !== 'unknown') return admitted(token, remembered);
  // An agent that begins with many calls at once is one attempt, and hashed once.
  await world.verified.otherHasEnded(secretSha256);
  const owner = world.verified.ownerOf(token.token, secretSha256);
  if (owner !== null)
    return admitted(token, await gate.remember(token.token, secretSha256, owner, world.session));
  return world.verified.verify(secretSha256, () =>
    asAttempt(world.addressGate(), (succeeded) => verifySecret(token, secretSha256, world, succeeded)),
  );
}

async function verifySecret(
  token: ApiToken,
  secretSha256: string,
  world: TokenWorld,
  succeeded: () => void,
): Promise<VerifiedToken> {
  const stored = await world.findToken(token);
  const right = await withHashSlot(
    () => world.verifyArgon2id(stored?.argon2id ?? NOBODY, token.secret),
    succeeded,
  );
  if (stored === null) return { ok: false, reason: 'unknown' };
  if (!right) return { ok: false, reason: 'wrong_secret' };
  succeeded();
  world.verified.keep(token.token, secretSha256, stored.userId);
  const gate = world.tenantGate(token.tenant);
  return admitted(token, await gate.remember(token.token, secretSha256, stored.userId, world.session));
}

function admitted(token: ApiToken, admission: Admission): VerifiedToken {
  switch (admission.verdict) {
    case 'admitted':
      return {
        ok: true,
        token,
        userId: admission.userId,
        sessionHasEnded: admission.sessionHasEnded,
        left: admission.left,
      };
    case 'rate_limited':
      return {
        ok: false,
        reason: 'rate_limited',
        token,
        limit: admission.limit,
        waitMs: admission.waitMs,
      };
    case 'unknown':
      return { ok: false, reason: 'unknown' };
  }
}
