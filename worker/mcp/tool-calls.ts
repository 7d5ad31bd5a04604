import {
  type CallToolResult,
  type InputRequiredResult,
  isInputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { envelope } from '../http/refusal.ts';
import { parseArguments } from './parse-arguments.ts';
import { accepted, asRecord, type RequestKind, refused } from './request-kind.ts';
import type { Tool, ToolContext } from './tool.ts';

const NAME_CHARS_SHOWN = 100;

/** `tools/call`. A refusal is a result with `isError` and the one error envelope, which agents read. */
export const toolCalls: RequestKind = {
  judge(params, offer) {
    const { name, arguments: given } = asRecord(params);
    const tool = typeof name === 'string' ? offer.findTool(name) : undefined;
    if (tool === undefined) return refused(unknownTool(name));
    const parsed = parseArguments(tool, given);
    if (!parsed.ok) return refused(parsed.refusal, tool.name);
    return accepted({
      target: tool.name,
      needs: tool.needs,
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
  const answer = await tool.run(input, context);
  if (isInputRequiredResult(answer)) return answer;
  return {
    content: [{ type: 'text', text: JSON.stringify(answer.structured) }, ...(answer.content ?? [])],
    structuredContent: answer.structured,
  };
}

function unknownTool(name: unknown): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Unknown tool: ${String(name).slice(0, NAME_CHARS_SHOWN)}`,
  );
}
