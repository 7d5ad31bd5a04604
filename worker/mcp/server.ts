import { type CallToolResult, type InputRequiredResult, Server } from '@modelcontextprotocol/server';
import { INSTRUCTIONS } from './instructions.ts';
import type { McpCall } from './mcp-call.ts';
import { answer } from './perform.ts';
import { REQUEST_KINDS } from './request-kinds.ts';

export const SERVER_INFO = { name: 'causeway', title: 'Causeway', version: '0.1.0' } as const;

/** A server for one request. Both eras are served by it; what differs is the SDK's concern. */
export function makeServer(mcp: McpCall): Server {
  const server = new Server(SERVER_INFO, {
    capabilities: { tools: { listChanged: true }, logging: {} },
    instructions: INSTRUCTIONS,
    cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } },
  });
  server.setRequestHandler('tools/list', () => ({ tools: mcp.offer.listTools() }));
  server.setRequestHandler(
    'tools/call',
    async ({ params }, context) =>
      (await answer(REQUEST_KINDS['tools/call'], params, mcp, context)) as
        | CallToolResult
        | InputRequiredResult,
  );
  return server;
}
