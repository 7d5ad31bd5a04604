import type { Context, MiddlewareHandler } from 'hono';
import { findApiToken } from '../database/api-tokens.ts';
import { authenticateBearer } from '../identity/authenticate-bearer.ts';
import { SpentRates } from '../identity/spent-rates.ts';
import { VerifiedSecrets } from '../identity/verified-secrets.ts';
import { verifyArgon2id } from '../identity/verify-argon2id.ts';
import { findSession, idOf, readSession } from '../mcp/session/find-session.ts';
import { verifyOwnAccessToken } from '../oauth/jwt/verify-own.ts';
import { addressGateOf } from '../tenants/address-gate.ts';
import { tenantGateOf } from '../tenants/gate-of.ts';
import type { Principal } from '../tenants/principal.ts';
import { GatheredUses } from '../tokens/gathered-uses.ts';
import { entryOf, recordUse } from '../tokens/record-use.ts';
import { UseRecorder } from '../tokens/use-recorder.ts';
import type { AppEnv } from './app-env.ts';
import { rateLimitFields } from './rate-limit-fields.ts';
import { noCredential, tokenRefused } from './unauthorized.ts';

/** One an isolate; its class says why the gate's own memory is not enough. */
const verifiedSecrets = new VerifiedSecrets();
/** One of each an isolate, so that calls cost the tenant's gate as little as possible, and those refused for a rate next to nothing. */
const spentRates = new SpentRates();
const gathered = new GatheredUses();

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
    const { publicUrl, sealKey } = context.get('platform');
    const bearer = bearerOf(context.req.raw);
    if (bearer === null) return noCredential(call.requestId, publicUrl);
    const use = new UseRecorder(context.req.method, route);
    const named = await readSession(context.req.raw, sealKey);
    const spent = await spentRates.refusalOf(bearer);
    const authenticated = spent ?? (await judgeBearer(context, bearer, idOf(named)));
    if (!authenticated.ok) {
      const response = tokenRefused(authenticated, call.requestId, publicUrl);
      if (authenticated.reason === 'rate_limited') {
        if (spent === null) await spentRates.keep(bearer, authenticated);
        await recordRateLimited(context, use, authenticated.who, response);
      }
      return response;
    }
    const { who, sessionHasEnded, left } = authenticated;
    context.set('principal', { ...who, needs: { scopes: [], role: null }, ...call });
    context.set('session', findSession(named, who, sessionHasEnded));
    context.set('use', use);
    await next();
    if (context.res.status !== 101)
      addMissing(context.res.headers, rateLimitFields('calls_per_minute', left));
    const gate = tenantGateOf(context.env, who.tenantId);
    context.executionCtx.waitUntil(recordUse({ gate, gathered }, use, who, call, context.res, context.error));
  };
}

/** Judges a bearer with the means of this deployment; `session` is the MCP session that the call names. */
function judgeBearer(context: Context<AppEnv>, bearer: string, session: string | null) {
  const { env } = context;
  const platform = context.get('platform');
  const tenantGate = (tenant: string) => tenantGateOf(env, tenant);
  return authenticateBearer(bearer, {
    session,
    tenantGate,
    verified: verifiedSecrets,
    addressGate: () => addressGateOf(env, context.get('call').address),
    findToken: (token) => findApiToken(platform.database, token),
    verifyArgon2id,
    verifyAccessToken: (token) => verifyOwnAccessToken(platform, token),
    admitGrant: (tenant, grant, user) => tenantGate(tenant).admitGrant(grant, user, session),
  });
}

/** Has the request log note, behind the response, a call that was refused for a rate. */
async function recordRateLimited(
  context: Context<AppEnv>,
  use: UseRecorder,
  who: Pick<Principal, 'tenantId' | 'userId' | 'credential'>,
  response: Response,
): Promise<void> {
  use.refused('rate_limited');
  context.set('use', use);
  const entry = await entryOf(use, who, context.get('call'), response);
  const gate = tenantGateOf(context.env, who.tenantId);
  context.executionCtx.waitUntil(gathered.bring(gate, who.tenantId, entry));
}

function addMissing(headers: Headers, fields: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields)) if (!headers.has(name)) headers.set(name, value);
}
