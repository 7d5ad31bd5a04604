import type { HttpResponse } from './read-responses.ts';

/** `GET path` as bytes. */
export function getRequest(path: string, headers: Readonly<Record<string, string>> = {}): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${headerLines({ host: '127.0.0.1', ...headers })}\r\n`);
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

/** A POST of JSON as bytes. */
export function postRequest(path: string, body: unknown, headers: Readonly<Record<string, string>>): Buffer {
  return postBytes(path, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

/** A POST of form fields as bytes. */
export function formRequest(
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return postBytes(path, new URLSearchParams(fields).toString(), { ...type, ...headers });
}

function postBytes(path: string, text: string, headers: Readonly<Record<string, string>>): Buffer {
  const lines = headerLines({
    host: '127.0.0.1',
    'content-length': `${Buffer.byteLength(text)}`,
    ...headers,
  });
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines}\r\n${text}`);
}

const VERSION = '2026-07-28';

/** A request of the MCP revision 2026-07-28, which names its version, method and tool in headers as well. */
export function mcpRequest(
  method: 'tools/list' | 'tools/call',
  tool: string | null,
  token: string,
  headers: Readonly<Record<string, string>> = {},
  args: Readonly<Record<string, unknown>> = {},
): Buffer {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientInfo': { name: 'causeway-bench', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = tool === null ? { _meta: meta } : { name: tool, arguments: args, _meta: meta };
  return postRequest(
    '/mcp',
    { jsonrpc: '2.0', id: 1, method, params },
    {
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      ...(tool === null ? {} : { 'mcp-name': tool }),
      ...headers,
    },
  );
}

/** A batch of one statement to postgres-http, as the Worker's driver sends it. */
export function sqlRequest(connectionString: string): Buffer {
  return postRequest(
    '/sql',
    { queries: [{ query: 'select 1 as one', params: [] }] },
    {
      'neon-connection-string': connectionString,
      'neon-raw-text-output': 'true',
      'neon-array-mode': 'true',
    },
  );
}

/** A check that a response is a 200 with this text in its body. */
export function answers(text: string): (response: HttpResponse) => void {
  return ({ status, body }) => {
    if (status === 200 && body.includes(text)) return;
    throw new Error(`expected 200 with ${text}, got ${status}: ${body.slice(0, 300)}`);
  };
}

/** Takes the requests in turn. */
export function inTurn(requests: readonly Buffer[]): () => Buffer {
  let turn = 0;
  return () => requests[turn++ % requests.length] as Buffer;
}
