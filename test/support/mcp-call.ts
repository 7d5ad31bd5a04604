import type { ErrorEnvelope } from '../../protocol/errors.ts';
import type { TestStack } from './stack.ts';

/** What a tool call came to, as a client sees it. */
export interface ToolReply<Structured = Record<string, unknown>> {
  readonly status: number;
  readonly structured: Structured;
  /** The envelope of a tool error, or null. */
  readonly error: ErrorEnvelope | null;
  readonly content: readonly {
    readonly type: string;
    readonly text?: string;
    readonly data?: string;
    readonly mimeType?: string;
  }[];
}

export interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** Sends one JSON-RPC message to `/mcp` as a client of the 2025 era without a session. */
export function postMcp(
  stack: TestStack,
  token: string | null,
  message: unknown,
  options: CallOptions = {},
): Promise<Response> {
  return fetch(stack.mcpUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...options.headers,
    },
    body: typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Calls a tool and reads its result, whether it comes as JSON or as a stream of one event. */
export async function callTool<Structured = Record<string, unknown>>(
  stack: TestStack,
  token: string,
  name: string,
  input: Record<string, unknown> = {},
  options: CallOptions = {},
): Promise<ToolReply<Structured>> {
  const response = await postMcp(
    stack,
    token,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } },
    options,
  );
  const message = await readMessage(response);
  const result = message.result as
    | { isError?: boolean; structuredContent?: Structured; content: ToolReply['content'] }
    | undefined;
  if (result === undefined) throw new Error(`${name}: ${response.status} ${JSON.stringify(message)}`);
  return {
    status: response.status,
    structured: result.structuredContent as Structured,
    error: result.isError === true ? (JSON.parse(result.content[0]?.text ?? '{}') as ErrorEnvelope) : null,
    content: result.content,
  };
}

/** The JSON-RPC message of a response: its body, or the last event of its stream. */
export async function readMessage(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data ?? '');
  return JSON.parse(events.at(-1) ?? text) as Record<string, unknown>;
}
