import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  isJsonContentType,
  type JSONRPCRequest,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import { limit } from '../../../protocol/limits.ts';
import { Refusal } from '../../http/refusal.ts';
import { tenantGateOf } from '../../tenants/gate-of.ts';
import type { McpCall } from '../mcp-call.ts';
import { makeServer } from '../server.ts';
import type { StreamWish } from './mcp-session.ts';
import { PostExchange } from './post-exchange.ts';
import { protocolError, SESSION_HEADER } from './protocol.ts';
import { serveSession } from './serve-session.ts';
import { type Introduction, type Session, sealSession } from './session-id.ts';
import { type SessionObject, sessionObject } from './session-object.ts';
import { SessionTransport } from './session-transport.ts';
import { restOfCall, sealWaitedRun, unsealWaitedRun, type WaitedRun } from './waited-run.ts';
import { watchCancellation } from './watch-cancellation.ts';

/** The first version whose clients understand an event without data. */
const PRIMED_SINCE = '2025-11-25';

/**
 * Serves one HTTP request of the 2025 era (MCP 2025-06-18 and 2025-11-25, Streamable HTTP). A client without a session is
 * served statelessly, as one that never asks for anything but answers; `body` is null where the method is not POST.
 */
export async function serveLegacy(request: Request, body: unknown, mcp: McpCall): Promise<Response> {
  const { session } = mcp;
  const methods = session === null ? ['POST'] : ['GET', 'POST', 'DELETE'];
  if (!methods.includes(request.method))
    return protocolError(405, -32000, 'Method not allowed.', { allow: methods.join(', ') });
  const fault = judgeHeaders(request, body);
  if (fault !== null) return fault;
  if (session === null || request.method === 'POST') return servePost(request, body, mcp);
  if (request.method === 'GET') return openStream(request, session, mcp);
  return endSession(session, mcp);
}

async function servePost(request: Request, body: unknown, mcp: McpCall): Promise<Response> {
  const { session } = mcp;
  const object = session === null ? null : () => sessionObject(mcp.platform.env, session);
  if (isJSONRPCRequest(body)) return serveRequest(request, body, mcp, object);
  if (isJSONRPCResultResponse(body) || isJSONRPCErrorResponse(body)) {
    const text = JSON.stringify(body);
    if (text.length > limit('mcp_answer_bytes'))
      return protocolError(413, -32600, 'The answer is too large.');
    await object?.().takeAnswer(String(body.id), text);
    return accepted();
  }
  if (!isJSONRPCNotification(body))
    return protocolError(400, -32700, 'Parse error: Invalid JSON-RPC message');
  if (body.method === 'notifications/cancelled') await object?.().cancel(keyOf(body.params?.requestId));
  return accepted();
}

async function serveRequest(
  request: Request,
  message: JSONRPCRequest,
  mcp: McpCall,
  object: (() => SessionObject) | null,
  waited: WaitedRun | null = null,
): Promise<Response> {
  const exchange = new PostExchange(message.id, request.signal);
  const waitsFor = resumption(message, mcp, exchange);
  if (waited !== null) {
    await waitsFor(waited.run, waited.until);
    exchange.openStream();
  }
  const server = makeServer({ ...mcp, waitsFor });
  if (mcp.session === null || object === null) await server.connect(exchange);
  else {
    const transport = new SessionTransport(exchange, object, mcp.offer);
    serveSession(server, object);
    await server.connect(transport);
    if (Object.keys(mcp.session.abilities).length > 0) await transport.introduce(mcp.session);
    watchCancellation(object, keyOf(message.id), exchange);
  }
  exchange.onmessage?.(message, { request });
  const response = await exchange.response;
  const { protocolVersion } = exchange;
  if (protocolVersion !== undefined) {
    const { principal, platform } = mcp;
    const introduction = message.params as unknown as Introduction;
    response.headers.set(
      SESSION_HEADER,
      await sealSession(platform.sealKey, principal, protocolVersion, introduction),
    );
  }
  return response;
}

/** Gives the stream of a call that waits for a run an id, by which its client can have the answer on another stream. */
function resumption(
  { id, params }: JSONRPCRequest,
  { platform, session }: McpCall,
  exchange: PostExchange,
): McpCall['waitsFor'] {
  if (session === null || session.protocolVersion < PRIMED_SINCE) return async () => {};
  const progressToken = params?._meta?.progressToken ?? null;
  let isSaid = false;
  return async (run, until) => {
    if (isSaid) return;
    isSaid = true;
    const waited: WaitedRun = { run, until, request: id, progressToken };
    const eventId = await sealWaitedRun(platform.sealKey, session, waited);
    if (eventId !== null) exchange.resumeAfter(eventId);
  };
}

/** A GET is for the stream of a call that broke, where its last event was one of such, else for the session's own. */
async function openStream(request: Request, session: Session, mcp: McpCall): Promise<Response> {
  const { platform } = mcp;
  const lastEventId = request.headers.get('last-event-id');
  const waited = lastEventId === null ? null : await unsealWaitedRun(platform.sealKey, session, lastEventId);
  if (waited === null) return openOwnStream(session, lastEventId, mcp);
  mcp.use.asks('tools/call', 'get_run');
  const object = () => sessionObject(platform.env, session);
  return serveRequest(request, restOfCall(waited, Date.now()), mcp, object, waited);
}

async function openOwnStream(
  session: Session,
  lastEventId: string | null,
  { platform, principal }: McpCall,
): Promise<Response> {
  const wish: StreamWish = { principal, isPrimed: session.protocolVersion >= PRIMED_SINCE };
  const answered = await sessionObject(platform.env, session).fetch('http://session/', {
    method: 'POST',
    headers: lastEventId === null ? {} : { 'last-event-id': lastEventId },
    body: JSON.stringify(wish),
  });
  // A fetched response's headers are immutable, and more are added on the way out.
  if (answered.ok) return new Response(answered.body, answered);
  throw new Refusal('limit_exceeded', await answered.text(), { retryAfterSeconds: 30 });
}

async function endSession(session: Session, { platform, principal }: McpCall): Promise<Response> {
  await tenantGateOf(platform.env, principal.tenantId).endSession(session.id, session.expiresAt);
  await sessionObject(platform.env, session).end();
  return new Response(null, { status: 200 });
}

/** What is wrong with the headers of a request, or null. */
function judgeHeaders({ method, headers }: Request, body: unknown): Response | null {
  const version = isInitializeRequest(body) ? null : headers.get('mcp-protocol-version');
  if (version !== null && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
    const supported = SUPPORTED_PROTOCOL_VERSIONS.join(', ');
    return protocolError(400, -32000, `Bad Request: Unsupported protocol version (supported: ${supported})`);
  }
  const accept = headers.get('accept') ?? '';
  const wanted =
    method === 'POST'
      ? ['application/json', 'text/event-stream']
      : method === 'GET'
        ? ['text/event-stream']
        : [];
  if (!wanted.every((type) => accept.includes(type)))
    return protocolError(406, -32000, `Not Acceptable: Client must accept ${wanted.join(' and ')}`);
  if (method === 'POST' && !isJsonContentType(headers.get('content-type')))
    return protocolError(415, -32000, 'Unsupported Media Type: Content-Type must be application/json');
  return null;
}

/** One text for the two kinds of id, so that 1 and "1" are two calls. */
function keyOf(id: unknown): string {
  return JSON.stringify(id) ?? '';
}

const accepted = () => new Response(null, { status: 202 });
