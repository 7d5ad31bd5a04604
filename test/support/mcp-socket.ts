import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import { WebSocket } from 'ws';
import type { TestStack } from './stack.ts';

const socketUrl = (stack: TestStack) => `${stack.mcpUrl.replace(/^http/, 'ws')}/ws`;

/** The 1.x SDK's transport, which knows no headers: the WebSocket that it makes is given them. */
export function socketTransport(
  stack: TestStack,
  headers: Readonly<Record<string, string>>,
): WebSocketClientTransport {
  const transport = new WebSocketClientTransport(new URL(socketUrl(stack)));
  const start = transport.start.bind(transport);
  transport.start = async () => {
    const { WebSocket: own } = globalThis;
    globalThis.WebSocket = class extends WebSocket {
      constructor(url: URL, protocol: string) {
        super(url, protocol, { headers });
      }
    } as unknown as typeof globalThis.WebSocket;
    const started = start();
    globalThis.WebSocket = own;
    await started;
  };
  return transport;
}

/** A socket whose messages are read one after the other. */
export class RawSocket {
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  private readonly socket: WebSocket;
  private readonly arrived: string[] = [];
  private tell: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.arrived.push(String(data));
      this.tell();
    });
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  /** Opens a socket; where the upgrade is refused, its status. */
  static open(
    stack: TestStack,
    headers: Readonly<Record<string, string>>,
    protocols: readonly string[] = ['mcp'],
  ): Promise<RawSocket | number> {
    const socket = new WebSocket(socketUrl(stack), [...protocols], { headers });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new RawSocket(socket)));
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
      });
      socket.once('error', reject);
    });
  }

  send(message: object | string | Buffer): void {
    const isRaw = typeof message === 'string' || Buffer.isBuffer(message);
    this.socket.send(isRaw ? message : JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  async next(): Promise<Record<string, unknown>> {
    while (this.arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.tell = resolve;
      });
    }
    return JSON.parse(this.arrived.shift() ?? '') as Record<string, unknown>;
  }

  /** The next `count` messages. */
  async take(count: number): Promise<Record<string, unknown>[]> {
    const messages: Record<string, unknown>[] = [];
    while (messages.length < count) messages.push(await this.next());
    return messages;
  }

  close(): void {
    this.socket.close();
  }
}
