import {
  type GetPromptResult,
  type InputRequiredResult,
  isInputRequiredResult,
} from '@modelcontextprotocol/server';
import { parseArguments } from './parse-arguments.ts';
import type { Prompt } from './prompt.ts';
import { protocolRefusal } from './protocol-refusal.ts';
import { accepted, asRecord, type RequestKind, refused } from './request-kind.ts';
import type { ToolContext } from './tool.ts';
import { unknownName } from './unknown-name.ts';

/** `prompts/get`. */
export const promptGets: RequestKind = {
  audited: { action: 'prompt.get', kind: 'prompt' },
  inputOf: (params) => asRecord(params).arguments ?? {},
  judge(params, offer) {
    const { name, arguments: given } = asRecord(params);
    const prompt = typeof name === 'string' ? offer.findPrompt(name) : undefined;
    if (prompt === undefined) return refused(unknownName('prompt', name));
    const parsed = parseArguments(prompt, given);
    if (!parsed.ok) return refused(parsed.refusal, prompt.name);
    return accepted({
      target: prompt.name,
      needs: prompt.needs,
      run: (context) => get(prompt, parsed.input, context),
    });
  },
  refuse(refusal, requestId) {
    throw protocolRefusal(refusal, requestId);
  },
};

async function get(
  prompt: Prompt,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<GetPromptResult | InputRequiredResult> {
  const messages = await prompt.get(input, context);
  if (isInputRequiredResult(messages)) return messages;
  return { description: prompt.description, messages: [...messages] };
}
