import { McpServer } from '@modelcontextprotocol/server';
import { PRODUCT } from '../../../worker/mcp/product-offer.ts';

/** What the SDK's documentation begins with: its high-level server, each of our tools registered, nobody asked who they are. */
export function minimalServer(): McpServer {
  const server = new McpServer({ name: 'minimal', version: '0.1.0' });
  for (const { name, title, description, input, output, annotations } of PRODUCT.offered.tools)
    server.registerTool(
      name,
      { title, description, inputSchema: input, outputSchema: output, annotations },
      () => ({ content: [], structuredContent: {} }),
    );
  return server;
}
