import type { Implementation, Server } from '@modelcontextprotocol/server';
import { iconsOf } from './icons.ts';
import { INSTRUCTIONS } from './instructions.ts';
import type { McpCall } from './mcp-call.ts';
import { answer } from './perform.ts';
import { ProtocolServer } from './protocol-server.ts';
import { type KindName, REQUEST_KINDS } from './request-kinds.ts';
import { SKILLS_EXTENSION, serveSkills } from './skills/serve-skills.ts';

const FIVE_MINUTES_MS = 300_000;

/** How long a client may keep an answer (2026-07-28): what is the same for everybody, and what depends on the principal. */
const CACHE_HINTS = {
  'server/discover': { ttlMs: FIVE_MINUTES_MS, cacheScope: 'public' },
  'tools/list': { ttlMs: FIVE_MINUTES_MS, cacheScope: 'private' },
  'prompts/list': { ttlMs: FIVE_MINUTES_MS, cacheScope: 'public' },
  'resources/templates/list': { ttlMs: FIVE_MINUTES_MS, cacheScope: 'public' },
  'resources/list': { ttlMs: 10_000, cacheScope: 'private' },
  'resources/read': { ttlMs: 0, cacheScope: 'private' },
} as const;

/** A server for one request. Both eras are served by it; what differs is the SDK's concern. */
export function makeServer(mcp: McpCall): Server {
  const { offer } = mcp;
  const { publicUrl } = mcp.platform;
  const server = new ProtocolServer(serverInfo(publicUrl), {
    capabilities: {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: {},
      completions: {},
      logging: {},
      extensions: SKILLS_EXTENSION,
    },
    instructions: INSTRUCTIONS,
    cacheHints: CACHE_HINTS,
  });
  server.setRequestHandler('tools/list', () => ({ tools: offer.listTools() }));
  server.setRequestHandler('prompts/list', () => ({ prompts: offer.listPrompts(publicUrl) }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: offer.listTemplates(publicUrl),
  }));
  for (const method of Object.keys(REQUEST_KINDS) as KindName[]) {
    // What a kind answers is the result of its own method, which a union of methods cannot say.
    server.setRequestHandler(
      method,
      ({ params }, context) => answer(REQUEST_KINDS[method], params, mcp, context) as Promise<never>,
    );
  }
  serveSkills(server);
  return server;
}

/** Who serves; it leaves with every answer of 2026-07-28. */
function serverInfo(publicUrl: string): Implementation {
  const icons = iconsOf(publicUrl, 'icon');
  return { name: 'causeway', title: 'Causeway', version: '0.1.0', websiteUrl: publicUrl, icons };
}
