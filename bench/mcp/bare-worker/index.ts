import { createMcpHandler } from '@modelcontextprotocol/server';
import type { McpCall } from '../../../worker/mcp/mcp-call.ts';
import { PRODUCT } from '../../../worker/mcp/product-offer.ts';
import { makeServer } from '../../../worker/mcp/server.ts';
import { minimalServer } from './minimal-server.ts';

const minimal = createMcpHandler(minimalServer, { legacy: 'stateless' });
/** `tools/list` reads of its call what is offered; no tool is ever called here. */
const prepared = createMcpHandler(
  () => makeServer({ offer: PRODUCT, platform: { publicUrl: 'http://bare' } } as McpCall),
  { legacy: 'stateless' },
);

/** Servers of the same SDK with the tools of Causeway, which ask nobody who they are. */
export default {
  async fetch(request) {
    switch (new URL(request.url).pathname) {
      case '/hello':
        return new Response('hello');
      case '/minimal':
        return minimal.fetch(request);
      case '/prepared':
        return prepared.fetch(request);
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler;
