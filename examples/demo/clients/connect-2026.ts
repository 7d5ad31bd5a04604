import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { authorization, CLIENT_INFO, type DemoClient, type Endpoint, type RawReply } from './demo-client.ts';

const REVISION = '2026-07-28';

/** A client of the revision 2026-07-28: no session, `server/discover` first. Fails where the server does not speak it. */
export async function connect2026(endpoint: Endpoint): Promise<DemoClient> {
  const client = new Client(CLIENT_INFO, { versionNegotiation: { mode: { pin: REVISION } } });
  const transport = new StreamableHTTPClientTransport(new URL(endpoint.mcpUrl), {
    requestInit: authorization(endpoint),
  });
  await client.connect(transport);
  return asDemoClient(client);
}

/** A connected client of this SDK, whichever revision it agreed on. */
export function asDemoClient(client: Client): DemoClient {
  return {
    revision: client.getNegotiatedProtocolVersion() ?? 'unknown',
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async callTool(name, input, { timeoutMs, onProgress }) {
      const options = { timeout: timeoutMs, ...(onProgress === undefined ? {} : { onprogress: onProgress }) };
      return (await client.callTool({ name, arguments: { ...input } }, options)) as RawReply;
    },
    close: () => client.close(),
  };
}
