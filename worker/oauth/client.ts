import { accept, type Judged, refuse } from './refusal.ts';

export const AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  DEVICE_GRANT,
] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** A client as registered, or as its metadata document says. */
export interface Client {
  readonly id: string;
  readonly origin: 'registered' | 'document' | 'operator';
  /** Free of control and direction characters; to be escaped like any text. */
  readonly name: string;
  readonly metadata: ClientMetadata;
  readonly secretSha256: string | null;
}

/** What is kept of a client's metadata; the names are those of RFC 7591, section 2. */
export interface ClientMetadata {
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly GrantType[];
  readonly response_types: readonly 'code'[];
  readonly token_endpoint_auth_method: AuthMethod;
  readonly client_uri?: string;
}

/** A client may use the grants that it is registered for. */
export function judgeGrantType(client: Client, grant: GrantType): Judged<true> {
  return client.metadata.grant_types.includes(grant) ? accept(true) : refuse('unauthorized_client');
}
