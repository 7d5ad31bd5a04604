import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Tool } from '../../mcp/tool.ts';
import { fixture, NOTHING, text } from './fixture.ts';

const name = z.object({ name: z.string() });

/** Tools that need what the client is asked for in the answer before (SEP-2322). */
export const ROUND_TOOLS: readonly Tool[] = [
  fixture({
    name: 'test_input_required_result_elicitation',
    description: 'Asks for a name.',
    input: NOTHING,
    run(_given, { request }) {
      const said = acceptedContent(request.inputResponses, 'user_name', name);
      if (said !== undefined) return [text(`Hello, ${said.name}!`)];
      return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
    },
  }),
  fixture({
    name: 'test_input_required_result_sampling',
    description: "Asks the client's model.",
    input: NOTHING,
    run(_given, { request }) {
      const said = inputResponse(request.inputResponses, 'capital_question');
      if (said.kind === 'sampling') return [text(JSON.stringify(said.result.content))];
      return inputRequired({
        inputRequests: { capital_question: sample('What is the capital of France?', 100) },
      });
    },
  }),
  fixture({
    name: 'test_input_required_result_list_roots',
    description: "Asks for the client's roots.",
    input: NOTHING,
    run(_given, { request }) {
      const said = inputResponse(request.inputResponses, 'client_roots');
      if (said.kind === 'roots') return [text(said.roots.map(({ uri }) => uri).join(', '))];
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  }),
  fixture({
    name: 'test_input_required_result_capabilities',
    description: 'Asks only for what the client can give.',
    input: NOTHING,
    run(_given, { request }) {
      const told = request.envelope as
        | { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities }
        | undefined;
      const can = told?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
      return inputRequired({
        inputRequests: {
          ...(can.elicitation === undefined ? {} : { asked: ask('What is your name?', 'name') }),
          ...(can.sampling === undefined ? {} : { sampled: sample('Generate a greeting', 50) }),
        },
      });
    },
  }),
];

function ask(message: string, field: string) {
  return inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
  });
}

function sample(prompt: string, maxTokens: number) {
  return inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
    maxTokens,
  });
}
