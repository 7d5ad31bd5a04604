import type { ApiToken } from '../../protocol/api-token.ts';
import type { RateLeft } from '../http/rate-limit-fields.ts';
import type { VerifiedAccessToken } from '../oauth/jwt/verify.ts';
import type { Principal } from '../tenants/principal.ts';
import type { CallRate, KnownAdmission } from '../tenants/tenant-gate.ts';
import { type TokenWorld, verifyApiToken } from './verify-api-token.ts';

type Who = Pick<Principal, 'tenantId' | 'userId' | 'credential'>;

/** Whom a bearer speaks for, or why it was not accepted. */
export type AuthenticatedBearer =
  | {
      readonly ok: true;
      readonly who: Who;
      /** Whether the MCP session that the call names was deleted. */
      readonly sessionHasEnded: boolean;
      readonly left: RateLeft;
    }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown' | 'wrong_secret' | 'expired' }
  | RateRefusal;

/** The secret or signature is right, but the credential or its tenant makes more calls than it may. */
export interface RateRefusal {
  readonly ok: false;
  readonly reason: 'rate_limited';
  readonly who: Who;
  readonly limit: CallRate;
  readonly waitMs: number;
}

export type BearerRefusal = Extract<AuthenticatedBearer, { readonly ok: false }>;

/** What the dispatch needs of the world. */
export interface BearerWorld extends TokenWorld {
  readonly verifyAccessToken: (token: string) => Promise<VerifiedAccessToken>;
  /** Counts a call of a verified access token. */
  readonly admitGrant: (tenantId: string, grantId: string, userId: string) => Promise<KnownAdmission>;
}

/** An API token by its form, else an access token. What is neither is refused before anything is looked up. */
export async function authenticateBearer(bearer: string, world: BearerWorld): Promise<AuthenticatedBearer> {
  if (bearer.startsWith('btk_')) {
    const verified = await verifyApiToken(bearer, world);
    if (!verified.ok) {
      if (verified.reason !== 'rate_limited') return verified;
      const { reason, token, limit, waitMs } = verified;
      return { ok: false, reason, who: tokenOf(token, null), limit, waitMs };
    }
    const { token, userId, sessionHasEnded, left } = verified;
    return { ok: true, who: tokenOf(token, userId), sessionHasEnded, left };
  }
  const verified = await world.verifyAccessToken(bearer);
  if (!verified.ok) return { ok: false, reason: verified.reason === 'expired' ? 'expired' : 'malformed' };
  const { tenant, sub, gid, scope, exp } = verified.claims;
  const admission = await world.admitGrant(tenant, gid, sub);
  const who: Who = {
    tenantId: tenant,
    userId: sub,
    credential: { kind: 'oauth', id: gid, scopes: scope.split(' '), expiresAtMs: exp * 1000 },
  };
  switch (admission.verdict) {
    case 'admitted':
      return { ok: true, who, sessionHasEnded: admission.sessionHasEnded, left: admission.left };
    case 'rate_limited':
      return {
        ok: false,
        reason: 'rate_limited',
        limit: admission.limit,
        waitMs: admission.waitMs,
        who,
      };
  }
}

function tokenOf(token: ApiToken, userId: string | null): Who {
  return { tenantId: token.tenant, userId, credential: { kind: 'api_token', id: token.token } };
}
