import { importJWK, type JWK } from 'jose';
import { ALGORITHM } from '../../worker/oauth/jwt/access-token.ts';
import { signAccessToken } from '../../worker/oauth/jwt/sign.ts';
import { placeOfKey } from '../../worker/oauth/keys/make-key.ts';
import { claimsOf } from './oauth.ts';
import { openSealed } from './open-sealed.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';

const HOUR_SECONDS = 3600;

/** The same access token as the server itself signed it an hour ago: right in all but its time. */
export function expiredCopy(stack: TestStack, accessToken: string): Promise<string> {
  return agedCopy(stack, accessToken, HOUR_SECONDS);
}

/** The same access token as the server itself signed it some seconds earlier. */
export async function agedCopy(stack: TestStack, accessToken: string, seconds: number): Promise<string> {
  const claims = claimsOf(accessToken) as unknown as Parameters<typeof signAccessToken>[0];
  const [header = ''] = accessToken.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  const [row] = await queryAs(
    stack.superuserUrl,
    'select private_key from app.oauth_keys where key_id = $1',
    [kid],
  );
  const jwk = await openSealed(stack, row?.private_key as string, placeOfKey(kid));
  const privateKey = await importJWK(JSON.parse(jwk ?? '') as JWK, ALGORITHM);
  if (privateKey instanceof Uint8Array) throw new Error('a signing key is no secret of bytes');
  const before = { ...claims, iat: claims.iat - seconds, exp: claims.exp - seconds };
  return signAccessToken(before, { keyId: kid, privateKey });
}
