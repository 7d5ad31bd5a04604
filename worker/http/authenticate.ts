import type { MiddlewareHandler } from 'hono';
import { findApiToken } from '../database/api-tokens.ts';
import { authenticateBearer } from '../identity/authenticate-bearer.ts';
import { SpentRates } from '../identity/spent-rates.ts';
import { VerifiedSecrets } from '../identity/verified-secrets.ts';
import { verifyArgon2id } from '../identity/verify-argon2id.ts';
import { findSession, idOf, readSession } from '../mcp/session/find-session.ts';
import { verifyOwnAccessToken } from '../oauth/jwt/verify-own.ts';
import { addressGateOf } from '../tenants/address-gate.ts';
import { tenantGateOf } from '../tenants/gate-of.ts';
import { entryOf, recordUse } from '../tokens/record-use.ts';
import { RefusedUses } from '../tokens/refused-uses.ts';
import { UseRecorder } from '../tokens/use-recorder.ts';
import type { AppEnv } from './app-env.ts';
import { rateLimitFields } from './rate-limit-fields.ts';
import { noCredential, tokenRefused } from './unauthorized.ts';

/** One an isolate; its class says why the gate's own memory is not enough. */
const verifiedSecrets = new VerifiedSecrets();
/** One of each an isolate, so that calls refused for a rate cost the tenant's gate as little as possible. */
const spentRates = new SpentRates();
const refusedUses = new RefusedUses();

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750, section 2.1), or null. Query strings and bodies are never looked at. */
export function bearerOf(request: Request): string | null {
  return BEARER.exec(request.headers.get('authorization') ?? '')?.[1] ?? null;
}

/**
 * Admits requests by API token or access token, gives the route its principal and its MCP session, and records the
 * request once it has ended. `route` is recorded instead of the path, which may hold any text of the client's.
 */
export function authenticate(route: string): MiddlewareHandler<AppEnv> {
  return async function requireBearer(context, next) {
    const call = context.get('call');
    const platform = context.get('platform');
    const bearer = bearerOf(context.req.raw);
    if (bearer === null) return noCredential(call.requestId, platform.publicUrl);
    const use = new UseRecorder(context.req.method, route);
    const tenantGate = (tenant: string) => tenantGateOf(context.env, tenant);
    const named = await readSession(context.req.raw, platform.sealKey);
    const session = idOf(named);
    const known = await spentRates.refusalOf(bearer);
    const authenticated =
      known ??
      (await authenticateBearer(bearer, {
        session,
        tenantGate,
        verified: verifiedSecrets,
        addressGate: () => addressGateOf(context.env, call.address),
        findToken: (token) => findApiToken(platform.database, token),
        verifyArgon2id,
        verifyAccessToken: (token) => verifyOwnAccessToken(platform, token),
        admitGrant: (tenant, grant, user) => tenantGate(tenant).admitGrant(grant, user, session),
      }));
    if (!authenticated.ok) {
      const response = tokenRefused(authenticated, call.requestId, platform.publicUrl);
      if (authenticated.reason === 'rate_limited') {
        const { who } = authenticated;
        if (known === null) await spentRates.keep(bearer, authenticated);
        use.refused('rate_limited');
        context.set('use', use);
        const entry = await entryOf(use, who, call, response);
        context.executionCtx.waitUntil(refusedUses.bring(tenantGate(who.tenantId), who.tenantId, entry));
      }
      return response;
    }
    const { who, sessionHasEnded, left } = authenticated;
    context.set('principal', { ...who, needs: { scopes: [], role: null }, ...call });
    context.set('session', findSession(named, who, sessionHasEnded));
    context.set('use', use);
    await next();
    if (context.res.status !== 101) {
      for (const [name, value] of Object.entries(rateLimitFields('calls_per_minute', left)))
        if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
    context.executionCtx.waitUntil(
      recordUse(tenantGate(who.tenantId), use, who, call, context.res, context.error),
    );
  };
}
