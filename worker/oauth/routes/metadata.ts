import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { ALL_SCOPES } from '../../tenants/scopes.ts';
import { AUTH_METHODS, GRANT_TYPES } from '../client.ts';
import { ALGORITHM } from '../jwt/access-token.ts';
import { publishedKeys } from '../keys/key-ring.ts';
import { canonicalResource } from '../resource.ts';

/** The metadata of the MCP endpoint as a protected resource (RFC 9728, section 2). */
function resourceMetadata(publicUrl: string) {
  return {
    resource: canonicalResource(publicUrl),
    authorization_servers: [publicUrl],
    scopes_supported: ALL_SCOPES,
    bearer_methods_supported: ['header'],
    resource_name: 'Causeway',
  };
}

/** The metadata of the authorization server (RFC 8414, section 2). */
function serverMetadata(publicUrl: string) {
  return {
    issuer: publicUrl,
    authorization_endpoint: `${publicUrl}/oauth/authorize`,
    token_endpoint: `${publicUrl}/oauth/token`,
    registration_endpoint: `${publicUrl}/oauth/register`,
    revocation_endpoint: `${publicUrl}/oauth/revoke`,
    device_authorization_endpoint: `${publicUrl}/oauth/device`,
    jwks_uri: `${publicUrl}/oauth/jwks`,
    scopes_supported: ALL_SCOPES,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: AUTH_METHODS,
    revocation_endpoint_auth_methods_supported: AUTH_METHODS,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    protected_resources: [canonicalResource(publicUrl)],
  };
}

/** The same for clients that look for OpenID Connect discovery; its two demanded fields are added, no ID token is issued. */
function discoveryDocument(publicUrl: string) {
  return {
    ...serverMetadata(publicUrl),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [ALGORITHM],
  };
}

const CACHED = { 'cache-control': 'public, max-age=300' };

export const serveResourceMetadata = (context: Context<AppEnv>): Response =>
  context.json(resourceMetadata(context.get('platform').publicUrl), 200, CACHED);

export const serveServerMetadata = (context: Context<AppEnv>): Response =>
  context.json(serverMetadata(context.get('platform').publicUrl), 200, CACHED);

export const serveDiscovery = (context: Context<AppEnv>): Response =>
  context.json(discoveryDocument(context.get('platform').publicUrl), 200, CACHED);

export async function serveKeys(context: Context<AppEnv>): Promise<Response> {
  return context.json(await publishedKeys(context.get('platform')), 200, CACHED);
}
