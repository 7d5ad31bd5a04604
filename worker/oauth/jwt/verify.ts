import { type CryptoKey, errors, jwtVerify } from 'jose';
import { decodeBase64url } from '../../../protocol/base64url.ts';
import {
  ACCESS_TOKEN_SECONDS,
  type AccessClaims,
  ALGORITHM,
  accessClaimsSchema,
  TOKEN_TYPE,
} from './access-token.ts';

/** Why a bearer is no access token of this server. All look alike to the caller but `expired`. */
export type AccessTokenRefusal = 'malformed' | 'foreign_header' | 'unknown_key' | 'expired' | 'invalid';

export type VerifiedAccessToken =
  | { readonly ok: true; readonly claims: AccessClaims }
  | { readonly ok: false; readonly reason: AccessTokenRefusal };

export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** The public key of a key id that this server published, or null. */
  readonly keyOf: (keyId: string) => Promise<CryptoKey | null>;
  /** Unix seconds; a parameter for tests. */
  readonly now?: number;
}

const TOKEN_CHARS_MAX = 4096;
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Verifies an access token. Every check stands here and none is left to a default: the exact header (so that `alg`,
 * `crit`, `jwk`, `jku`, `x5u` and `kid` tricks end before any cryptography), one known key, ES256, issuer, exactly one
 * audience, the claims and no others, and a life that is bounded even if the signer erred.
 */
export async function verifyAccessToken(token: string, expected: Expected): Promise<VerifiedAccessToken> {
  const header = readHeader(token);
  if (header === null) return { ok: false, reason: 'malformed' };
  const keyId = judgeHeader(header);
  if (keyId === null) return { ok: false, reason: 'foreign_header' };
  const key = await expected.keyOf(keyId);
  if (key === null) return { ok: false, reason: 'unknown_key' };
  const now = expected.now ?? Math.floor(Date.now() / 1000);
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      typ: TOKEN_TYPE,
      issuer: expected.issuer,
      audience: expected.audience,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now * 1000),
    });
    const claims = accessClaimsSchema.safeParse(payload);
    return claims.success && isBounded(claims.data, now)
      ? { ok: true, claims: claims.data }
      : { ok: false, reason: 'invalid' };
  } catch (error) {
    return { ok: false, reason: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
  }
}

function isBounded({ iat, exp }: AccessClaims, now: number): boolean {
  return iat <= now + CLOCK_TOLERANCE_SECONDS && exp > iat && exp - iat <= ACCESS_TOKEN_SECONDS;
}

/** The header of a compact JWS whose three parts are canonical base64url, or null. */
function readHeader(token: string): Record<string, unknown> | null {
  const parts = token.length <= TOKEN_CHARS_MAX ? token.split('.') : [];
  const bytes = parts.map(decodeBase64url);
  const [header] = bytes;
  if (
    parts.length !== 3 ||
    header === null ||
    header === undefined ||
    bytes.some((part) => part === null || part.length === 0)
  )
    return null;
  try {
    const parsed: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(header),
    );
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** The key id of a header that is exactly what this server writes. */
function judgeHeader(header: Record<string, unknown>): string | null {
  const isExact =
    Object.keys(header).sort().join() === 'alg,kid,typ' &&
    header.alg === ALGORITHM &&
    header.typ === TOKEN_TYPE &&
    typeof header.kid === 'string' &&
    /^[A-Za-z0-9_-]{16,64}$/.test(header.kid);
  return isExact ? (header.kid as string) : null;
}
