import { createMcpHandler } from '@modelcontextprotocol/server';
import { limit } from '../../protocol/limits.ts';
import { enter } from '../database/with-tenant.ts';
import { readBody } from '../http/read-body.ts';
import { Entry } from './entry.ts';
import { holdUntilEntry } from './hold-response.ts';
import type { McpCall } from './mcp-call.ts';
import { parseMessage } from './parse-message.ts';
import type { Judged } from './request-kind.ts';
import { kindOf } from './request-kinds.ts';
import { makeServer } from './server.ts';

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
 * answered: by the request's own first transaction where its work will surely run, else by an entry of its own. Throws
 * {@link EntryRefused} where the database refuses it.
 */
export async function serveMcp(
  request: Request,
  called: Omit<McpCall, 'entry' | 'judged'>,
): Promise<Response> {
  const { platform, principal, offer, use } = called;
  const entry = new Entry();
  const parsedBody = request.method === 'POST' ? parseMessage(await readBody(request)) : null;
  const judged =
    parsedBody === null ? null : (kindOf(parsedBody.method)?.judge(parsedBody.params, offer) ?? null);
  const willWork = judged?.ok === true;
  const mcp: McpCall = { ...called, entry, judged };
  if (parsedBody !== null) use.asks(parsedBody.method, judged === null ? null : targetOf(judged));
  if (judged?.ok === false) use.refused('invalid_arguments');
  if (!willWork) await enter(platform.database, principal);

  const answered = await handler.fetch(request, {
    authInfo: { token: '', clientId: principal.credential.id, scopes: [], extra: { mcp } },
    ...(parsedBody === null ? {} : { parsedBody: parsedBody.body }),
  });
  if (!willWork) return answered;
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
