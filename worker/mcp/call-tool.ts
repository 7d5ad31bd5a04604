import {
  type CallToolResult,
  type InputRequiredResult,
  isInputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { DatabaseError, DatabaseUnavailable, EntryRefused } from '../database/database.ts';
import { enter } from '../database/with-tenant.ts';
import type { Call } from '../http/call.ts';
import { envelope, Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { UseRecorder } from '../tokens/use-recorder.ts';
import type { Entry } from './entry.ts';
import type { Offer } from './offer.ts';
import type { Tool, ToolContext } from './tool.ts';

/** A call whose arguments the tool's schema has accepted. */
export interface AcceptedCall {
  readonly tool: Tool;
  readonly input: Record<string, unknown>;
}

/** One authenticated request to `/mcp`, as the tools see it. */
export interface McpCall {
  readonly platform: Platform;
  readonly principal: Principal;
  readonly call: Call;
  readonly entry: Entry;
  readonly offer: Offer;
  /** The tool call in it, judged once; null where it is none, or one that is refused. */
  readonly accepted: AcceptedCall | null;
  readonly use: UseRecorder;
}

/**
 * Runs a tool with arguments that its schema has accepted. Expected failures become results with `isError` and the one
 * error envelope; anything else is logged with the request id and told as `internal`, without a stack.
 */
export async function callTool(
  tool: Tool,
  input: Record<string, unknown>,
  mcp: McpCall,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const principal: Principal = { ...mcp.principal, needs: tool.needs, entered: () => mcp.entry.entered() };
  mcp.use.toolBegins();
  try {
    const answer = await tool.run(input, { ...mcp, principal, ...channels(context) });
    if (!mcp.entry.isDecided) await enter(mcp.platform.database, principal);
    if (isInputRequiredResult(answer)) return answer;
    return {
      content: [{ type: 'text', text: JSON.stringify(answer.structured) }, ...(answer.content ?? [])],
      structuredContent: answer.structured,
    };
  } catch (error) {
    if (error instanceof EntryRefused && !mcp.entry.isDecided) mcp.entry.refused(error);
    // A tool that refuses by itself before it enters has proven nothing of the credential: the endpoint does then.
    else if (!(error instanceof Refusal)) mcp.entry.entered();
    const refusal = asRefusal(error, mcp.call.requestId, tool.name);
    mcp.use.refused(refusal.code);
    return errorResult(refusal, mcp.call.requestId, tool.name);
  } finally {
    mcp.use.toolEnded();
  }
}

/** A refusal of arguments before a handler exists to run. */
export function errorResult(error: unknown, requestId: string, where: string): CallToolResult {
  const refusal = asRefusal(error, requestId, where);
  return { isError: true, content: [{ type: 'text', text: JSON.stringify(envelope(refusal, requestId)) }] };
}

/** Any failure as what may leave the system. */
export function asRefusal(error: unknown, requestId: string, where: string): Refusal {
  if (error instanceof Refusal) return error;
  console.error(JSON.stringify({ level: 'error', request_id: requestId, where, ...described(error) }));
  if (error instanceof DatabaseUnavailable) {
    return new Refusal('unavailable', 'The database does not answer.', {
      hint: 'Try again in some seconds.',
      retryAfterSeconds: 5,
    });
  }
  return new Refusal('internal', 'Something went wrong inside Causeway; nothing was half-written.', {
    hint: `Try again; if it stays, tell the operator the request id ${requestId}.`,
  });
}

function described(error: unknown): Record<string, unknown> {
  if (error instanceof DatabaseError) return { error: error.message, sqlstate: error.sqlstate };
  if (error instanceof Error) return { error: error.message, stack: error.stack };
  return { error: String(error) };
}

function channels(
  context: ServerContext,
): Pick<ToolContext, 'request' | 'signal' | 'progress' | 'wantsProgress'> {
  const token = context.mcpReq._meta?.progressToken;
  let last = -1;
  return {
    request: context.mcpReq,
    signal: context.mcpReq.signal,
    wantsProgress: token !== undefined,
    async progress(done, total, message) {
      if (token === undefined) return;
      // The protocol wants progress to increase with each notification.
      last = Math.max(done, last + 1e-6);
      await context.mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken: token, progress: last, ...(total === null ? {} : { total }), message },
      });
    },
  };
}
