import type { Context } from 'hono';
import { audited } from '../audit/audited.ts';
import { callEvent } from '../audit/call-record.ts';
import { endOfCall } from '../audit/end-of-call.ts';
import { recordRefusal } from '../audit/record-refusal.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { EntryRefused } from '../database/database.ts';
import type { AppEnv } from '../http/app-env.ts';
import { asRefusal } from '../http/as-refusal.ts';
import { rateLimitFields } from '../http/rate-limit-fields.ts';
import { Refusal, refusalResponse } from '../http/refusal.ts';
import { readSession, type Session } from '../people/session.ts';
import { cookieName, readCookie } from '../people/session-cookie.ts';
import type { Platform } from '../platform.ts';
import { idempotencyOf } from '../tenants/idempotency.ts';
import {
  type Administrator,
  enterAsAdministrator,
  explainEntry,
  operationOf,
  requireSomeAdministrator,
} from './enter.ts';
import { API_HANDLERS } from './handlers/index.ts';
import { judgeCall, MARK } from './judge-call.ts';
import { parseBody, parseKey, parseParams, parseQuery } from './parse-input.ts';
import { type ApiRoute, isSafe } from './route.ts';
import { API_ROUTES, type OperationName } from './routes/index.ts';

/** A handler as this file calls it: the types of its route are gone, what it gets was parsed by them. */
type Run = (input: object, context: object) => Promise<object | undefined>;

/** An operation with its route and its handler. */
interface Operation {
  readonly name: OperationName;
  readonly route: ApiRoute;
  readonly run: Run;
}

/** Serves one operation; whatever is refused on the way is answered in the words of this API. */
export function serveOperation(name: OperationName) {
  const operation = { name, route: API_ROUTES[name], run: API_HANDLERS[name] as unknown as Run };
  return async function answerCall(context: Context<AppEnv>): Promise<Response> {
    const { requestId } = context.get('call');
    try {
      return await answer(operation, context);
    } catch (error) {
      const known = error instanceof EntryRefused ? explainEntry(error) : error;
      const refusal = asRefusal(known, requestId, name);
      return refusalResponse(refusal, requestId, challengeOf(refusal, context));
    }
  };
}

/** Who calls and from where, in which tenant, with what; then the operation, and the answer as documented. */
async function answer(operation: Operation, context: Context<AppEnv>): Promise<Response> {
  const { name, route } = operation;
  const session = await admit(route, context);
  const params = parseParams(name, route, context.req.param());
  const tenantId = String(params.tenant);
  const administrator = await enterWhereNeeded(operation, context, session, tenantId);
  const sent = await readSent(operation, context, params, administrator);
  const headers = headersOf(administrator);
  const common = await commonContext(context, headers);
  const idempotency = await idempotencyOf(`api.${name}`, sent.key, { params, body: sent.body });
  const reached = { ...common, session, tenantId, ...administrator, idempotency };
  const input = { params, query: sent.query, body: sent.body };
  const answered = await perform(operation, context.req.raw, input, reached, administrator);
  return documented(route, answered, headers);
}

/** The session of the caller, which every route but a public one needs; refuses what a page of another site sends. */
async function admit(route: ApiRoute, context: Context<AppEnv>): Promise<Session | null> {
  const session = await readSession(context);
  if (route.access !== 'public' && session === null) throw noSession();
  refuseForeignPages(route, context.req.raw, context.get('platform').publicUrl);
  if (route.access === 'session' && session !== null) requireSomeAdministrator(session);
  return session;
}

/** Enters the tenant of the path, where the route is for its admins or owners; else null. */
async function enterWhereNeeded(
  { name, route }: Operation,
  context: Context<AppEnv>,
  session: Session | null,
  tenantId: string,
): Promise<Administrator | null> {
  if ((route.access !== 'admin' && route.access !== 'owner') || session === null) return null;
  const operation = operationOf(name, context.req.raw);
  const asked = { session, tenantId, role: route.access, operation };
  return enterAsAdministrator(context.get('platform'), context.get('call'), asked);
}

/** What the caller sent beside the path. What is refused of it stands in the audit log of the tenant that was entered. */
async function readSent(
  { name, route }: Operation,
  context: Context<AppEnv>,
  params: object,
  administrator: Administrator | null,
) {
  const platform = context.get('platform');
  return read(name, route, context.req.raw, platform).catch(async (error: unknown) => {
    if (administrator !== null) {
      const event = await callEvent(operationOf(name, context.req.raw), params);
      await recordRefusal(platform, administrator.principal, event, endOfCall(error));
    }
    throw error;
  });
}

/** What every handler reaches. */
async function commonContext(context: Context<AppEnv>, headers: Headers) {
  const platform = context.get('platform');
  const cookie = readCookie(context.req.raw, 'session', platform.publicUrl);
  return {
    platform,
    call: context.get('call'),
    cookieSha256: cookie === null ? null : await sha256Hex(utf8(cookie)),
    setCookie: (line: string) => headers.append('set-cookie', line),
  };
}

/** Runs the operation; in a tenant under its audit event. */
async function perform(
  { name, run }: Operation,
  request: Request,
  input: { readonly params: object; readonly query: object; readonly body: object },
  reached: { readonly platform: Platform },
  administrator: Administrator | null,
): Promise<object | undefined> {
  if (administrator === null) return run(input, reached);
  const asked = { ...input.query, ...input.body, ...input.params };
  const event = await callEvent(operationOf(name, request), asked);
  return audited(reached.platform, administrator.principal, event, (principal) =>
    run(input, { ...reached, principal }),
  );
}

function headersOf(administrator: Administrator | null): Headers {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  if (administrator === null) return headers;
  for (const [field, value] of Object.entries(rateLimitFields('calls_per_minute', administrator.left)))
    headers.set(field, value);
  return headers;
}

/** What leaves is what the document says, or a fault. */
function documented(route: ApiRoute, answered: object | undefined, headers: Headers): Response {
  if (route.answer === null) {
    headers.delete('content-type');
    return new Response(null, { status: 204, headers });
  }
  const body = `${JSON.stringify(route.answer.parse(answered))}\n`;
  return new Response(body, { status: route.status, headers });
}

/** Query, body and idempotency key, each judged by the route's schemas. */
async function read(name: OperationName, route: ApiRoute, request: Request, platform: Platform) {
  return {
    query: parseQuery(name, route, new URL(request.url).searchParams),
    body: await parseBody(name, route, request, platform.refusedText),
    key: parseKey(route, request.headers.get('idempotency-key')),
  };
}

function refuseForeignPages(route: ApiRoute, { headers }: Request, publicUrl: string): void {
  const verdict = judgeCall(publicUrl, {
    isSafe: isSafe(route),
    origin: headers.get('origin'),
    site: headers.get('sec-fetch-site'),
    mark: headers.get(MARK),
  });
  if (verdict === null) return;
  if (verdict === 'unmarked')
    throw new Refusal(
      'forbidden_origin',
      'A call that changes something needs the header X-Causeway-Request.',
      {
        hint: 'Send `X-Causeway-Request: 1`. A web page of another site cannot, which is what it is for.',
      },
    );
  throw new Refusal('forbidden_origin', 'The request comes from a web page of another site.', {
    hint: `Call from a program, or from a page of ${publicUrl}.`,
  });
}

function noSession(): Refusal {
  return new Refusal(
    'unauthenticated',
    'This address needs a session that is alive, and the request shows none.',
    {
      hint: 'Sign in by POST /api/v1/session and send its cookie. API tokens and access tokens do not open this API.',
    },
  );
}

/** RFC 9110 wants a challenge with each 401; its scheme is that of draft-broyer-http-cookie-auth. */
function challengeOf({ code }: Refusal, context: Context<AppEnv>): Record<string, string> {
  if (code !== 'unauthenticated') return {};
  const name = cookieName('session', context.get('platform').publicUrl);
  return { 'www-authenticate': `Cookie realm="causeway", form-action="/login", cookie-name="${name}"` };
}
