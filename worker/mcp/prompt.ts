import type { InputRequiredResult, PromptMessage } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { NounIcon } from '../console/noun-icons.ts';
import type { Needs } from '../tenants/principal.ts';
import type { Completers } from './completer.ts';
import type { ToolContext } from './tool.ts';

/**
 * A prompt as data: a job that a person starts by name. Its text is an instruction to an agent, so it holds nothing out of
 * data, files or runs: that comes as embedded resources, each a field of its own.
 */
export interface Prompt<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly icon?: NounIcon;
  /** Arguments are strings, as the protocol has it; each is described. */
  readonly input: Input;
  readonly needs: Needs;
  readonly complete: Completers;
  readonly get: (
    input: z.output<Input>,
    context: ToolContext,
  ) => Promise<readonly PromptMessage[] | InputRequiredResult>;
}

/** Fixes a prompt's types; the list of prompts holds it without them. */
export function definePrompt<Input extends z.ZodObject>(prompt: Prompt<Input>): Prompt {
  return prompt as unknown as Prompt;
}

/** An instruction of ours, with what the person gave as arguments in it. */
export function instruction(text: string): PromptMessage {
  return { role: 'user', content: { type: 'text', text } };
}

/** Text out of data, files or runs, apart from any instruction. */
export function attached(uri: string, value: unknown): PromptMessage {
  const resource = { uri, mimeType: 'application/json', text: JSON.stringify(value) };
  return { role: 'user', content: { type: 'resource', resource } };
}
