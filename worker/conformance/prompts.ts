import { acceptedContent, inputRequired, type PromptMessage } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { definePrompt, instruction, type Prompt } from '../mcp/prompt.ts';
import { askForText } from './input-requests.ts';
import { RED_PIXEL_PNG } from './samples.ts';

const FREE = { needs: { scopes: [], role: null }, complete: {} } as const;
const context = z.object({ context: z.string() });

function fromUser(content: PromptMessage['content']): PromptMessage {
  return { role: 'user', content };
}

/** Prompts that the suite gets, one of which asks for input first. */
export const FIXTURE_PROMPTS: readonly Prompt[] = [
  definePrompt({
    ...FREE,
    name: 'test_simple_prompt',
    title: 'test_simple_prompt',
    description: 'A text.',
    input: z.object({}),
    get: async () => [instruction('This is a simple prompt for testing.')],
  }),
  definePrompt({
    ...FREE,
    name: 'test_prompt_with_arguments',
    title: 'test_prompt_with_arguments',
    description: 'A text with two arguments in it.',
    input: z.object({ arg1: z.string().describe('The first'), arg2: z.string().describe('The second') }),
    get: async ({ arg1, arg2 }) => [instruction(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  }),
  definePrompt({
    ...FREE,
    name: 'test_prompt_with_embedded_resource',
    title: 'test_prompt_with_embedded_resource',
    description: 'A resource, and what to do with it.',
    input: z.object({ resourceUri: z.string().describe('The URI that the resource is to have') }),
    get: async ({ resourceUri }) => [
      fromUser({
        type: 'resource',
        resource: {
          uri: resourceUri,
          mimeType: 'text/plain',
          text: 'Embedded resource content for testing.',
        },
      }),
      instruction('Please process the embedded resource above.'),
    ],
  }),
  definePrompt({
    ...FREE,
    name: 'test_prompt_with_image',
    title: 'test_prompt_with_image',
    description: 'An image, and what to do with it.',
    input: z.object({}),
    get: async () => [
      fromUser({ type: 'image', data: RED_PIXEL_PNG, mimeType: 'image/png' }),
      instruction('Please analyze the image above.'),
    ],
  }),
  definePrompt({
    ...FREE,
    name: 'test_input_required_result_prompt',
    title: 'test_input_required_result_prompt',
    description: 'A text about what the person says.',
    input: z.object({}),
    async get(_given, { request }) {
      const said = acceptedContent(request.inputResponses, 'user_context', context);
      if (said !== undefined) return [instruction(`Work in this context: ${said.context}`)];
      return inputRequired({
        inputRequests: { user_context: askForText('What context should the prompt use?', 'context') },
      });
    },
  }),
];
