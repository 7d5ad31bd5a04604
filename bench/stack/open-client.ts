import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { z } from 'zod';

const PROTOCOL_VERSION = '2026-07-28';

/** A real MCP client of the present revision. */
export interface BenchClient {
  /** Calls a tool; throws where it answers with an error. */
  call<Shape extends z.ZodType>(
    tool: string,
    input: Record<string, unknown>,
    answer: Shape,
    /** Asks for progress, and is told of each notification when it comes. */
    onProgress?: (message: string) => void,
  ): Promise<z.infer<Shape>>;
  close(): Promise<void>;
}

export async function openClient(mcpUrl: string, token: string): Promise<BenchClient> {
  const client = new Client(
    { name: 'causeway-bench', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: PROTOCOL_VERSION } } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(mcpUrl), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  );
  return {
    async call(tool, input, answer, onProgress) {
      const options =
        onProgress === undefined
          ? {}
          : { onprogress: ({ message }: { message?: string | undefined }) => onProgress(message ?? '') };
      const result = await client.callTool({ name: tool, arguments: input }, options);
      if (result.isError === true) throw new Error(`${tool}: ${JSON.stringify(result.content)}`);
      return answer.parse(result.structuredContent);
    },
    close: () => client.close(),
  };
}
