import { postMcp, readMessage } from './mcp-call.ts';
import type { TestStack } from './stack.ts';

export const MODERN = '2026-07-28';

/** What a client of 2026-07-28 says of itself with each request. */
export function envelope(capabilities: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  };
}

export interface ModernWish {
  readonly id?: unknown;
  readonly params?: Record<string, unknown>;
  readonly meta?: Record<string, unknown>;
  readonly capabilities?: Record<string, unknown>;
  /** Undefined leaves a header out. */
  readonly headers?: Record<string, string | undefined>;
  readonly signal?: AbortSignal;
}

/** Sends a request as a client of 2026-07-28 does: version, method and name stand in headers as well. */
export function postModern(
  stack: TestStack,
  token: string,
  method: string,
  wish: ModernWish = {},
): Promise<Response> {
  const params = wish.params ?? {};
  const headers = {
    'mcp-protocol-version': MODERN,
    'mcp-method': method,
    ...(typeof params.name === 'string' ? { 'mcp-name': params.name } : {}),
    ...wish.headers,
  };
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return postMcp(
    stack,
    token,
    {
      jsonrpc: '2.0',
      id: wish.id === undefined ? 1 : wish.id,
      method,
      params: { ...params, _meta: { ...envelope(wish.capabilities), ...wish.meta } },
    },
    {
      headers: Object.fromEntries(given),
      ...(wish.signal === undefined ? {} : { signal: wish.signal }),
    },
  );
}

/** The JSON-RPC message that answers a request of 2026-07-28. */
export async function askModern(
  stack: TestStack,
  token: string,
  method: string,
  wish: ModernWish = {},
): Promise<Record<string, unknown>> {
  return readMessage(await postModern(stack, token, method, wish));
}
