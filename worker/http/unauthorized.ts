import { errorPage } from '../console/error-page.ts';
import type { EntryRefused } from '../database/database.ts';
import type { BearerRefusal } from '../identity/authenticate-bearer.ts';
import { DEFAULT_SCOPES } from '../oauth/scope.ts';
import { retryAfterSeconds } from '../tenants/token-bucket.ts';
import { rateLimited } from './rate-limited.ts';
import { Refusal, refusalResponse } from './refusal.ts';

/**
 * A challenge (RFC 6750, section 3): where the resource's metadata lies (RFC 9728, section 5.1), so that an agent which
 * knows only the address finds the authorization server by itself, and the scopes that it should ask for.
 */
function challenge(publicUrl: string, scopes: readonly string[] | null, error = ''): Record<string, string> {
  const parts = [
    `Bearer realm="causeway"${error}`,
    ...(scopes === null ? [] : [`scope="${scopes.join(' ')}"`]),
    `resource_metadata="${publicUrl}/.well-known/oauth-protected-resource/mcp"`,
  ];
  return { 'www-authenticate': parts.join(', ') };
}

/** 401 for a request that shows no credential. */
export function noCredential(requestId: string, publicUrl: string): Response {
  const refusal = new Refusal(
    'unauthenticated',
    'This address needs a credential and the request shows none.',
    {
      hint: 'An agent signs in by OAuth, as WWW-Authenticate says; an automation sends `Authorization: Bearer btk_…`, a token that you make at /tokens.',
    },
  );
  return refusalResponse(refusal, requestId, challenge(publicUrl, DEFAULT_SCOPES));
}

/** The same for a browser: a person reads it, and is told no more of what there is. */
export async function noPageForStrangers(requestId: string, publicUrl: string): Promise<Response> {
  const refusal = new Refusal(
    'unauthenticated',
    'There is no page at this address, or none for who is not signed in.',
  );
  const page = await errorPage(refusal, requestId);
  for (const [name, value] of Object.entries(challenge(publicUrl, DEFAULT_SCOPES)))
    page.headers.set(name, value);
  return page;
}

/** The answer to a bearer that was not accepted. Unknown, malformed and wrong look alike. */
export function tokenRefused(refused: BearerRefusal, requestId: string, publicUrl: string): Response {
  switch (refused.reason) {
    case 'malformed':
    case 'unknown':
    case 'wrong_secret':
      return invalidToken('The token is not valid.', requestId, publicUrl);
    case 'expired':
      return invalidToken('The token has expired.', requestId, publicUrl);
    case 'rate_limited':
      return refusalResponse(
        rateLimited(
          refused.limit,
          refused.limit === 'calls_per_minute'
            ? 'This token makes more calls a minute than it may.'
            : 'The tokens and agents of this tenant make more calls a minute than they may together.',
          { retryAfterSeconds: retryAfterSeconds(refused.waitMs) },
        ),
        requestId,
      );
  }
}

/** The answer where the database refused the entry: the credential is right, but dead or too weak for the call. */
export function entryRefused(refused: EntryRefused, requestId: string, publicUrl: string): Response {
  const needed = refused.needed.join(' ');
  switch (refused.reason) {
    case 'insufficient_scope':
      return refusalResponse(
        new Refusal('insufficient_scope', `The token lacks a scope that this call needs: ${needed}.`, {
          hint: 'Ask for a token with that scope.',
          details: { scopes: refused.needed },
        }),
        requestId,
        challenge(publicUrl, refused.needed, ', error="insufficient_scope"'),
      );
    case 'insufficient_role':
      return refusalResponse(
        new Refusal('insufficient_role', `This call needs the role ${needed} in the tenant.`, {
          hint: 'Ask an admin of the tenant.',
        }),
        requestId,
      );
    case 'tenant_suspended':
      return refusalResponse(
        new Refusal('tenant_suspended', 'The tenant is suspended.', { hint: 'Ask the operator.' }),
        requestId,
      );
    case 'address_not_allowed':
      return refusalResponse(
        new Refusal('address_not_allowed', 'This token may not be used from this address.', {
          hint: 'Call from a network that the token names, or ask who made it for another.',
        }),
        requestId,
      );
    case 'expired':
      return invalidToken('The token has expired.', requestId, publicUrl);
    case 'revoked':
    case 'unknown':
    case 'user_disabled':
    case 'membership_ended':
      return invalidToken('The token is not valid.', requestId, publicUrl);
    default:
      throw refused;
  }
}

function invalidToken(message: string, requestId: string, publicUrl: string): Response {
  return refusalResponse(
    new Refusal('unauthenticated', message, {
      hint: 'Sign in again, or use a token that is alive.',
    }),
    requestId,
    challenge(publicUrl, DEFAULT_SCOPES, `, error="invalid_token", error_description="${message}"`),
  );
}
