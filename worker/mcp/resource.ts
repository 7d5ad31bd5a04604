import type { InputRequiredResult } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { NounIcon } from '../console/noun-icons.ts';
import type { Needs } from '../tenants/principal.ts';
import type { Completers } from './completer.ts';
import type { ToolContext } from './tool.ts';

/** Content of a resource, alone in its field: text as text, anything else as base64. */
export type ResourcePart =
  | { readonly mimeType: string; readonly text: string }
  | { readonly mimeType: string; readonly blob: string };

/** What reading a resource answers. */
export interface ResourceAnswer {
  readonly part: ResourcePart;
  /**
   * What is not in `part`, and how to get it. It leaves as an item of its own, so that text of a file or a run cannot be
   * mistaken for it.
   */
  readonly notice?: string;
}

/**
 * A family of resources as data: one template, what reading needs, how it is read and completed. The same operations stand
 * beneath it as beneath the tools. A family without variables is one resource.
 */
export interface ResourceFamily<Variables extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly icon?: NounIcon;
  /** Where all of the family have one. */
  readonly mimeType?: string;
  /** RFC 6570, level 1, with `{?name}` at its end: `project://{project}/{path}{?ref}`. */
  readonly template: string;
  /** Judges the variables of the template, and what else may stand in the query (`offset`). */
  readonly variables: Variables;
  readonly needs: Needs;
  readonly complete: Completers;
  readonly read: (
    variables: z.output<Variables>,
    context: ToolContext,
    uri: string,
  ) => Promise<ResourceAnswer | InputRequiredResult>;
}

/** Fixes a family's types; the list of families holds it without them. */
export function defineResource<Variables extends z.ZodObject>(
  family: ResourceFamily<Variables>,
): ResourceFamily {
  return family as unknown as ResourceFamily;
}
