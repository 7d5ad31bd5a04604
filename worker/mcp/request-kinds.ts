import { completions } from './completions.ts';
import { promptGets } from './prompt-gets.ts';
import type { RequestKind } from './request-kind.ts';
import { resourceLists } from './resource-lists.ts';
import { resourceReads } from './resource-reads.ts';
import { toolCalls } from './tool-calls.ts';

/**
 * Every request that works in the tenant. The endpoint holds the answer of each until the tenant was entered with what the
 * request needs, and writes its name into the request log; all others are entered for before the SDK sees them.
 */
export const REQUEST_KINDS = {
  'tools/call': toolCalls,
  'resources/list': resourceLists,
  'resources/read': resourceReads,
  'prompts/get': promptGets,
  'completion/complete': completions,
} as const satisfies Record<string, RequestKind>;

export type KindName = keyof typeof REQUEST_KINDS;

/** The kind of a JSON-RPC method, or null for one that the SDK answers by itself. */
export function kindOf(method: string | null): RequestKind | null {
  return method !== null && Object.hasOwn(REQUEST_KINDS, method) ? REQUEST_KINDS[method as KindName] : null;
}
