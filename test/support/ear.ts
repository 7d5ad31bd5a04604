import { readMessage } from './mcp-call.ts';
import { envelope, MODERN } from './modern-call.ts';
import type { TestStack } from './stack.ts';

/** An agent's ear: it asks as a client of one era does, and keeps every byte that comes back, as it comes, headers and all. */
export class Ear {
  readonly heard: string[] = [];
  private readonly stack: TestStack;
  private readonly token: string;
  private readonly era: '2025' | '2026';

  constructor(stack: TestStack, token: string, era: '2025' | '2026') {
    this.stack = stack;
    this.token = token;
    this.era = era;
  }

  /** The result or error of a request that wants progress and logs. */
  async ask(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const isModern = this.era === '2026';
    const meta = {
      progressToken: 'all',
      ...(isModern ? { ...envelope(), 'io.modelcontextprotocol/logLevel': 'debug' } : {}),
    };
    const name = params.name ?? params.uri;
    const response = await fetch(this.stack.mcpUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${this.token}`,
        ...(isModern ? { 'mcp-protocol-version': MODERN, 'mcp-method': method } : {}),
        ...(isModern && typeof name === 'string' ? { 'mcp-name': name } : {}),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
    });
    const at = this.heard.push(`${method} ${JSON.stringify([...response.headers])}\n`) - 1;
    let text = '';
    for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(
      new TextDecoderStream(),
    )) {
      text += chunk;
      this.heard[at] += chunk;
    }
    return readMessage(new Response(text));
  }

  /** What a tool answers: its structured result, or its error envelope. */
  async call<Structured = Record<string, unknown>>(
    name: string,
    args: Record<string, unknown>,
  ): Promise<Structured> {
    const { result } = (await this.ask('tools/call', { name, arguments: args })) as {
      result: { structuredContent?: Structured; content: { text: string }[] };
    };
    return result.structuredContent ?? (JSON.parse(result.content[0]?.text ?? '{}') as Structured);
  }

  /** A GET of an address that was handed over. */
  async open(url: string, headers: Record<string, string> = {}): Promise<number> {
    const response = await fetch(url, { headers, redirect: 'manual' });
    this.heard.push(
      `GET ${response.status} ${JSON.stringify([...response.headers])}\n${await response.text()}`,
    );
    return response.status;
  }
}
