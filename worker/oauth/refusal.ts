/** How a refusal leaves the process: the error code of its RFC, a sentence for a developer, and the status. */
interface WireError {
  readonly error: string;
  readonly status: 400 | 401 | 413 | 429 | 503;
  readonly says: string;
}

const bad = (error: string, says: string): WireError => ({ error, status: 400, says });

/**
 * Every reason for which the authorization server refuses, with what the outside is told. Several reasons share one
 * answer on purpose: an unknown, a spent and a stolen code look alike to whoever holds it.
 */
const WIRE = {
  not_a_form: bad('invalid_request', 'Send application/x-www-form-urlencoded.'),
  body_too_large: { error: 'invalid_request', status: 413, says: 'The request body is too large.' },
  parameters_in_query: bad('invalid_request', 'Parameters belong into the body, not into the address.'),
  duplicate_parameter: bad('invalid_request', 'A parameter is given more than once.'),
  missing_parameter: bad('invalid_request', 'A required parameter is missing.'),
  malformed_parameter: bad('invalid_request', 'A parameter is malformed.'),
  unsupported_response_type: bad('unsupported_response_type', 'Only response_type=code is supported.'),
  request_object: bad('request_not_supported', 'Request objects are not supported.'),
  access_denied: bad('access_denied', 'The person declined.'),

  unknown_client: { error: 'invalid_client', status: 401, says: 'The client is unknown.' },
  two_authentications: bad('invalid_request', 'The client authenticates in more than one way.'),
  malformed_authentication: {
    error: 'invalid_client',
    status: 401,
    says: 'The client authentication is malformed.',
  },
  wrong_authentication_method: {
    error: 'invalid_client',
    status: 401,
    says: 'The client authenticates in another way than it is registered for.',
  },
  wrong_secret: { error: 'invalid_client', status: 401, says: 'The client secret is wrong.' },

  missing_redirect: bad('invalid_request', 'redirect_uri is missing and the client has several.'),
  unregistered_redirect: bad('invalid_request', 'redirect_uri is not one of the client.'),
  challenge_missing: bad('invalid_request', 'code_challenge is missing (PKCE, RFC 7636).'),
  challenge_not_s256: bad('invalid_request', 'code_challenge_method must be S256.'),
  malformed_challenge: bad('invalid_request', 'code_challenge is not a SHA-256 in base64url.'),
  verifier_missing: bad('invalid_request', 'code_verifier is missing.'),
  malformed_verifier: bad('invalid_grant', 'code_verifier has not the form of RFC 7636.'),
  wrong_verifier: bad('invalid_grant', 'code_verifier does not belong to the code.'),
  wrong_resource: bad('invalid_target', 'resource is not one that this server gives tokens for.'),
  missing_resource: bad('invalid_target', 'resource is missing.'),
  unknown_scope: bad('invalid_scope', 'None of the scopes is known.'),
  wider_scope: bad('invalid_scope', 'The scope is wider than what was granted.'),

  unsupported_grant_type: bad('unsupported_grant_type', 'The grant type is not supported.'),
  unauthorized_client: bad('unauthorized_client', 'The client is not registered for this grant type.'),
  unknown_code: bad('invalid_grant', 'The code is not valid.'),
  code_reused: bad('invalid_grant', 'The code is not valid.'),
  other_redirect: bad('invalid_grant', 'redirect_uri differs from that of the authorization request.'),
  unknown_refresh_token: bad('invalid_grant', 'The refresh token is not valid.'),
  refresh_token_reused: bad('invalid_grant', 'The refresh token is not valid.'),
  grant_ended: bad('invalid_grant', 'The grant has ended.'),

  authorization_pending: bad('authorization_pending', 'The person has not decided yet.'),
  slow_down: bad('slow_down', 'Poll less often: the interval grows by five seconds.'),
  device_denied: bad('access_denied', 'The person declined.'),
  device_expired: bad('expired_token', 'The device code has expired.'),
  unknown_device_code: bad('invalid_grant', 'The device code is not valid.'),

  invalid_redirect_uri: bad('invalid_redirect_uri', 'A redirect URI is not acceptable.'),
  invalid_client_metadata: bad('invalid_client_metadata', 'The client metadata is not acceptable.'),
  too_many_registrations: {
    error: 'temporarily_unavailable',
    status: 429,
    says: 'Too many registrations from this address.',
  },
  too_many_refusals: {
    error: 'temporarily_unavailable',
    status: 429,
    says: 'Too many refused requests from this address.',
  },
  document_unavailable: bad('invalid_client', "The client's metadata document could not be fetched."),
  invalid_document: bad('invalid_client', "The client's metadata document is not acceptable."),
} as const satisfies Record<string, WireError>;

export type OAuthReason = keyof typeof WIRE;

/** An expected failure of the authorization server, as a value. `about` names a parameter or field, never its content. */
export interface OAuthRefusal {
  readonly ok: false;
  readonly reason: OAuthReason;
  readonly about?: string;
}

export type Judged<Value> = { readonly ok: true; readonly value: Value } | OAuthRefusal;

export function refuse(reason: OAuthReason, about?: string): OAuthRefusal {
  return about === undefined ? { ok: false, reason } : { ok: false, reason, about };
}

export function accept<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** What the outside is told of a refusal (RFC 6749, sections 4.1.2.1 and 5.2; RFC 7591, 3.2.2; RFC 8628, 3.5; RFC 8707, 2). */
export function wireError({ reason, about }: OAuthRefusal): WireError & { readonly description: string } {
  const wire: WireError = WIRE[reason];
  return { ...wire, description: about === undefined ? wire.says : `${wire.says} (${about})` };
}

/** A refusal as the JSON answer of the token, registration, revocation and device endpoints. */
export function oauthErrorResponse(
  refusal: OAuthRefusal,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { error, description, status } = wireError(refusal);
  return new Response(`${JSON.stringify({ error, error_description: description })}\n`, {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="causeway", charset="UTF-8"' } : {}),
      ...headers,
    },
  });
}
