import type {
  Resource,
  ResourceTemplateType,
  Prompt as WirePrompt,
  Tool as WireTool,
} from '@modelcontextprotocol/server';
import { iconsOf } from './icons.ts';
import { leanInput, leanOutput } from './lean-schema.ts';
import { LearnedAnswers } from './learned-answers.ts';
import type { Prompt } from './prompt.ts';
import type { ResourceFamily } from './resource.ts';
import type { Tool, ToolContext } from './tool.ts';
import { matchUri, parseTemplate, type UriTemplate } from './uri-template.ts';

/** A page of the tenant's own resources. */
export interface ResourcePage {
  readonly resources: readonly Resource[];
  readonly nextCursor: string | null;
}

/** What a server may ask of its client, which is asked of the person or model behind it. */
export type Question = 'elicitation/create' | 'sampling/createMessage' | 'roots/list';

/** What a server offers to agents, as data, each in the order in which clients list it. */
export interface Offered {
  /** Nothing else is ever asked, whatever a tool tries. */
  readonly asks: readonly Question[];
  readonly tools: readonly Tool[];
  readonly resources: readonly ResourceFamily[];
  readonly prompts: readonly Prompt[];
  /** Lists what there is in the tenant, after a cursor of an earlier page. Enters the tenant. */
  readonly browse: (cursor: string | null, context: ToolContext) => Promise<ResourcePage>;
}

/** What one entry of the Worker offers, made once an isolate. */
export class Offer {
  readonly offered: Offered;
  /** What was answered from it alone. */
  readonly learned = new LearnedAnswers();
  private readonly toolsByName: ReadonlyMap<string, Tool>;
  private readonly promptsByName: ReadonlyMap<string, Prompt>;
  private readonly families: readonly { readonly family: ResourceFamily; readonly template: UriTemplate }[];
  private listed: WireTool[] | undefined;

  constructor(offered: Offered) {
    this.offered = offered;
    this.toolsByName = new Map(offered.tools.map((tool) => [tool.name, tool]));
    this.promptsByName = new Map(offered.prompts.map((prompt) => [prompt.name, prompt]));
    this.families = offered.resources.map((family) => ({ family, template: parseTemplate(family.template) }));
  }

  mayAsk(method: string): boolean {
    return (this.offered.asks as readonly string[]).includes(method);
  }

  findTool(name: string): Tool | undefined {
    return this.toolsByName.get(name);
  }

  findPrompt(name: string): Prompt | undefined {
    return this.promptsByName.get(name);
  }

  /** The family that has this very template. */
  findFamily(template: string): ResourceFamily | undefined {
    return this.offered.resources.find((family) => family.template === template);
  }

  /** The family that a URI belongs to, the first that fits, with what the URI gives for its variables. */
  findResource(uri: string): { readonly family: ResourceFamily; readonly given: unknown } | null {
    for (const { family, template } of this.families) {
      const given = matchUri(template, uri);
      if (given !== null) return { family, given };
    }
    return null;
  }

  /** The tools as a client sees them, in their fixed order. */
  listTools(): WireTool[] {
    this.listed ??= this.offered.tools.map((tool) => ({
      name: tool.name,
      title: tool.title,
      description: tool.description,
      inputSchema: leanInput(tool.input),
      outputSchema: leanOutput(tool.output),
      annotations: leanAnnotations(tool.annotations),
    }));
    return this.listed;
  }

  listTemplates(publicUrl: string): ResourceTemplateType[] {
    return this.families
      .filter(({ template }) => template.variables.length > 0)
      .map(({ family }) => ({ uriTemplate: family.template, ...described(family, publicUrl) }));
  }

  /** The families that are one resource each. */
  listSingleResources(publicUrl: string): Resource[] {
    return this.families
      .filter(({ template }) => template.variables.length === 0)
      .map(({ family }) => ({ uri: family.template, ...described(family, publicUrl) }));
  }

  listPrompts(publicUrl: string): WirePrompt[] {
    return this.offered.prompts.map(({ input, ...prompt }) => ({
      ...described(prompt, publicUrl),
      arguments: Object.entries(input.shape).map(([argument, schema]) => ({
        name: argument,
        description: schema.description ?? '',
        required: !schema.safeParse(undefined).success,
      })),
    }));
  }
}

type Described = Pick<ResourceFamily, 'name' | 'title' | 'description' | 'mimeType' | 'icon'>;

function described({ name, title, description, mimeType, icon }: Described, publicUrl: string) {
  return {
    name,
    title,
    description,
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(icon === undefined ? {} : { icons: iconsOf(publicUrl, icon) }),
  };
}

/** Hints that differ from what the protocol assumes without them, and the two that clients decide by. No tool reaches outside. */
function leanAnnotations({ readOnlyHint, destructiveHint, idempotentHint }: Tool['annotations']) {
  if (readOnlyHint) return { readOnlyHint, openWorldHint: false };
  return {
    readOnlyHint,
    destructiveHint,
    ...(idempotentHint ? { idempotentHint } : {}),
    openWorldHint: false,
  };
}
