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
import { readSession } from '../people/session.ts';
import { cookieName, readCookie } from '../people/session-cookie.ts';
import type { Platform } from '../platform.ts';
import { idempotencyOf } from '../tenants/idempotency.ts';
import { enterAsAdministrator, explainEntry, operationOf, requireSomeAdministrator } from './enter.ts';
import { API_HANDLERS } from './handlers/index.ts';
import { judgeCall, MARK } from './judge-call.ts';
import { parseBody, parseKey, parseParams, parseQuery } from './parse-input.ts';
import { type ApiRoute, isSafe } from './route.ts';
import { API_ROUTES, type OperationName } from './routes/index.ts';

/** A handler as this file calls it: the types of its route are gone, what it gets was parsed by them. */
type Run = (input: object, context: object) => Promise<object | undefined>;

/** Serves one operation: who calls, from where, in which tenant, with what; then the operation, and the answer as documented. */
export function serveOperation(name: OperationName) {
  const route: ApiRoute = API_ROUTES[name];
  const run = API_HANDLERS[name] as unknown as Run;
  return async function answerCall(context: Context<AppEnv>): Promise<Response> {
    const { requestId } = context.get('call');
    try {
      return await answer(name, route, run, context);
    } catch (error) {
      const known = error instanceof EntryRefused ? explainEntry(error) : error;
      const refusal = asRefusal(known, requestId, name);
      return refusalResponse(refusal, requestId, challengeOf(refusal, context));
    }
  };
}

async function answer(
  name: OperationName,
  route: ApiRoute,
  run: Run,
  context: Context<AppEnv>,
): Promise<Response> {
  const platform = context.get('platform');
  const call = context.get('call');
  const request = context.req.raw;
  const session = await readSession(context);
  if (route.access !== 'public' && session === null) throw noSession();
  refuseForeignPages(route, request, platform.publicUrl);
  if (route.access === 'session' && session !== null) requireSomeAdministrator(session);

  const params = parseParams(name, route, context.req.param());
  const tenantId = String(params.tenant);
  const entered =
    (route.access === 'admin' || route.access === 'owner') && session !== null
      ? await enterAsAdministrator(platform, call, { session, tenantId, role: route.access, operation: name })
      : null;

  const { query, body, key } = await read(name, route, request, platform).catch(async (error: unknown) => {
    if (entered !== null)
      await recordRefusal(
        platform,
        entered.principal,
        await callEvent(operationOf(name), params),
        endOfCall(error),
      );
    throw error;
  });
  const cookie = readCookie(request, 'session', platform.publicUrl);
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  if (entered !== null)
    for (const [field, value] of Object.entries(rateLimitFields('calls_per_minute', entered.left)))
      headers.set(field, value);
  const reached = {
    platform,
    call,
    session,
    tenantId,
    ...entered,
    cookieSha256: cookie === null ? null : await sha256Hex(utf8(cookie)),
    setCookie: (line: string) => headers.append('set-cookie', line),
    idempotency: await idempotencyOf(`api.${name}`, key, { params, body }),
  };
  const input = { params, query, body };
  const answered =
    entered === null
      ? await run(input, reached)
      : await audited(
          platform,
          entered.principal,
          await callEvent(operationOf(name), { ...query, ...body, ...params }),
          (principal) => run(input, { ...reached, principal }),
        );
  if (route.answer === null) {
    headers.delete('content-type');
    return new Response(null, { status: 204, headers });
  }
  // What leaves is what the document says, or a fault.
  const documented = route.answer.parse(answered);
  return new Response(`${JSON.stringify(documented)}\n`, { status: route.status, headers });
}

/** What a caller sent beside the path, each part of its form. */
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
