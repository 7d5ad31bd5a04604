import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';
import { limit } from '../../protocol/limits.ts';
import { enter } from '../database/with-tenant.ts';
import { arrivingOfTenants } from '../http/arriving-bodies.ts';
import { mayBeLarge, withBodySlot } from '../http/body-slots.ts';
import { readBody } from '../http/read-body.ts';
import { Refusal } from '../http/refusal.ts';
import { namedMethod } from '../tokens/token-use.ts';
import { Entry } from './entry.ts';
import { holdUntilEntry } from './hold-response.ts';
import { askedFilter, askedResource, scopesOfFilter } from './listen/listen-filter.ts';
import { serveListen } from './listen/serve-listen.ts';
import type { McpCall } from './mcp-call.ts';
import { type Message, parseMessage } from './parse-message.ts';
import { recordedUnlessReached, recordUnread } from './record-unreached.ts';
import type { Judged } from './request-kind.ts';
import { kindOf } from './request-kinds.ts';
import { makeServer } from './server.ts';
import { namesSession, sessionInAddress, sessionNotFound } from './session/protocol.ts';
import { serveLegacy } from './session/serve-legacy.ts';
import type { Session } from './session/session-id.ts';
import { logTrace, traceContextOf } from './trace-context.ts';
import { unreadableBody } from './unreadable-body.ts';

/** Serves the 2026 era; the older one is {@link serveLegacy}'s. */
const modern = createMcpHandler(
  (context) => {
    const mcp = context.authInfo?.extra?.mcp;
    if (mcp === undefined) throw new Error('a request reached the MCP server without a principal');
    return makeServer(mcp as McpCall);
  },
  { legacy: 'reject', maxRequestBodySize: limit('request_body_bytes') },
);

/**
 * Serves one request to `/mcp`, in either era. The credential is proven alive before anything is answered: by the
 * request's own first transaction where its work will surely run, else by an entry of its own. Throws
 * {@link EntryRefused} where the database refuses it.
 */
export async function serveMcp(request: Request, called: Called): Promise<Response> {
  if (namesSession(request.url)) {
    await recordUnread('invalid_arguments', called);
    return sessionInAddress();
  }
  const { tenantId } = called.principal;
  try {
    return await withBodySlot(request, tenantId, async () => {
      const parsedBody = request.method === 'POST' ? await readMessage(request, tenantId) : null;
      return parsedBody instanceof Refusal
        ? refuseBody(parsedBody, called)
        : serveMessage(request, parsedBody, called);
    });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'busy') throw error;
    // Who has no room to read a body has none to write of it either.
    called.use.refused(error.code);
    return unreadableBody(error, called.call.requestId);
  }
}

/**
 * Requests whose answers an isolate has: making one does nothing and looks at nothing of the tenant, so it is made while the
 * database is asked, and waits for the verdict.
 */
const ANSWERED_FROM_MEMORY: ReadonlySet<string | null> = new Set([
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/templates/list',
  'skills/list',
  'skills/get',
]);

/** A call as authentication leaves it; its session may be one that the caller has not. */
type Called = Omit<McpCall, 'entry' | 'judged' | 'session' | 'waitsFor'> & {
  readonly session: Session | null | 'unknown';
};

async function refuseBody(refusal: Refusal, called: Called): Promise<Response> {
  await recordUnread(refusal.code, called);
  return unreadableBody(refusal, called.call.requestId);
}

/** The message of a request of a tenant, or why it holds none. Of large ones few are read at once, whosever they are. */
async function readMessage(request: Request, tenant: string): Promise<Message | Refusal> {
  const bytes = mayBeLarge(request) ? 0 : Number(request.headers.get('content-length'));
  try {
    return parseMessage(await arrivingOfTenants.read(tenant, bytes, () => readBody(request)));
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

async function serveMessage(request: Request, parsedBody: Message | null, called: Called): Promise<Response> {
  const entry = new Entry();
  const kind = kindOf(parsedBody?.method ?? null);
  if (kind === null) return answerMessage(request, parsedBody, { ...called, entry, judged: null });
  const params = parsedBody?.params;
  const judged = kind.judge(params, called.offer, called.platform.refusedText);
  const entering = { ...called, entry, judged };
  return recordedUnlessReached(kind, { judged, params }, entering, () =>
    answerMessage(request, parsedBody, entering),
  );
}

async function answerMessage(
  request: Request,
  message: Message | null,
  called: Called & Pick<McpCall, 'entry' | 'judged'>,
): Promise<Response> {
  const { platform, principal, offer, use, entry, judged } = called;
  const method = message?.method ?? null;
  noteAsked(message, called);
  const isLegacy = await isLegacyRequest(request, message?.body);
  // A client that introduces itself begins anew, whatever it remembers; and today's revision has no sessions.
  const session = isLegacy && method !== 'initialize' ? called.session : null;
  const filter = message === null ? null : isLegacy ? askedResource(message) : askedFilter(message);
  const listener = { ...principal, needs: { scopes: scopesOfFilter(filter), role: null } };

  const proof = proofOf(method, judged, session);
  const entering = proof === 'by_its_work' ? null : enter(platform.database, listener);
  if (proof === 'before') await entering;
  if (session === 'unknown') {
    use.refused('not_found');
    return sessionNotFound();
  }
  const mcp: McpCall = { ...called, session, waitsFor: async () => {} };
  if (filter !== null && !isLegacy)
    return serveListen(request, message?.body, filter, { ...mcp, principal: listener });
  const serve = (body: unknown) =>
    isLegacy ? serveLegacy(request, body, mcp) : serveModern(request, body, mcp);
  const isLearnable = ANSWERED_FROM_MEMORY.has(method) && method !== 'initialize';
  const answering = isLearnable
    ? offer.learned.answer(request, message?.body as object, serve)
    : serve(message?.body);
  const [answered] = await Promise.all([answering, entering]);
  if (proof === 'by_its_work') return whenEntered(answered, mcp);
  return judged === null ? answered : holdUntilEntry(answered, entry);
}

/** Tells the request log what is asked, as far as that is known before anything is done. */
function noteAsked(message: Message | null, { use, call, judged }: Called & Pick<McpCall, 'judged'>): void {
  const trace = traceContextOf(message?.params);
  if (trace !== null) {
    use.traced(trace.traceId);
    logTrace(trace, call.requestId, namedMethod(message?.method ?? null));
  }
  if (message !== null) use.asks(message.method, judged === null ? null : targetOf(judged));
  if (judged?.ok === false) use.refused('invalid_arguments');
  if (judged?.ok === true) use.cost = judged.request.cost;
}

/**
 * What proves the credential of a message alive: the first transaction of its own work, or an entry made for that, before
 * the message is served, or beside it where all that serving does is to make an answer, which then waits.
 */
function proofOf(
  method: string | null,
  judged: Judged | null,
  session: Called['session'],
): 'by_its_work' | 'before' | 'beside' {
  if (session === 'unknown') return 'before';
  if (judged?.ok === true) return 'by_its_work';
  return ANSWERED_FROM_MEMORY.has(method) ? 'beside' : 'before';
}

function serveModern(request: Request, body: unknown, mcp: McpCall): Promise<Response> {
  return modern.fetch(request, {
    authInfo: { token: '', clientId: mcp.principal.credential.id, scopes: [], extra: { mcp } },
    ...(body === undefined ? {} : { parsedBody: body }),
  });
}

/** The answer of work in the tenant, once its own first entry has proven the credential alive. */
async function whenEntered(answered: Response, { platform, principal, entry }: McpCall): Promise<Response> {
  const response = await holdUntilEntry(answered, entry);
  if (!entry.isDecided) {
    await enter(platform.database, principal);
    return response;
  }
  const verdict = await entry.verdict;
  if (verdict.ok) return response;
  await response.body?.cancel();
  throw verdict.refused;
}

function targetOf(judged: Judged): string | null {
  return judged.ok ? judged.request.target : judged.target;
}
