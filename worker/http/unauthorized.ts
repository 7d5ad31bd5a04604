import type { EntryRefused } from '../database/database.ts';
import type { TokenRefusal } from '../identity/verify-api-token.ts';
import { Refusal, refusalResponse } from './refusal.ts';

const REALM = 'Bearer realm="causeway"';

/** 401 for a request that shows no credential. */
export function noCredential(requestId: string): Response {
  const refusal = new Refusal(
    'unauthenticated',
    'This address needs a credential and the request shows none.',
    {
      hint: 'Send `Authorization: Bearer btk_…`; an admin of your tenant, or ./causeway token create, makes a token.',
    },
  );
  return refusalResponse(refusal, requestId, { 'www-authenticate': REALM });
}

/** The answer to a bearer that was not accepted. Unknown, malformed and wrong look alike. */
export function tokenRefused(refused: TokenRefusal, requestId: string): Response {
  switch (refused.reason) {
    case 'malformed':
    case 'unknown':
    case 'wrong_secret':
      return invalidToken('The token is not valid.', requestId);
    case 'rate_limited':
      return refusalResponse(
        new Refusal('rate_limited', 'This token makes more calls a minute than it may.', {
          retryAfterSeconds: refused.retryAfterSeconds,
        }),
        requestId,
      );
    case 'busy':
      return refusalResponse(
        new Refusal('busy', 'Too many tokens are being verified at once.', { retryAfterSeconds: 2 }),
        requestId,
      );
  }
}

/** The answer where the database refused the entry: the credential is right, but dead or too weak for the call. */
export function entryRefused(refused: EntryRefused, requestId: string): Response {
  const needed = refused.needed.join(' ');
  switch (refused.reason) {
    case 'insufficient_scope':
      return refusalResponse(
        new Refusal('insufficient_scope', `The token lacks a scope that this call needs: ${needed}.`, {
          hint: 'Ask for a token with that scope.',
          details: { scopes: refused.needed },
        }),
        requestId,
        { 'www-authenticate': `${REALM}, error="insufficient_scope", scope="${needed}"` },
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
    case 'expired':
      return invalidToken('The token has expired.', requestId);
    case 'revoked':
    case 'unknown':
    case 'user_disabled':
    case 'membership_ended':
      return invalidToken('The token is not valid.', requestId);
    default:
      throw refused;
  }
}

function invalidToken(message: string, requestId: string): Response {
  return refusalResponse(
    new Refusal('unauthenticated', message, {
      hint: 'Use a token that is alive: ./causeway token create makes one.',
    }),
    requestId,
    {
      'www-authenticate': `${REALM}, error="invalid_token", error_description="${message}"`,
    },
  );
}
