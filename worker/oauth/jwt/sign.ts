import { SignJWT } from 'jose';
import type { SigningKey } from '../keys/key-ring.ts';
import { type AccessClaims, ALGORITHM, TOKEN_TYPE } from './access-token.ts';

/** Signs an access token (RFC 9068). */
export function signAccessToken(claims: AccessClaims, { keyId, privateKey }: SigningKey): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE, kid: keyId })
    .sign(privateKey);
}
