import { z } from 'zod';
import { limit } from '../../protocol/limits.ts';
import { judgeCharacters } from '../input/judge-characters.ts';
import { findRefused, type RefusedText } from '../input/refused-text.ts';
import { judgeAddress } from '../outbound/judge-address.ts';
import { AUTH_METHODS, type ClientMetadata, DEVICE_GRANT, type GrantType } from './client.ts';
import { describeRedirect, judgeRegisteredRedirect } from './redirect-uri.ts';
import { accept, type Judged, refuse } from './refusal.ts';

const SELF_SERVICE_GRANTS: readonly GrantType[] = ['authorization_code', 'refresh_token', DEVICE_GRANT];
const REDIRECTS_MAX = 10;
/** Private and unassigned characters: each computer shows its own, or a box. */
const UNKNOWN = /[\p{Co}\p{Cn}]/u;

const uri = z.string().max(limit('uri_chars'));
const metadataSchema = z.object({
  client_name: z.string().trim().normalize('NFC').max(limit('name_chars')).optional(),
  redirect_uris: z.array(z.string()).max(REDIRECTS_MAX).optional(),
  grant_types: z.array(z.string().max(100)).max(10).optional(),
  response_types: z.array(z.string().max(100)).max(10).optional(),
  token_endpoint_auth_method: z.string().max(100).optional(),
  client_uri: uri.optional(),
  logo_uri: uri.optional(),
  tos_uri: uri.optional(),
  policy_uri: uri.optional(),
  jwks_uri: uri.optional(),
});

export interface NamedMetadata {
  readonly name: string;
  readonly metadata: ClientMetadata;
}

/**
 * Judges the metadata that a client gives of itself (RFC 7591, section 2). What this server does not use is neither kept
 * nor fetched; yet an address among it that is not a public https one marks the whole as hostile. Grants that nobody can
 * have by self-service are left out.
 *
 * @param absentMethod what a client without `token_endpoint_auth_method` uses
 */
export function judgeMetadata(
  given: unknown,
  rules: {
    readonly redirectHosts: readonly string[] | null;
    readonly methods: readonly string[];
    readonly absentMethod: string;
    readonly refusedText: RefusedText;
  },
): Judged<NamedMetadata> {
  const parsed = metadataSchema.safeParse(given);
  if (!parsed.success)
    return refuse('invalid_client_metadata', String(parsed.error.issues[0]?.path[0] ?? 'body'));
  const fields = parsed.data;

  for (const field of ['client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'jwks_uri'] as const) {
    const address = fields[field];
    if (address !== undefined && !judgeAddress(address, { loopbackOrigins: [] }).ok)
      return refuse('invalid_client_metadata', field);
  }
  const grants = SELF_SERVICE_GRANTS.filter((grant) =>
    (fields.grant_types ?? ['authorization_code']).includes(grant),
  );
  if (!grants.some((grant) => grant !== 'refresh_token'))
    return refuse('invalid_client_metadata', 'grant_types');
  if (
    fields.response_types !== undefined &&
    !fields.response_types.includes('code') &&
    grants.includes('authorization_code')
  )
    return refuse('invalid_client_metadata', 'response_types');
  const asked = fields.token_endpoint_auth_method ?? rules.absentMethod;
  const method = AUTH_METHODS.find((known) => known === asked && rules.methods.includes(known));
  if (method === undefined) return refuse('invalid_client_metadata', 'token_endpoint_auth_method');

  const redirects = fields.redirect_uris ?? [];
  if (grants.includes('authorization_code') && redirects.length === 0)
    return refuse('invalid_redirect_uri', 'redirect_uris');
  for (const redirect of redirects) {
    if (!judgeRegisteredRedirect(redirect, rules.redirectHosts).ok)
      return refuse('invalid_redirect_uri', 'redirect_uris');
  }

  const name = fields.client_name ?? '';
  if (!isShowable(name, rules.refusedText)) return refuse('invalid_client_metadata', 'client_name');
  const [first] = redirects;
  return accept({
    name: name || (first === undefined ? 'An unnamed device' : describeRedirect(first)),
    metadata: {
      redirect_uris: redirects,
      grant_types: grants,
      response_types: ['code'],
      token_endpoint_auth_method: method,
      ...(fields.client_uri === undefined ? {} : { client_uri: fields.client_uri }),
    },
  });
}

function isShowable(name: string, refused: RefusedText): boolean {
  return (
    judgeCharacters(name, { lines: false }) === null &&
    !UNKNOWN.test(name) &&
    findRefused(name, refused) === null
  );
}
