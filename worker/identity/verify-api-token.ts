import { type ApiToken, parseApiToken } from '../../protocol/api-token.ts';
import type { AddressGate } from '../tenants/address-gate.ts';
import type { Admission, TenantGate } from '../tenants/tenant-gate.ts';

/** Why a bearer was not accepted. All but `rate_limited` look alike to the caller. */
export type TokenRefusal =
  | { readonly reason: 'malformed' | 'unknown' | 'wrong_secret' }
  | { readonly reason: 'rate_limited' | 'address_limited'; readonly retryAfterSeconds: number }
  | { readonly reason: 'busy' };

export type VerifiedToken =
  | { readonly ok: true; readonly token: ApiToken; readonly userId: string }
  | ({ readonly ok: false } & TokenRefusal);

/** What verification needs of the world. */
export interface TokenWorld {
  readonly tenantGate: (tenant: string) => Pick<DurableObjectStub<TenantGate>, 'admit' | 'remember'>;
  readonly addressGate: () => Pick<DurableObjectStub<AddressGate>, 'attempt' | 'succeeded'>;
  /** The stored hash of a token with its owner, or null. */
  readonly findToken: (
    token: ApiToken,
  ) => Promise<{ readonly argon2id: string; readonly userId: string } | null>;
  readonly verifyArgon2id: (encoded: string, secret: string) => Promise<boolean>;
}

/** At most this many verifications wait in an isolate; more are told to come back. */
const VERIFICATIONS_MAX = 16;
let verifications = 0;

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
  const gate = world.tenantGate(token.tenant);
  const secretSha256 = await sha256(token.secret);

  const remembered = await gate.admit(token.token, secretSha256);
  if (remembered.verdict !== 'unknown') return admitted(token, remembered);

  const address = world.addressGate();
  const retryAfterSeconds = await address.attempt();
  if (retryAfterSeconds !== null) return { ok: false, reason: 'address_limited', retryAfterSeconds };
  if (verifications >= VERIFICATIONS_MAX) return { ok: false, reason: 'busy' };
  verifications++;
  try {
    const stored = await world.findToken(token);
    const right = await world.verifyArgon2id(stored?.argon2id ?? NOBODY, token.secret);
    if (stored === null) return { ok: false, reason: 'unknown' };
    if (!right) return { ok: false, reason: 'wrong_secret' };
    const [admission] = await Promise.all([
      gate.remember(token.token, secretSha256, stored.userId),
      address.succeeded(),
    ]);
    return admitted(token, admission);
  } finally {
    verifications--;
  }
}

function admitted(token: ApiToken, admission: Admission): VerifiedToken {
  switch (admission.verdict) {
    case 'admitted':
      return { ok: true, token, userId: admission.userId };
    case 'rate_limited':
      return { ok: false, reason: 'rate_limited', retryAfterSeconds: admission.retryAfterSeconds };
    case 'unknown':
      return { ok: false, reason: 'unknown' };
  }
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
