import type { Context } from 'hono';
import type { GrantFacts } from '../../database/oauth-grants.ts';
import { findRefreshToken } from '../../database/oauth-refresh-tokens.ts';
import type { AppEnv } from '../../http/app-env.ts';
import type { Platform } from '../../platform.ts';
import { judgeClient, presentedClient } from '../authenticate-client.ts';
import { endGrant } from '../end-grant.ts';
import { findKnownClient } from '../find-client.ts';
import { verifyOwnAccessToken } from '../jwt/verify-own.ts';
import { readForm } from '../parameters.ts';
import { type Judged, oauthErrorResponse, refuse } from '../refusal.ts';
import { digestOfOpaque } from '../secret.ts';

/**
 * `POST /oauth/revoke` (RFC 7009). Either token ends the whole grant, so that nothing of it is left behind. A token that
 * is unknown, ended or another client's is answered like one that was revoked.
 */
export async function revoke(context: Context<AppEnv>): Promise<Response> {
  const revoked = await revokeToken(context);
  return revoked.ok
    ? new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
    : oauthErrorResponse(revoked);
}

async function revokeToken(context: Context<AppEnv>): Promise<Judged<true>> {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw);
  if (!form.ok) return form;
  const presented = presentedClient(context.req.header('authorization') ?? null, form.value);
  if (!presented.ok) return presented;
  const token = form.value.get('token');
  if (token === undefined) return refuse('missing_parameter', 'token');
  const known = await findKnownClient(platform, presented.value.id);
  if (!known.ok) return known;
  const client = await judgeClient(known.value, presented.value);
  if (!client.ok) return client;

  const grant = await grantOf(platform, token);
  if (grant !== null && grant.clientId === client.value.id)
    await endGrant(platform, grant, 'client', context.get('call'));
  return { ok: true, value: true };
}

/** The grant behind a token of either kind, whatever `token_type_hint` says; null for anything else. */
async function grantOf(
  platform: Platform,
  token: string,
): Promise<Pick<GrantFacts, 'tenantId' | 'grantId' | 'userId' | 'clientId'> | null> {
  const digest = await digestOfOpaque('refresh', token);
  if (digest !== null) return (await findRefreshToken(platform.database, digest))?.grant ?? null;
  const verified = await verifyOwnAccessToken(platform, token);
  if (!verified.ok) return null;
  const { tenant, gid, sub, client_id } = verified.claims;
  return { tenantId: tenant, grantId: gid, userId: sub, clientId: client_id };
}
