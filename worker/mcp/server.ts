import { ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import { callTool, errorResult, type McpCall } from './call-tool.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { parseArguments } from './parse-arguments.ts';

export const SERVER_INFO = { name: 'causeway', title: 'Causeway', version: '0.1.0' } as const;

/** A server for one request. Both eras are served by it; what differs is the SDK's concern. */
export function makeServer(mcp: McpCall): Server {
  const server = new Server(SERVER_INFO, {
    capabilities: { tools: {} },
    instructions: INSTRUCTIONS,
    cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } },
  });
  server.setRequestHandler('tools/list', () => ({ tools: mcp.offer.listTools() }));
  server.setRequestHandler('tools/call', async (request, context) => {
    const tool = mcp.offer.findTool(request.params.name);
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
