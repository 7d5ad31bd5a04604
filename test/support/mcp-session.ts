import { postMcp, readMessage } from './mcp-call.ts';
import type { TestStack } from './stack.ts';

/** A session of the 2025 era as a client holds it. */
export interface ClientSession {
  readonly id: string;
  readonly version: string;
  /** Sends a message in the session; another token or another id may be given. */
  post(message: object, changes?: { token?: string; id?: string }): Promise<Response>;
  /** Opens the session's stream; `from` is the id of the last event that was seen. */
  listen(from?: string, token?: string): Promise<Response>;
  /** Deletes the session. */
  end(token?: string): Promise<Response>;
}

export interface SessionWish {
  readonly version?: string;
  readonly capabilities?: object;
}

/** Introduces a client, whose answer carries the session's id. */
export async function openSession(
  stack: TestStack,
  token: string,
  { version = '2025-11-25', capabilities = {} }: SessionWish = {},
): Promise<ClientSession> {
  const response = await postMcp(stack, token, {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: version, capabilities, clientInfo: { name: 'test', version: '1' } },
  });
  const id = response.headers.get('mcp-session-id');
  if (id === null) throw new Error(`initialize: ${response.status} ${await response.text()}`);
  await readMessage(response);
  const send = (method: 'GET' | 'DELETE', headers: Record<string, string>, bearer = token) =>
    fetch(stack.mcpUrl, {
      method,
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${bearer}`,
        'mcp-session-id': id,
        'mcp-protocol-version': version,
        ...headers,
      },
    });
  return {
    id,
    version,
    post: (message, changes = {}) =>
      postMcp(
        stack,
        changes.token ?? token,
        { jsonrpc: '2.0', ...message },
        {
          headers: { 'mcp-session-id': changes.id ?? id, 'mcp-protocol-version': version },
        },
      ),
    listen: (from, bearer) => send('GET', from === undefined ? {} : { 'last-event-id': from }, bearer),
    end: (bearer) => send('DELETE', {}, bearer),
  };
}

/** An event of a stream, as far as it was sent. */
export interface SseEvent {
  readonly id: string | null;
  readonly message: { readonly [key: string]: unknown } | null;
}

/** Reads a stream event by event; comments are skipped. Null once it has ended. */
export class SseReader {
  private readonly reader: ReadableStreamDefaultReader<string>;
  private text = '';

  constructor(response: Response) {
    if (response.body === null) throw new Error('a response without a body');
    this.reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next(): Promise<SseEvent | null> {
    for (;;) {
      const end = this.text.indexOf('\n\n');
      if (end >= 0) {
        const lines = this.text.slice(0, end).split('\n');
        this.text = this.text.slice(end + 2);
        if (lines.every((line) => line.startsWith(':'))) continue;
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
        const data = field('data');
        return { id: field('id'), message: data === null || data === '' ? null : JSON.parse(data) };
      }
      const { done, value } = await this.reader.read();
      if (done) return null;
      this.text += value;
    }
  }

  /** Goes away, as a client whose connection breaks. */
  cancel(): Promise<void> {
    return this.reader.cancel();
  }
}
