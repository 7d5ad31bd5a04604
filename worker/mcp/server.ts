import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type Tool as WireTool,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { callTool, errorResult, type McpCall } from './call-tool.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { parseArguments } from './parse-arguments.ts';
import type { Tool } from './tool.ts';
import { TOOLS } from './tools/index.ts';

export const SERVER_INFO = { name: 'causeway', title: 'Causeway', version: '0.1.0' } as const;

const byName: ReadonlyMap<string, Tool> = new Map(TOOLS.map((tool) => [tool.name, tool]));
let listed: WireTool[] | undefined;

export function findTool(name: string): Tool | undefined {
  return byName.get(name);
}

/** The tools as a client sees them, in their fixed order; made once an isolate. */
export function listTools(): WireTool[] {
  listed ??= TOOLS.map((tool) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(tool.input, 'input'),
    outputSchema: jsonSchema(tool.output, 'output'),
    annotations: { title: tool.title, ...tool.annotations, openWorldHint: false },
  }));
  return listed;
}

/** A server for one request. Both eras are served by it; what differs is the SDK's concern. */
export function makeServer(mcp: McpCall): Server {
  const server = new Server(SERVER_INFO, {
    capabilities: { tools: {} },
    instructions: INSTRUCTIONS,
    cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } },
  });
  server.setRequestHandler('tools/list', () => ({ tools: listTools() }));
  server.setRequestHandler('tools/call', async (request, context): Promise<CallToolResult> => {
    const tool = findTool(request.params.name);
    if (tool === undefined)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${request.params.name.slice(0, 100)}`,
      );
    if (mcp.accepted?.tool === tool) return callTool(tool, mcp.accepted.input, mcp, context);
    const parsed = parseArguments(tool, request.params.arguments);
    if (!parsed.ok) return errorResult(parsed.refusal, mcp.call.requestId, tool.name);
    return callTool(tool, parsed.input, mcp, context);
  });
  return server;
}

function jsonSchema(schema: z.ZodObject, io: 'input' | 'output'): WireTool['inputSchema'] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest as WireTool['inputSchema'];
}
