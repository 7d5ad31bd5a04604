import type { MiddlewareHandler } from 'hono';

/**
 * The policy of every page. A browser holds a form's redirects to `form-action` too, so the page whose form leads to another
 * place names it: an origin, or the scheme of an app.
 */
export function contentSecurityPolicy(formTarget: string | null): string {
  const formAction = formTarget === null ? "'self'" : `'self' ${formTarget}`;
  return `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`;
}

const CONTENT_SECURITY_POLICY = contentSecurityPolicy(null);

/** Headers that every response carries, a refusal included. A response that upgrades to a WebSocket is left alone. */
export function securityHeaders(): MiddlewareHandler {
  return async function addSecurityHeaders(context, next) {
    await next();
    if (context.res.status === 101) return;
    const headers = context.res.headers;
    headers.set('x-content-type-options', 'nosniff');
    if (!headers.has('referrer-policy')) headers.set('referrer-policy', 'no-referrer');
    headers.set('x-frame-options', 'DENY');
    headers.set('cross-origin-opener-policy', 'same-origin');
    headers.set('cross-origin-resource-policy', 'same-origin');
    headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
    if (!headers.has('content-security-policy'))
      headers.set('content-security-policy', CONTENT_SECURITY_POLICY);
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    // nginx and those who follow it hold an answer back without this.
    if (headers.get('content-type')?.startsWith('text/event-stream')) headers.set('x-accel-buffering', 'no');
  };
}
