import { encodeBase64url } from '../../protocol/base64url.ts';
import type { GrantFacts } from '../database/oauth-grants.ts';
import type { Platform } from '../platform.ts';
import { ACCESS_TOKEN_SECONDS, accessClaimsSchema } from './jwt/access-token.ts';
import { signAccessToken } from './jwt/sign.ts';
import { signingKey } from './keys/key-ring.ts';

/** What a token request came to: a grant, the scopes of its access token, and the next refresh token. */
export interface Issue {
  readonly grant: GrantFacts;
  readonly scopes: readonly string[];
  readonly refreshToken: string | null;
}

/** Signs an access token and answers with it (RFC 6749, section 5.1). */
export async function tokenResponse(
  platform: Platform,
  { grant, scopes, refreshToken }: Issue,
): Promise<Response> {
  const iat = Math.floor(Date.now() / 1000);
  const scope = scopes.join(' ');
  const claims = accessClaimsSchema.parse({
    iss: platform.publicUrl,
    aud: grant.resource,
    sub: grant.userId,
    client_id: grant.clientId,
    scope,
    jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
    iat,
    exp: iat + ACCESS_TOKEN_SECONDS,
    tenant: grant.tenantId,
    gid: grant.grantId,
  });
  const body = {
    access_token: await signAccessToken(claims, await signingKey(platform)),
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope,
  };
  return new Response(`${JSON.stringify(body)}\n`, {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' },
  });
}
