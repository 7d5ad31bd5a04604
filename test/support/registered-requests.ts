import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { Needs } from '../../worker/tenants/principal.ts';
import { type MatrixWorld, promptArguments, resourceVariables, toolArguments } from './matrix-arguments.ts';

/** A request that the Worker answers out of a tenant, as the matrix knows it: what it needs, and how it is made. */
export interface RegisteredRequest {
  readonly name: string;
  readonly method: string;
  readonly needs: Needs;
  /** `caller` makes what is added unique. Throws where `matrix-arguments.ts` does not say how it is made. */
  readonly params: (world: MatrixWorld, caller: number) => Record<string, unknown>;
}

export interface RegisteredTool {
  readonly name: string;
  readonly needs: Needs;
  readonly input: z.ZodObject;
}

interface Completed {
  readonly name: string;
  readonly needs: Needs;
  readonly complete: Readonly<Record<string, unknown>>;
}

export interface Registered {
  readonly tools: readonly RegisteredTool[];
  readonly resources: readonly (Completed & { readonly template: string })[];
  readonly prompts: readonly Completed[];
}

const OFFER = fileURLToPath(new URL('../../worker/mcp/product-offer.ts', import.meta.url));
const NOTHING: Needs = { scopes: [], role: null };
const LISTS = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list', 'skills/list'];

/**
 * What the Worker offers, from its own list. Its types belong to workerd and stay out of the tests' TypeScript project,
 * hence an import that only runs.
 */
export async function registered(): Promise<Registered> {
  const { PRODUCT } = (await import(/* @vite-ignore */ OFFER)) as { PRODUCT: { offered: Registered } };
  return PRODUCT.offered;
}

/** Every request that works in a tenant: each tool, resource and prompt, a completion of each, and the lists. */
export function requestsOf({ tools, resources, prompts }: Registered): readonly RegisteredRequest[] {
  const families = resources.filter(
    ({ template }) => template.includes('{') || template === resources[0]?.template,
  );
  return [
    ...tools.map(({ name, needs }) => ({
      name,
      method: 'tools/call',
      needs,
      params: (world: MatrixWorld, caller: number) => ({
        name,
        arguments: found(toolArguments(world, caller), name),
      }),
    })),
    ...families.map(({ name, needs, template }) => ({
      name: `resource ${name}`,
      method: 'resources/read',
      needs,
      params: (world: MatrixWorld) => ({ uri: expand(template, resourceVariables(world)) }),
    })),
    ...prompts.map(({ name, needs }) => ({
      name: `prompt ${name}`,
      method: 'prompts/get',
      needs,
      params: (world: MatrixWorld) => ({ name, arguments: found(promptArguments(world), name) }),
    })),
    ...families
      .filter(({ complete }) => Object.keys(complete).length > 0)
      .map(({ template, ...family }) => completion(family, { type: 'ref/resource', uri: template })),
    ...prompts.map((prompt) => completion(prompt, { type: 'ref/prompt', name: prompt.name })),
    ...LISTS.map((method) => ({ name: method, method, needs: NOTHING, params: () => ({}) })),
  ];
}

/** A completion of its last variable, with all others known. */
function completion({ name, needs, complete }: Completed, ref: Record<string, string>): RegisteredRequest {
  const last = Object.keys(complete).at(-1) ?? '';
  return {
    name: `completion of ${name}.${last}`,
    method: 'completion/complete',
    needs,
    params: (world) => ({
      ref,
      argument: { name: last, value: '' },
      context: { arguments: { ...resourceVariables(world) } },
    }),
  };
}

function expand(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replace(/\{\?.*\}/, '').replace(/\{(\w+)\}/g, (_, name: string) => found(variables, name));
}

function found<Value>(entries: Readonly<Record<string, Value>>, name: string): Value {
  const entry = entries[name];
  if (entry === undefined) throw new Error(`test/support/matrix-arguments.ts has no entry for ${name}`);
  return entry;
}
