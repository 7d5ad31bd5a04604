import type { Platform } from '../../platform.ts';
import { publicKey } from '../keys/key-ring.ts';
import { canonicalResource } from '../resource.ts';
import { type VerifiedAccessToken, verifyAccessToken } from './verify.ts';

/** Verifies an access token that this deployment issued for its one resource. */
export function verifyOwnAccessToken(platform: Platform, token: string): Promise<VerifiedAccessToken> {
  return verifyAccessToken(token, {
    issuer: platform.publicUrl,
    audience: canonicalResource(platform.publicUrl),
    keyOf: (keyId) => publicKey(platform, keyId),
  });
}
