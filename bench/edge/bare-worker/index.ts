import { createMcpHandler } from '@modelcontextprotocol/server';
import { createDatabase, type Database } from '../../../worker/database/database.ts';
import { onlyRow, query } from '../../../worker/database/query.ts';
import { importTicketKey } from '../../../worker/database/ticket.ts';
import { enter } from '../../../worker/database/with-tenant.ts';
import type { McpCall } from '../../../worker/mcp/mcp-call.ts';
import { PRODUCT } from '../../../worker/mcp/product-offer.ts';
import { makeServer } from '../../../worker/mcp/server.ts';
import type { TenantGate } from '../../../worker/tenants/tenant-gate.ts';

export { TenantGate } from '../../../worker/tenants/tenant-gate.ts';

interface BareEnv {
  readonly TENANT_GATE: DurableObjectNamespace<TenantGate>;
  readonly OUTBOUND: Fetcher;
  readonly DATABASE_URL: string;
  readonly DATABASE_HTTP_URL: string;
  readonly CONTEXT_KEY: string;
  /** A live API token of the benchmark, which `/enter` enters with: `tenant token user`. */
  readonly CREDENTIAL: string;
}

let database: Promise<Database> | undefined;

async function open(env: BareEnv): Promise<Database> {
  return createDatabase({
    connectionString: env.DATABASE_URL,
    endpoint: env.DATABASE_HTTP_URL,
    fetch: (input, init) => env.OUTBOUND.fetch(input, init),
    ticketKey: await importTicketKey(env.CONTEXT_KEY),
  });
}

/** `tools/list` reads of its call what is offered; no tool is ever called here. */
const handler = createMcpHandler(
  () => makeServer({ offer: PRODUCT, platform: { publicUrl: 'http://bare' } } as McpCall),
  { legacy: 'stateless' },
);

/** Parts of the Worker that serves Causeway, each alone behind a path of its own. */
export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname;
    switch (path) {
      case '/hello':
        return new Response('hello');
      case '/gate': {
        const gate = env.TENANT_GATE.get(env.TENANT_GATE.idFromName('bench'));
        return Response.json(await gate.admit('nobody', '', null));
      }
      case '/select': {
        database ??= open(env);
        const [row] = await (await database).transaction([query('select 1 as one', [], onlyRow)]);
        return Response.json(row);
      }
      case '/enter': {
        database ??= open(env);
        const [tenantId = '', token = '', userId = ''] = env.CREDENTIAL.split(' ');
        const identity = await enter(await database, {
          tenantId,
          userId,
          credential: { kind: 'api_token', id: token },
          needs: { scopes: [], role: null },
          requestId: 'req_bench',
          address: null,
          userAgent: null,
        });
        return Response.json(identity);
      }
      case '/mcp':
        return handler.fetch(request, { parsedBody: await request.json() });
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<BareEnv>;
