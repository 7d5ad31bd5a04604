import { findRefreshToken, rotateRefreshToken } from '../../database/oauth-refresh-tokens.ts';
import type { Platform } from '../../platform.ts';
import { deriveEnvelopeKey, type EnvelopeKey, openEnvelope, sealEnvelope } from '../../seal/envelope.ts';
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
  const envelopeKey = await successorKey(platform);

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
        ? await openEnvelope(envelopeKey, successor ?? '', rowOfRefresh(digest))
        : await exchange(platform, digest, envelopeKey);
    if (refreshToken !== null) return accept({ grant, scopes, refreshToken });
    if (step === 'repeat') break;
  }
  return refuse('unknown_refresh_token');
}

/** The successor, or null where another request was first. */
async function exchange(platform: Platform, digest: string, key: EnvelopeKey): Promise<string | null> {
  const next = await newOpaque('refresh');
  const isOurs = await rotateRefreshToken(platform.database, {
    tokenSha256: digest,
    nextSha256: next.sha256,
    successor: await sealEnvelope(key, next.text, rowOfRefresh(digest)),
    lifetimeSeconds: LIFETIMES.refresh,
  });
  return isOurs ? next.text : null;
}

function rowOfRefresh(tokenSha256: string): string {
  return `app.oauth_refresh_tokens:${tokenSha256}`;
}

const keys = new WeakMap<Platform, Promise<EnvelopeKey>>();

function successorKey(platform: Platform): Promise<EnvelopeKey> {
  const known = keys.get(platform);
  if (known !== undefined) return known;
  const derived = deriveEnvelopeKey(platform.env.SEAL_KEY, 'oauth refresh successor');
  keys.set(platform, derived);
  return derived;
}
