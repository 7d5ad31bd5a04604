import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { authorization, CLIENT_INFO, type DemoClient, type Endpoint, type RawReply } from './demo-client.ts';

/** A client of yesterday, as many still are: `initialize`, revision 2025-11-25. */
export async function connect2025(endpoint: Endpoint): Promise<DemoClient> {
  const client = new Client(CLIENT_INFO);
  const transport = new StreamableHTTPClientTransport(new URL(endpoint.mcpUrl), {
    requestInit: authorization(endpoint),
  });
  await client.connect(transport as Transport);
  return asDemoClient(client, transport);
}

/** A connected client of this SDK. */
export function asDemoClient(client: Client, transport: StreamableHTTPClientTransport): DemoClient {
  return {
    revision: transport.protocolVersion ?? 'unknown',
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async callTool(name, input, { timeoutMs, onProgress }) {
      const options = { timeout: timeoutMs, ...(onProgress === undefined ? {} : { onprogress: onProgress }) };
      return (await client.callTool({ name, arguments: { ...input } }, undefined, options)) as RawReply;
    },
    close: () => client.close(),
  };
}
