import type { Scope } from '../tenants/scopes.ts';
import { type Client, judgeGrantType } from './client.ts';
import type { Parameters } from './parameters.ts';
import { type Challenge, judgeChallenge } from './pkce.ts';
import { judgeRedirect, type RedirectUri } from './redirect-uri.ts';
import { accept, type Judged, type OAuthRefusal, refuse } from './refusal.ts';
import { judgeResource } from './resource.ts';
import { judgeScope } from './scope.ts';

/** Where an answer may be sent: it is proven that the address belongs to the client. */
export interface AnswerAddress {
  readonly redirectUri: RedirectUri;
  readonly state: string | undefined;
}

/** What a client asks a person for. */
export interface AuthorizationRequest extends AnswerAddress {
  readonly clientId: string;
  readonly challenge: Challenge;
  readonly scopes: readonly Scope[];
  readonly resource: string;
}

/** A refusal before the address is proven is shown to the person; one after it goes to the client. */
export type JudgedAuthorization =
  | { readonly ok: true; readonly request: AuthorizationRequest }
  | { readonly ok: false; readonly refusal: OAuthRefusal; readonly answerTo: AnswerAddress | null };

/** Judges an authorization request (RFC 6749, section 4.1.1; OAuth 2.1; RFC 7636; RFC 8707) of a known client. */
export function judgeAuthorization(
  parameters: Parameters,
  client: Client,
  rules: { readonly resource: string; readonly requireResource: boolean },
): JudgedAuthorization {
  const redirect = judgeRedirect(parameters.get('redirect_uri'), client.metadata.redirect_uris);
  if (!redirect.ok) return { ok: false, refusal: redirect, answerTo: null };
  const answerTo = { redirectUri: redirect.value, state: parameters.get('state') };
  const asked = judgeAsked(parameters, client, rules);
  if (!asked.ok) return { ok: false, refusal: asked, answerTo };
  return { ok: true, request: { clientId: client.id, ...answerTo, ...asked.value } };
}

function judgeAsked(
  parameters: Parameters,
  client: Client,
  rules: { readonly resource: string; readonly requireResource: boolean },
): Judged<Pick<AuthorizationRequest, 'challenge' | 'scopes' | 'resource'>> {
  if (parameters.has('request') || parameters.has('request_uri')) return refuse('request_object');
  if (parameters.get('response_type') === undefined) return refuse('missing_parameter', 'response_type');
  if (parameters.get('response_type') !== 'code') return refuse('unsupported_response_type');
  const mode = parameters.get('response_mode') ?? 'query';
  if (mode !== 'query') return refuse('malformed_parameter', 'response_mode');
  const allowed = judgeGrantType(client, 'authorization_code');
  if (!allowed.ok) return allowed;
  const challenge = judgeChallenge(parameters.get('code_challenge'), parameters.get('code_challenge_method'));
  if (!challenge.ok) return challenge;
  const scopes = judgeScope(parameters.get('scope'));
  if (!scopes.ok) return scopes;
  const resource = judgeResource(parameters.get('resource'), rules.resource, rules.requireResource);
  if (!resource.ok) return resource;
  return accept({ challenge: challenge.value, scopes: scopes.value, resource: resource.value });
}
