import {
  type InputRequiredResult,
  isInputRequiredResult,
  ProtocolError,
  type Result,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { type CallEvent, CallRecord } from '../audit/call-record.ts';
import { endOfCall, NOT_OF_THE_FORM } from '../audit/end-of-call.ts';
import { recordRefusal } from '../audit/record-refusal.ts';
import { EntryRefused } from '../database/database.ts';
import { enter } from '../database/with-tenant.ts';
import { asRefusal } from '../http/as-refusal.ts';
import { Refusal } from '../http/refusal.ts';
import type { Principal } from '../tenants/principal.ts';
import { bytesAnswered } from './bytes-answered.ts';
import { eventOf } from './event-of.ts';
import { logChannel } from './log-channel.ts';
import type { McpCall } from './mcp-call.ts';
import type { Offer } from './offer.ts';
import type { AcceptedRequest, RequestKind } from './request-kind.ts';
import type { ToolContext } from './tool.ts';

/** Answers a request of one of the kinds: runs what was accepted, and tells a refusal as its kind does. */
export async function answer(
  kind: RequestKind,
  params: unknown,
  mcp: McpCall,
  context: ServerContext,
): Promise<Result> {
  mcp.entry.reached();
  const judged = mcp.judged ?? kind.judge(params, mcp.offer, mcp.platform.refusedText);
  const refuse = (refusal: Refusal) => kind.refuse(refusal, mcp.call.requestId, params);
  const event = await eventOf(kind, judged, params);
  if (judged.ok) return perform(judged.request, mcp, context, event, refuse);
  await recordRefusal(mcp.platform, mcp.principal, event, NOT_OF_THE_FORM);
  if (judged.reason instanceof ProtocolError) throw judged.reason;
  return refuse(judged.reason);
}

/**
 * Runs an accepted request. Expected failures are told by `refuse`; anything else is logged with the request id and told
 * as `internal`, without a stack.
 */
async function perform(
  request: AcceptedRequest,
  mcp: McpCall,
  context: ServerContext,
  event: CallEvent,
  refuse: (refusal: Refusal) => Result,
): Promise<Result> {
  const principal: Principal = {
    ...mcp.principal,
    needs: request.needs,
    record: new CallRecord(event),
    entered: () => mcp.entry.entered(),
  };
  mcp.use.workBegins();
  try {
    const result = await request.run({
      ...mcp,
      principal,
      ...channels(context),
      log: logChannel(mcp, context),
    });
    if (!mcp.entry.isDecided) await enter(mcp.platform.database, principal);
    if (isInputRequiredResult(result)) checkQuestions(result, mcp.offer);
    mcp.use.answered(bytesAnswered(result));
    return result;
  } catch (error) {
    const end = error instanceof ProtocolError ? NOT_OF_THE_FORM : endOfCall(error);
    await recordRefusal(mcp.platform, principal, event, end);
    if (error instanceof ProtocolError) {
      mcp.use.refused('invalid_arguments');
      throw error;
    }
    if (error instanceof EntryRefused && !mcp.entry.isDecided) mcp.entry.refused(error);
    // What refuses by itself before it enters has proven nothing of the credential: the endpoint does then.
    else if (!(error instanceof Refusal)) mcp.entry.entered();
    const refusal = asRefusal(error, mcp.call.requestId, request.target ?? '/mcp');
    mcp.use.refused(refusal.code);
    return refuse(refusal);
  } finally {
    mcp.use.workEnded();
  }
}

/** Throws where something asks what this server never asks. */
function checkQuestions({ inputRequests }: InputRequiredResult, offer: Offer): void {
  for (const { method } of Object.values(inputRequests ?? {}))
    if (!offer.mayAsk(method)) throw new Error(`This server asks no ${method}.`);
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
