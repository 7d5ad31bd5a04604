import type { MiddlewareHandler } from 'hono';
import { isLoopbackHost, LOOPBACK_HOSTS } from '../../protocol/loopback.ts';
import type { AppEnv } from './app-env.ts';
import { Refusal } from './refusal.ts';
import { originsFor } from './web-clients.ts';

/** Why a request may not be served: it was made by a web page of another site. */
export type ForeignPage = 'foreign_origin' | 'foreign_host';

/**
 * Judges the `Origin` and `Host` of a request (MCP, Transports, "Security Warning"). Clients that are no browsers send
 * no Origin; `null` is a foreign one. Host is judged only where the deployment is on a loopback address: that is what
 * DNS rebinding reaches, and elsewhere a proxy in front may set it. `allowed` are other origins that the operator trusts.
 */
export function judgeOrigin(
  publicUrl: string,
  origin: string | null,
  host: string | null,
  allowed: readonly string[],
): ForeignPage | null {
  const { isOnLoopback, origins } = ownOrigins(publicUrl);
  if (origin !== null && !origins.includes(origin) && !allowed.includes(origin)) return 'foreign_origin';
  if (isOnLoopback && host !== null && !LOOPBACK_HOSTS.includes(host.replace(/:\d+$/, '')))
    return 'foreign_host';
  return null;
}

interface OwnOrigins {
  readonly isOnLoopback: boolean;
  readonly origins: readonly string[];
}

/** Made once a deployment: a call would parse five addresses for it. */
const known = new Map<string, OwnOrigins>();

function ownOrigins(publicUrl: string): OwnOrigins {
  const made = known.get(publicUrl);
  if (made !== undefined) return made;
  const own = new URL(publicUrl);
  const isOnLoopback = isLoopbackHost(own.hostname);
  const origins = isOnLoopback
    ? LOOPBACK_HOSTS.map((hostname) => new URL(`${own.protocol}//${hostname}:${own.port}`).origin)
    : [own.origin];
  known.set(publicUrl, { isOnLoopback, origins });
  return { isOnLoopback, origins };
}

/** Refuses what a page of another site makes a browser send, before any credential is looked at. */
export function checkOrigin(): MiddlewareHandler<AppEnv> {
  return async function refuseForeignPages(context, next) {
    const { publicUrl } = context.get('platform');
    const { headers } = context.req.raw;
    const allowed = originsFor(context.req.path, context.env);
    if (judgeOrigin(publicUrl, headers.get('origin'), headers.get('host'), allowed) !== null) {
      throw new Refusal('forbidden_origin', 'The request comes from a web page of another site.', {
        hint: `Connect a client that is not a web page, or use ${publicUrl}.`,
      });
    }
    await next();
  };
}
