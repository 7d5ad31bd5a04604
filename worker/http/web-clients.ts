import type { MiddlewareHandler } from 'hono';
import type { Env } from '../env.ts';
import type { AppEnv } from './app-env.ts';
import { parseOrigins } from './parse-origins.ts';
import type { RouteKey } from './routes.ts';

/** What an MCP client in a web page calls; none of it looks at a cookie. Nothing else answers a page of another origin. */
const FOR_WEB_CLIENTS: Readonly<Partial<Record<RouteKey, readonly string[]>>> = {
  'ALL /mcp': ['GET', 'POST', 'DELETE'],
  'POST /oauth/token': ['POST'],
  'POST /oauth/register': ['POST'],
  'POST /oauth/revoke': ['POST'],
  'GET /oauth/jwks': ['GET'],
  'GET /.well-known/oauth-protected-resource': ['GET'],
  'GET /.well-known/oauth-protected-resource/mcp': ['GET'],
  'GET /.well-known/oauth-authorization-server': ['GET'],
  'GET /.well-known/openid-configuration': ['GET'],
};

const METHODS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(FOR_WEB_CLIENTS).map(([key, methods]) => [key.slice(key.indexOf(' ') + 1), methods]),
);

const SENT_HEADERS =
  'authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id';
const SHOWN_HEADERS =
  'mcp-session-id, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id';
const REMEMBERED_SECONDS = 600;

/** The origins whose pages may call `path`; none where it is not for web clients, or the operator names none. */
export function originsFor(
  path: string,
  { ALLOWED_ORIGINS }: Pick<Env, 'ALLOWED_ORIGINS'>,
): readonly string[] {
  if (ALLOWED_ORIGINS === undefined || !METHODS.has(withoutSlash(path))) return [];
  const origins = parseOrigins(ALLOWED_ORIGINS);
  if (origins === null) throw new Error('ALLOWED_ORIGINS must be origins with commas between');
  return origins;
}

/**
 * Lets pages of the allowed origins read the answers to what they ask, refusals too (Fetch, "CORS protocol"), and answers
 * their preflights. Credentials are never allowed: a page brings a token of its own, and no cookie.
 */
export function allowWebClients(): MiddlewareHandler<AppEnv> {
  return async function shareWithWebClients(context, next) {
    const origin = context.req.header('origin');
    const isAllowed = origin !== undefined && originsFor(context.req.path, context.env).includes(origin);
    if (isAllowed && isPreflight(context.req.raw)) {
      context.res = new Response(null, { status: 204, headers: preflightHeaders(context.req.path) });
    } else {
      await next();
    }
    if (METHODS.has(withoutSlash(context.req.path))) context.res.headers.append('vary', 'Origin');
    if (!isAllowed) return;
    context.res.headers.set('access-control-allow-origin', origin);
    context.res.headers.set('access-control-expose-headers', SHOWN_HEADERS);
  };
}

function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('access-control-request-method');
}

function preflightHeaders(path: string): Record<string, string> {
  return {
    'access-control-allow-methods': (METHODS.get(withoutSlash(path)) ?? []).join(', '),
    'access-control-allow-headers': SENT_HEADERS,
    'access-control-max-age': String(REMEMBERED_SECONDS),
  };
}

/** A slash at the end is tolerated everywhere. */
function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
