import {
  type CallToolResult,
  type InputRequiredResult,
  isInputRequiredResult,
} from '@modelcontextprotocol/server';
import { envelope } from '../http/refusal.ts';
import { CALL_COSTS, classOf } from './call-cost.ts';
import { confirmer, InputNeeded } from './confirm/confirm.ts';
import {
  invalidState,
  mintRequestState,
  openRequestState,
  type StateOwner,
} from './confirm/request-state.ts';
import { parseArguments } from './parse-arguments.ts';
import { accepted, asRecord, type RequestKind, refused } from './request-kind.ts';
import type { CallContext, Tool, ToolContext } from './tool.ts';
import { unknownName } from './unknown-name.ts';

/** `tools/call`. A refusal is a result with `isError` and the one error envelope, which agents read. */
export const toolCalls: RequestKind = {
  audited: { action: 'tool.call', kind: 'tool' },
  inputOf: (params) => asRecord(params).arguments ?? {},
  judge(params, offer, refusedText) {
    const { name, arguments: given } = asRecord(params);
    const tool = typeof name === 'string' ? offer.findTool(name) : undefined;
    if (tool === undefined) return refused(unknownName('tool', name));
    const parsed = parseArguments(tool, given, refusedText);
    if (!parsed.ok) return refused(parsed.refusal, tool.name);
    return accepted({
      target: tool.name,
      needs: tool.needs,
      cost: CALL_COSTS[classOf(tool)],
      run: (context) => runTool(tool, parsed.input, context),
    });
  },
  refuse: (refusal, requestId): CallToolResult => ({
    isError: true,
    content: [{ type: 'text', text: JSON.stringify(envelope(refusal, requestId)) }],
  }),
};

async function runTool(
  tool: Tool,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<CallToolResult | InputRequiredResult> {
  const { confirmation, ...asked } = input;
  const owner = { principal: context.principal, tool: tool.name, input: asked };
  const called: ToolContext = { ...context, request: await withState(context, owner) };
  const answer = await runAsked(tool, asked, {
    ...called,
    confirm: confirmer(called, owner, confirmation as string | undefined),
    sealState: (payload) => mintRequestState(context.platform.sealKey, owner, payload),
  });
  if (isInputRequiredResult(answer)) return answer;
  return {
    content: [{ type: 'text', text: JSON.stringify(answer.structured) }, ...(answer.content ?? [])],
    structuredContent: answer.structured,
  };
}

/** A tool that must ask first ends by the question. */
async function runAsked(tool: Tool, input: Record<string, unknown>, context: CallContext) {
  try {
    return await tool.run(input, context);
  } catch (error) {
    if (error instanceof InputNeeded) return error.result;
    throw error;
  }
}

/** The request with the state that an earlier round of this very call sealed; any other state refuses the call. */
async function withState(
  { platform, request }: ToolContext,
  owner: StateOwner,
): Promise<ToolContext['request']> {
  const text = request.requestState<string>();
  if (text === undefined) return request;
  const state = await openRequestState<unknown>(platform.sealKey, owner, text);
  if (state === null) throw invalidState();
  return { ...request, requestState: <State>() => state as State };
}
