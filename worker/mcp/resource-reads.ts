import {
  type InputRequiredResult,
  isInputRequiredResult,
  type ReadResourceResult,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import { parseArguments } from './parse-arguments.ts';
import { protocolRefusal } from './protocol-refusal.ts';
import { accepted, asRecord, type RequestKind, refused } from './request-kind.ts';
import type { ResourceAnswer, ResourceFamily } from './resource.ts';
import type { ToolContext } from './tool.ts';

/** Marks an item of `contents` that is Causeway's own word, and no part of the resource. */
const NOTICE_META = { 'causeway/notice': true } as const;

/** `resources/read`. */
export const resourceReads: RequestKind = {
  audited: { action: 'resource.read', kind: 'resource' },
  inputOf: (params) => ({ uri: uriOf(params) }),
  judge(params, offer) {
    const uri = uriOf(params);
    const found = offer.findResource(uri);
    if (found === null) return refused(new ResourceNotFoundError(uri, 'There is no resource of this form.'));
    const { family, given } = found;
    const parsed = parseArguments({ name: family.template, input: family.variables }, given);
    if (!parsed.ok) return refused(parsed.refusal, family.name);
    return accepted({
      target: family.name,
      needs: family.needs,
      run: (context) => read(family, uri, parsed.input, context),
    });
  },
  refuse(refusal, requestId, params) {
    throw protocolRefusal(refusal, requestId, uriOf(params));
  },
};

function uriOf(params: unknown): string {
  const { uri } = asRecord(params);
  return typeof uri === 'string' ? uri : '';
}

async function read(
  family: ResourceFamily,
  uri: string,
  variables: Record<string, unknown>,
  context: ToolContext,
): Promise<ReadResourceResult | InputRequiredResult> {
  const answer = await family.read(variables, context, uri);
  return isInputRequiredResult(answer) ? answer : present(uri, answer);
}

/** What leaves: the content, and after it, apart, what is said about it. Pure. */
function present(uri: string, { part, notice }: ResourceAnswer): ReadResourceResult {
  const content = { uri, ...part };
  if (notice === undefined) return { contents: [content] };
  return { contents: [content, { uri, mimeType: 'text/plain', text: notice, _meta: NOTICE_META }] };
}
