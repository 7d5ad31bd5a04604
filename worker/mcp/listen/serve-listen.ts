import {
  createMcpHandler,
  type Server,
  type ServerEvent,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import type { McpCall } from '../mcp-call.ts';
import { makeServer } from '../server.ts';
import type { ListenFilter } from './listen-filter.ts';
import { PacedBody } from './paced-body.ts';
import { watchChanges } from './watch-changes.ts';

/** A comment keeps the stream open through proxies, and finds a client that is gone. */
const KEEP_ALIVE_MS = 15_000;

/**
 * Serves `subscriptions/listen` (2026-07-28): a stream of change notifications that ends, with the protocol's own result,
 * when the credential behind it does. Its line to the tenant's gate is open before the client is told that it listens, so
 * that no change falls between. The SDK judges the request and writes the frames.
 *
 * @throws Refusal limit_exceeded
 */
export async function serveListen(
  request: Request,
  parsedBody: unknown,
  filter: ListenFilter,
  mcp: McpCall,
): Promise<Response> {
  const gone = new AbortController();
  request.signal.addEventListener('abort', () => gone.abort(), { once: true });
  let tell: (event: ServerEvent) => void = () => {};
  const bus: ServerEventBus = {
    publish: (event) => tell(event),
    subscribe(listener) {
      tell = listener;
      return () => gone.abort();
    },
  };
  const handler = createMcpHandler(() => listeningServer(mcp), {
    legacy: 'reject',
    bus,
    keepAliveMs: KEEP_ALIVE_MS,
  });
  let body: PacedBody | undefined;
  const { ended } = await watchChanges(mcp.platform, mcp.principal, {
    filter: () => filter,
    deliver: (event) => tell(event),
    ready: () => body?.ready() ?? Promise.resolve(),
    signal: gone.signal,
  });
  const response = await handler.fetch(request, { parsedBody });
  if (response.body === null || response.headers.get('content-type') !== 'text/event-stream') {
    gone.abort();
    return response;
  }
  body = new PacedBody(response.body as ReadableStream<Uint8Array>, () => gone.abort());
  void ended.finally(() => handler.close());
  return new Response(body.stream, response);
}

/** A server as far as this stream is concerned: it acknowledges what the stream can tell of. */
function listeningServer(mcp: McpCall): Server {
  const server = makeServer(mcp);
  server.registerCapabilities({
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
  });
  return server;
}
