import type { Tool as WireTool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Tool } from './tool.ts';

/** What a server offers to agents, as data. */
export interface Offered {
  /** In the order in which clients list them. */
  readonly tools: readonly Tool[];
}

/** What one entry of the Worker offers, made once an isolate. */
export class Offer {
  readonly offered: Offered;
  private readonly toolsByName: ReadonlyMap<string, Tool>;
  private listed: WireTool[] | undefined;

  constructor(offered: Offered) {
    this.offered = offered;
    this.toolsByName = new Map(offered.tools.map((tool) => [tool.name, tool]));
  }

  findTool(name: string): Tool | undefined {
    return this.toolsByName.get(name);
  }

  /** The tools as a client sees them, in their fixed order. */
  listTools(): WireTool[] {
    this.listed ??= this.offered.tools.map((tool) => ({
      name: tool.name,
      title: tool.title,
      description: tool.description,
      inputSchema: jsonSchema(tool.input, 'input'),
      outputSchema: jsonSchema(tool.output, 'output'),
      annotations: { title: tool.title, ...tool.annotations, openWorldHint: false },
    }));
    return this.listed;
  }
}

function jsonSchema(schema: z.ZodObject, io: 'input' | 'output'): WireTool['inputSchema'] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest as WireTool['inputSchema'];
}
