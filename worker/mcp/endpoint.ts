import { createMcpHandler } from '@modelcontextprotocol/server';
import { limit } from '../../protocol/limits.ts';
import { enter } from '../database/with-tenant.ts';
import type { Call } from '../http/call.ts';
import { readBody } from '../http/read-body.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { McpCall } from './call-tool.ts';
import { Entry } from './entry.ts';
import { holdUntilEntry } from './hold-response.ts';
import { parseArguments } from './parse-arguments.ts';
import { parseMessage } from './parse-message.ts';
import { findTool, makeServer } from './server.ts';

const handler = createMcpHandler(
  (context) => {
    const mcp = context.authInfo?.extra?.mcp;
    if (mcp === undefined) throw new Error('a request reached the MCP server without a principal');
    return makeServer(mcp as McpCall);
  },
  { legacy: 'stateless', maxRequestBodySize: limit('request_body_bytes') },
);

/**
 * Serves one request to `/mcp`, in either era, without state. The credential is proven alive before anything is
 * answered: by the tool's own first transaction where a tool will surely run, else by an entry of its own. Throws
 * {@link EntryRefused} where the database refuses it.
 */
export async function serveMcp(
  request: Request,
  platform: Platform,
  principal: Principal,
  call: Call,
): Promise<Response> {
  const entry = new Entry();
  const mcp: McpCall = { platform, principal, call, entry };
  const parsedBody = request.method === 'POST' ? parseMessage(await readBody(request)) : null;
  const toolWillEnter = parsedBody?.method === 'tools/call' && isRunnable(parsedBody.params);
  if (!toolWillEnter) await enter(platform.database, principal);

  const answered = await handler.fetch(request, {
    authInfo: { token: '', clientId: principal.credential.id, scopes: [], extra: { mcp } },
    ...(parsedBody === null ? {} : { parsedBody: parsedBody.body }),
  });
  if (!toolWillEnter) return answered;
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

/** Whether these are parameters of a call that will reach a tool's handler. */
function isRunnable(params: unknown): boolean {
  if (typeof params !== 'object' || params === null) return false;
  const { name, arguments: given } = params as { name?: unknown; arguments?: unknown };
  const tool = typeof name === 'string' ? findTool(name) : undefined;
  return tool !== undefined && parseArguments(tool, given).ok;
}
