import { type ElicitRequestFormParams, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Tool, ToolContext } from '../../mcp/tool.ts';
import { sample } from '../input-requests.ts';
import { type FixtureAnswer, fixture, NOTHING, text } from './fixture.ts';

type Properties = ElicitRequestFormParams['requestedSchema']['properties'];

/** Asks the person once and answers with what they said. */
function elicit(
  { request }: ToolContext,
  message: string,
  properties: Properties,
  required: readonly string[] = [],
): FixtureAnswer {
  const said = inputResponse(request.inputResponses, 'asked');
  if (said.kind === 'elicit')
    return [
      text(`Elicitation completed: action=${said.action}, content=${JSON.stringify(said.content ?? {})}`),
    ];
  return inputRequired({
    inputRequests: {
      asked: inputRequired.elicit({
        message,
        requestedSchema: { type: 'object', properties, required: [...required] },
      }),
    },
  });
}

const options = ['option1', 'option2', 'option3'];
const titled = [
  { const: 'value1', title: 'First' },
  { const: 'value2', title: 'Second' },
  { const: 'value3', title: 'Third' },
];

/** Tools that ask the client's person or model something, once. */
export const ELICITATION_TOOLS: readonly Tool[] = [
  fixture({
    name: 'test_elicitation',
    description: 'Asks for a name and an email address.',
    input: z.object({ message: z.string() }),
    run: ({ message }, context) =>
      elicit(
        context,
        message,
        {
          username: { type: 'string', description: "User's response" },
          email: { type: 'string', description: "User's email address" },
        },
        ['username', 'email'],
      ),
  }),
  fixture({
    name: 'test_elicitation_sep1034_defaults',
    description: 'Asks with a default for each type.',
    input: NOTHING,
    run: (_given, context) =>
      elicit(context, 'Please review these defaults', {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      }),
  }),
  fixture({
    name: 'test_elicitation_sep1330_enums',
    description: 'Asks with each form of a choice.',
    input: NOTHING,
    run: (_given, context) =>
      elicit(context, 'Please choose', {
        untitledSingle: { type: 'string', enum: options },
        titledSingle: { type: 'string', oneOf: titled },
        legacyEnum: {
          type: 'string',
          enum: ['opt1', 'opt2', 'opt3'],
          enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
        titledMulti: { type: 'array', items: { anyOf: titled } },
      }),
  }),
  fixture({
    name: 'test_streaming_elicitation',
    description: 'Asks for a confirmation.',
    input: NOTHING,
    run: (_given, context) => elicit(context, 'Please confirm', { ok: { type: 'boolean' } }, ['ok']),
  }),
  fixture({
    name: 'test_sampling',
    description: "Asks the client's model.",
    input: z.object({ prompt: z.string() }),
    run({ prompt }, { request }) {
      const said = inputResponse(request.inputResponses, 'sampled');
      if (said.kind === 'sampling') return [text(`LLM response: ${JSON.stringify(said.result.content)}`)];
      return inputRequired({ inputRequests: { sampled: sample(prompt, 100) } });
    },
  }),
  fixture({
    name: 'test_missing_capability',
    description: 'Can do nothing for a client without sampling.',
    input: NOTHING,
    run: () => inputRequired({ inputRequests: { sampled: sample('Say anything.', 10) } }),
  }),
];
