import type { Context } from 'hono';
import { newId } from '../../../protocol/ids.ts';
import { limit } from '../../../protocol/limits.ts';
import { storeClient } from '../../database/oauth-clients.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { bodyWithin } from '../../http/read-body.ts';
import { mediaType } from '../../input/content-type.ts';
import { readJson } from '../../input/parse-json.ts';
import { AUTH_METHODS, type Client } from '../client.ts';
import { judgeMetadata } from '../client-metadata.ts';
import { LIFETIMES } from '../lifetimes.ts';
import { accept, type Judged, oauthErrorResponse, refuse } from '../refusal.ts';
import { newOpaque } from '../secret.ts';
import { oauthSettings } from '../settings.ts';
import { takeRegistration } from '../take-registration.ts';

/**
 * `POST /oauth/register` (RFC 7591). Anyone may; so an address registers a few a minute, and what nobody uses is swept
 * away. A registration proves nothing: the consent page shows where the answer would go.
 */
export async function register(context: Context<AppEnv>): Promise<Response> {
  const platform = context.get('platform');
  const refused = await takeRegistration(context);
  if (refused !== null) return refused;
  const body = await readMetadata(context.req.raw);
  if (!body.ok) return oauthErrorResponse(body);
  const judged = judgeMetadata(body.value, {
    redirectHosts: oauthSettings(platform).redirectHosts,
    methods: AUTH_METHODS,
    absentMethod: 'client_secret_basic',
    refusedText: platform.refusedText,
  });
  if (!judged.ok) return oauthErrorResponse(judged);

  const { name, metadata } = judged.value;
  const secret = metadata.token_endpoint_auth_method === 'none' ? null : await newOpaque('client');
  const client: Client = {
    id: newId('client'),
    origin: 'registered',
    name,
    metadata,
    secretSha256: secret?.sha256 ?? null,
  };
  await storeClient(platform.database, client, LIFETIMES.registration);
  const answer = {
    client_id: client.id,
    client_id_issued_at: Math.floor(Date.now() / 1000),
    ...(secret === null ? {} : { client_secret: secret.text, client_secret_expires_at: 0 }),
    client_name: name,
    ...metadata,
  };
  return new Response(`${JSON.stringify(answer)}\n`, {
    status: 201,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

async function readMetadata(request: Request): Promise<Judged<unknown>> {
  if (mediaType(request.headers) !== 'application/json')
    return refuse('invalid_client_metadata', 'content-type');
  const bytes = await bodyWithin(request, limit('form_bytes'));
  if (bytes === null) return refuse('body_too_large');
  const read = readJson(bytes);
  return read.ok ? accept(read.value) : refuse('invalid_client_metadata', 'body');
}
