import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { CallContext, Tool } from '../../mcp/tool.ts';
import { askForConsent, askForText, sample } from '../input-requests.ts';
import { type FixtureAnswer, fixture, NOTHING, text } from './fixture.ts';

const name = z.object({ name: z.string() });
const consent = z.object({ ok: z.boolean() });
const color = z.object({ color: z.string() });

/** What a fixture keeps from one round to the next. */
interface Kept {
  readonly round: number;
  readonly name?: string;
}

/** Asks for a yes, and knows by its sealed state that it did. */
async function confirmed({ request, sealState }: CallContext): Promise<FixtureAnswer> {
  const state = request.requestState<Kept>();
  const said = acceptedContent(request.inputResponses, 'confirm', consent);
  if (state?.round === 1 && said !== undefined) return [text('state-ok')];
  return inputRequired({
    inputRequests: { confirm: askForConsent('Please confirm') },
    requestState: await sealState({ round: 1 } satisfies Kept),
  });
}

/** Tools that need what the client is asked for in the answer before (SEP-2322). */
export const ROUND_TOOLS: readonly Tool[] = [
  fixture({
    name: 'test_input_required_result_elicitation',
    description: 'Asks for a name.',
    input: NOTHING,
    run(_given, { request }) {
      const said = acceptedContent(request.inputResponses, 'user_name', name);
      if (said !== undefined) return [text(`Hello, ${said.name}!`)];
      return inputRequired({ inputRequests: { user_name: askForText('What is your name?', 'name') } });
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
          ...(can.elicitation === undefined ? {} : { asked: askForText('What is your name?', 'name') }),
          ...(can.sampling === undefined ? {} : { sampled: sample('Generate a greeting', 50) }),
        },
      });
    },
  }),
  ...['test_input_required_result_request_state', 'test_input_required_result_tampered_state'].map((each) =>
    fixture({
      name: each,
      description: 'Asks for a yes, with a state that comes back.',
      input: NOTHING,
      run: (_given, context) => confirmed(context),
    }),
  ),
  fixture({
    name: 'test_input_required_result_multiple_inputs',
    description: 'Asks for three things at once.',
    input: NOTHING,
    async run(_given, { request, sealState }) {
      const state = request.requestState<Kept>();
      const said = acceptedContent(request.inputResponses, 'user_name', name);
      const greeting = inputResponse(request.inputResponses, 'greeting');
      const roots = inputResponse(request.inputResponses, 'client_roots');
      if (state?.round === 1 && said !== undefined && greeting.kind === 'sampling' && roots.kind === 'roots')
        return [text(`${said.name} has ${roots.roots.length} roots.`)];
      return inputRequired({
        inputRequests: {
          user_name: askForText('What is your name?', 'name'),
          greeting: sample('Generate a greeting', 50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await sealState({ round: 1 } satisfies Kept),
      });
    },
  }),
  fixture({
    name: 'test_input_required_result_multi_round',
    description: 'Asks for a name, and then for a colour.',
    input: NOTHING,
    async run(_given, { request, sealState }) {
      const state = request.requestState<Kept>();
      const first = acceptedContent(request.inputResponses, 'step1', name);
      const second = acceptedContent(request.inputResponses, 'step2', color);
      if (state?.round === 2 && second !== undefined) return [text(`${state.name} likes ${second.color}.`)];
      if (state?.round === 1 && first !== undefined)
        return inputRequired({
          inputRequests: { step2: askForText('Step 2: What is your favorite color?', 'color') },
          requestState: await sealState({ round: 2, name: first.name } satisfies Kept),
        });
      return inputRequired({
        inputRequests: { step1: askForText('Step 1: What is your name?', 'name') },
        requestState: await sealState({ round: 1 } satisfies Kept),
      });
    },
  }),
];
