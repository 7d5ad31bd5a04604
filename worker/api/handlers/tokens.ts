import type { ListedToken } from '../../database/api-tokens.ts';
import { createTokenOnce } from '../../tokens/create-token.ts';
import { listRequests } from '../../tokens/list-requests.ts';
import { listTokens, readToken } from '../../tokens/list-tokens.ts';
import { readMoment } from '../../tokens/read-moment.ts';
import { revokeToken } from '../../tokens/revoke-token.ts';
import { rotateTokenOnce } from '../../tokens/rotate-token.ts';
import type { Handlers } from '../handler.ts';
import { pageFacts } from '../page.ts';
import type { TOKEN_ROUTES } from '../routes/tokens.ts';

export const tokenHandlers: Handlers<keyof typeof TOKEN_ROUTES> = {
  async listTokens({ query }, { platform, principal }) {
    const { ended, ...asked } = query;
    const shown = await listTokens(platform, principal, { ...asked, isWithEnded: ended === 'true' });
    return { tokens: shown.rows.map(presentToken), ...pageFacts(shown, shown.total) };
  },

  getToken: async ({ params }, { platform, principal }) =>
    presentToken(await readToken(platform, principal, params.token)),

  async createToken({ body }, { platform, principal, idempotency }) {
    const { name, scopes, role, lifetime_seconds, networks, projects } = body;
    const wish = { name, scopes, role, networks, projects, lifetimeSeconds: lifetime_seconds };
    const made = await createTokenOnce(platform, principal, wish, idempotency);
    return {
      token: made.tokenId,
      secret: made.text,
      expires_at: made.expiresAt,
      replayed: made.text === null,
    };
  },

  async rotateToken({ params, body }, { platform, principal, idempotency }) {
    const wish = { token: params.token, overlapSeconds: body.overlap_seconds };
    const rotated = await rotateTokenOnce(platform, principal, wish, idempotency);
    return {
      token: rotated.tokenId,
      name: rotated.name,
      secret: rotated.text,
      expires_at: rotated.expiresAt,
      old_until: rotated.oldUntil,
      replayed: rotated.text === null,
    };
  },

  async revokeToken({ params }, { platform, principal }) {
    await revokeToken(platform, principal, params.token);
  },

  async listRequests({ query }, { platform, principal }) {
    const { limit, cursor, refused, from, until, ...filter } = query;
    const between = { from: utcOf(from), until: utcOf(until) };
    const wanted = { ...filter, ...between, refused: refused === 'true' };
    const shown = await listRequests(platform, principal, wanted, { limit, cursor });
    return {
      requests: shown.rows.map((entry) => ({
        request: entry.requestId,
        at: entry.occurredAt,
        credential_kind: entry.credentialKind,
        credential: entry.credentialId,
        credential_name: entry.credentialName,
        user: entry.userId,
        name: entry.userName,
        method: entry.method,
        target: entry.target,
        address: entry.address,
        user_agent: entry.userAgent,
        latency_ms: entry.latencyMs,
        answer_bytes: entry.answerBytes,
        outcome: entry.outcome,
        reason: entry.reason,
        dropped: entry.dropped,
        trace: entry.traceId,
      })),
      truncated: shown.truncated,
      cursor: shown.cursor,
    };
  },
};

function utcOf(moment: string | undefined): string | undefined {
  return moment === undefined ? undefined : (readMoment(moment) ?? undefined);
}

function presentToken(token: ListedToken) {
  return {
    token: token.tokenId,
    name: token.name,
    user: token.userId,
    user_name: token.userName,
    scopes: [...token.scopes],
    role_ceiling: token.roleCeiling,
    networks: token.networks === null ? null : [...token.networks],
    projects: token.projects === null ? null : [...token.projects],
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    revoked_at: token.revokedAt,
    last_used_at: token.lastUsedAt,
    rotated_to: token.successorId,
    is_alive: token.isAlive,
  };
}
