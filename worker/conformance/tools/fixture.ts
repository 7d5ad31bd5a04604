import type { ContentBlock, InputRequiredResult } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { type CallContext, defineTool, READS, type Tool } from '../../mcp/tool.ts';

export type FixtureAnswer = readonly ContentBlock[] | InputRequiredResult;

interface Fixture<Input extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly run: (given: z.output<Input>, context: CallContext) => FixtureAnswer | Promise<FixtureAnswer>;
}

/** A tool of the suite: it needs a living credential and nothing more, and reads and changes nothing. */
export function fixture<Input extends z.ZodObject>({ name, run, ...told }: Fixture<Input>): Tool {
  return defineTool({
    ...told,
    name,
    title: name,
    output: z.object({ fixture: z.string() }),
    needs: { scopes: [], role: null },
    annotations: READS,
    async run(given, context) {
      const answer = await run(given, context);
      return isContent(answer) ? { structured: { fixture: name }, content: answer } : answer;
    },
  });
}

/** Most of the suite's tools take nothing. */
export const NOTHING = z.object({});

export function text(said: string): ContentBlock {
  return { type: 'text', text: said };
}

function isContent(answer: FixtureAnswer): answer is readonly ContentBlock[] {
  return Array.isArray(answer);
}
