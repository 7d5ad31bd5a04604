import type { HttpResponse } from '../load/read-responses.ts';
import { postRequest } from '../load/requests.ts';

/** The protocol revisions that are measured: today's, and that of most agents. */
export type Revision = '2026-07-28' | '2025-11-25';
export const REVISIONS: readonly Revision[] = ['2026-07-28', '2025-11-25'];

/** What a client is, as far as its requests show it. */
export interface Caller {
  /** Where the server listens for MCP. */
  readonly path: string;
  readonly token: string;
  /** The session that `initialize` gave in the revision that has them; null where it gave none. */
  readonly session: string | null;
}

const CLIENT = { name: 'causeway-bench', version: '1.0.0' };

/** A request of a revision as bytes: today's names version, method and tool in headers as well. */
export function mcpPost(revision: Revision, caller: Caller, method: string, params: object = {}): Buffer {
  const isNotification = method.startsWith('notifications/');
  const message = { jsonrpc: '2.0', ...(isNotification ? {} : { id: 1 }), method };
  const headers = {
    accept: 'application/json, text/event-stream',
    authorization: `Bearer ${caller.token}`,
  };
  if (revision === '2025-11-25') {
    return postRequest(
      caller.path,
      { ...message, params },
      {
        ...headers,
        ...(method === 'initialize' ? {} : { 'mcp-protocol-version': revision }),
        ...(caller.session === null ? {} : { 'mcp-session-id': caller.session }),
      },
    );
  }
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': CLIENT,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const name = 'name' in params ? { 'mcp-name': String(params.name) } : {};
  return postRequest(
    caller.path,
    { ...message, params: { ...params, _meta } },
    { ...headers, ...name, 'mcp-protocol-version': revision, 'mcp-method': method },
  );
}

/** Opens a conversation as a client of the revision does, and gives the caller as it is from then on. */
export function* open(revision: Revision, caller: Caller): Generator<Buffer, Caller, HttpResponse> {
  if (revision === '2026-07-28') {
    expectAnswer(yield mcpPost(revision, caller, 'server/discover'), '"supportedVersions"');
    return caller;
  }
  const opened = yield mcpPost(revision, caller, 'initialize', {
    protocolVersion: revision,
    capabilities: {},
    clientInfo: CLIENT,
  });
  expectAnswer(opened, '"protocolVersion"');
  const session = /^mcp-session-id: *(\S+)/im.exec(opened.head)?.[1] ?? null;
  const from = { ...caller, session };
  const told = yield mcpPost(revision, from, 'notifications/initialized');
  if (told.status !== 202) throw unexpected(told, '202');
  return from;
}

/** Throws where a response is not what was asked for: a fast error is no result. */
export function expectAnswer(response: HttpResponse, text: string): void {
  if (response.status !== 200 || !response.body.includes(text))
    throw unexpected(response, `200 with ${text}`);
}

function unexpected({ status, body }: HttpResponse, wanted: string): Error {
  return new Error(`expected ${wanted}, got ${status}: ${body.slice(0, 300)}`);
}
