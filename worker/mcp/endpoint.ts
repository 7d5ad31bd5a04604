import { createMcpHandler } from '@modelcontextprotocol/server';
import { limit } from '../../protocol/limits.ts';
import { enter } from '../database/with-tenant.ts';
import { readBody } from '../http/read-body.ts';
import type { AcceptedCall, McpCall } from './call-tool.ts';
import { Entry } from './entry.ts';
import { holdUntilEntry } from './hold-response.ts';
import type { Offer } from './offer.ts';
import { parseArguments } from './parse-arguments.ts';
import { parseMessage } from './parse-message.ts';
import { makeServer } from './server.ts';
import type { Tool } from './tool.ts';

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
  called: Omit<McpCall, 'entry' | 'accepted'>,
): Promise<Response> {
  const { platform, principal, offer, use } = called;
  const entry = new Entry();
  const parsedBody = request.method === 'POST' ? parseMessage(await readBody(request)) : null;
  const isToolCall = parsedBody?.method === 'tools/call';
  const asked = isToolCall ? askedTool(offer, parsedBody.params) : null;
  const accepted = asked === null ? null : acceptedCall(asked);
  const mcp: McpCall = { ...called, entry, accepted };
  if (parsedBody !== null) use.asks(parsedBody.method, asked?.tool.name ?? null);
  if (isToolCall && accepted === null) use.refused('invalid_arguments');
  if (accepted === null) await enter(platform.database, principal);

  const answered = await handler.fetch(request, {
    authInfo: { token: '', clientId: principal.credential.id, scopes: [], extra: { mcp } },
    ...(parsedBody === null ? {} : { parsedBody: parsedBody.body }),
  });
  if (accepted === null) return answered;
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

/** The tool that these parameters name, with what they give it; null where they name none. */
function askedTool(offer: Offer, params: unknown): { readonly tool: Tool; readonly given: unknown } | null {
  if (typeof params !== 'object' || params === null) return null;
  const { name, arguments: given } = params as { name?: unknown; arguments?: unknown };
  const tool = typeof name === 'string' ? offer.findTool(name) : undefined;
  return tool === undefined ? null : { tool, given };
}

/** The call that will reach the tool's handler; null where its arguments are refused before. */
function acceptedCall({ tool, given }: { tool: Tool; given: unknown }): AcceptedCall | null {
  const parsed = parseArguments(tool, given);
  return parsed.ok ? { tool, input: parsed.input } : null;
}
