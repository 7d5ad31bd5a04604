import { findRefreshToken, rotateRefreshToken } from '../../database/oauth-refresh-tokens.ts';
import type { Platform } from '../../platform.ts';
import { type Place, sealEnvelope } from '../../seal/envelope.ts';
import { endGrant } from '../end-grant.ts';
import type { Issue } from '../issue-access-token.ts';
import { LIFETIMES } from '../lifetimes.ts';
import { accept, type Judged, refuse } from '../refusal.ts';
import { digestOfOpaque, newOpaque } from '../secret.ts';
import { judgeRefresh } from './judge-refresh.ts';
import type { TokenRequest } from './token-request.ts';

/** A lost race is judged again by what the winner left; a second loss is already in the grace. */
const LOOKS_MAX = 3;

/** Exchanges a refresh token for its successor and an access token (RFC 6749, section 6). */
export async function refreshTokens({ platform, call, client, form }: TokenRequest): Promise<Judged<Issue>> {
  const presented = form.get('refresh_token');
  if (presented === undefined) return refuse('missing_parameter', 'refresh_token');
  const digest = await digestOfOpaque('refresh', presented);
  if (digest === null) return refuse('unknown_refresh_token');
  const shown = { clientId: client.id, scope: form.get('scope'), resource: form.get('resource') };

  for (let look = 0; look < LOOKS_MAX; look++) {
    const facts = await findRefreshToken(platform.database, digest);
    const judged = judgeRefresh(facts, shown);
    if (!judged.ok) {
      if (judged.reason === 'refresh_token_reused' && facts !== null)
        await endGrant(platform, facts.grant, 'refresh_reuse', call);
      return judged;
    }
    const { step, scopes } = judged.value;
    const { grant, successor } = judged.value.facts;
    const refreshToken =
      step === 'repeat'
        ? await platform.keys.open(grant.tenantId, successor ?? '', placeOfSuccessor(grant.tenantId, digest))
        : await exchange(platform, digest, grant.tenantId);
    if (refreshToken !== null) return accept({ grant, scopes, refreshToken });
    if (step === 'repeat') break;
  }
  return refuse('unknown_refresh_token');
}

/** The successor, or null where another request was first. */
async function exchange(platform: Platform, digest: string, tenant: string): Promise<string | null> {
  const next = await newOpaque('refresh');
  const isOurs = await rotateRefreshToken(platform.database, {
    tokenSha256: digest,
    nextSha256: next.sha256,
    successor: await sealEnvelope(
      await platform.keys.sealing(tenant),
      next.text,
      placeOfSuccessor(tenant, digest),
    ),
    lifetimeSeconds: LIFETIMES.refresh,
  });
  return isOurs ? next.text : null;
}

function placeOfSuccessor(tenant: string, tokenSha256: string): Place {
  return { table: 'app.oauth_refresh_tokens', column: 'successor', row: tokenSha256, tenant };
}
