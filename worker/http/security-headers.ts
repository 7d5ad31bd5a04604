import type { MiddlewareHandler } from 'hono';
import { isLoopbackHost } from '../../protocol/loopback.ts';
import type { Env } from '../env.ts';
import type { AppEnv } from './app-env.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

/**
 * `Strict-Transport-Security` (RFC 6797), or null where there is none: over plain http browsers ignore it, and on this machine's
 * own names it would make every other program of a developer need TLS.
 */
export function strictTransportSecurity({
  PUBLIC_URL,
  HSTS_MAX_AGE_SECONDS,
  HSTS_INCLUDE_SUBDOMAINS,
}: Pick<Env, 'PUBLIC_URL' | 'HSTS_MAX_AGE_SECONDS' | 'HSTS_INCLUDE_SUBDOMAINS'>): string | null {
  const url = URL.parse(PUBLIC_URL);
  if (url?.protocol !== 'https:' || isLoopbackHost(url.hostname) || url.hostname.endsWith('.localhost'))
    return null;
  const maxAge = `max-age=${HSTS_MAX_AGE_SECONDS ?? YEAR_SECONDS}`;
  return HSTS_INCLUDE_SUBDOMAINS === 'off' ? maxAge : `${maxAge}; includeSubDomains`;
}

/**
 * The policy of every page. A browser holds a form's redirects to `form-action` too, so the page whose form leads to another
 * place names it: an origin, or the scheme of an app.
 */
export function contentSecurityPolicy(formTarget: string | null): string {
  const formAction = formTarget === null ? "'self'" : `'self' ${formTarget}`;
  return `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`;
}

const CONTENT_SECURITY_POLICY = contentSecurityPolicy(null);

/** Pages need nothing of a device. */
const PERMISSIONS_POLICY =
  'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()';

/** Headers that every response carries, a refusal included. A response that upgrades to a WebSocket is left alone. */
export function securityHeaders(): MiddlewareHandler<AppEnv> {
  return async function addSecurityHeaders(context, next) {
    await next();
    if (context.res.status === 101) return;
    const headers = context.res.headers;
    headers.set('x-content-type-options', 'nosniff');
    if (!headers.has('referrer-policy')) headers.set('referrer-policy', 'no-referrer');
    headers.set('x-frame-options', 'DENY');
    headers.set('cross-origin-opener-policy', 'same-origin');
    headers.set('cross-origin-resource-policy', 'same-origin');
    headers.set('permissions-policy', PERMISSIONS_POLICY);
    const transport = strictTransportSecurity(context.env);
    if (transport !== null) headers.set('strict-transport-security', transport);
    if (!headers.has('content-security-policy'))
      headers.set('content-security-policy', CONTENT_SECURITY_POLICY);
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    // Without this nginx, and proxies that behave like it, buffer the answer.
    if (headers.get('content-type')?.startsWith('text/event-stream')) headers.set('x-accel-buffering', 'no');
  };
}
