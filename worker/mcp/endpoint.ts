import { createMcpHandler } from '@modelcontextprotocol/server';
import { limit } from '../../protocol/limits.ts';
import { enter } from '../database/with-tenant.ts';
import { readBody } from '../http/read-body.ts';
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
export async function serveMcp(request: Request, called: Omit<McpCall, 'entry'>): Promise<Response> {
  const { platform, principal, use } = called;
  const entry = new Entry();
  const mcp: McpCall = { ...called, entry };
  const parsedBody = request.method === 'POST' ? parseMessage(await readBody(request)) : null;
  const isToolCall = parsedBody?.method === 'tools/call';
  const toolWillEnter = isToolCall && isRunnable(parsedBody.params);
  if (parsedBody !== null) use.asks(parsedBody.method, isToolCall ? toolOf(parsedBody.params) : null);
  if (isToolCall && !toolWillEnter) use.refused('invalid_arguments');
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

/** The tool that these parameters name, if there is one. */
function toolOf(params: unknown): string | null {
  const name = typeof params === 'object' && params !== null && 'name' in params ? params.name : null;
  return (typeof name === 'string' ? findTool(name) : undefined)?.name ?? null;
}

/** Whether these are parameters of a call that will reach a tool's handler. */
function isRunnable(params: unknown): boolean {
  if (typeof params !== 'object' || params === null) return false;
  const { name, arguments: given } = params as { name?: unknown; arguments?: unknown };
  const tool = typeof name === 'string' ? findTool(name) : undefined;
  return tool !== undefined && parseArguments(tool, given).ok;
}
