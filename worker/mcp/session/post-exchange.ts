import {
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
} from '@modelcontextprotocol/server';
import { encodeEvent, encodePriming, KEEP_ALIVE, KEEP_ALIVE_MS, SSE_HEADERS } from './sse.ts';

/** A call that takes longer is answered as a stream, so that its connection shows that it lives. */
const STREAM_AFTER_MS = 1000;

/**
 * One POST of the 2025 era as a server's transport (MCP 2025-11-25, Streamable HTTP, "Sending Messages to the Server"):
 * JSON where the answer is all there is, a stream of events where something comes before it or it takes long. It ends
 * with its answer, with the client's going away, or by {@link close}.
 */
export class PostExchange implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  /** What `initialize` agreed on; the SDK sets it. */
  protocolVersion: string | undefined;
  readonly response: Promise<Response>;
  /** Resolves when nothing will be sent any more. */
  readonly over: Promise<void>;
  private readonly tellOver: () => void;
  private readonly requestId: RequestId;
  private readonly respond: (response: Response) => void;
  private readonly streamTimer: ReturnType<typeof setTimeout>;
  private stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  private keepAlive: ReturnType<typeof setInterval> | undefined;
  private priming: Uint8Array | undefined;
  private isOver = false;

  constructor(requestId: RequestId, signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.requestId = requestId;
    this.response = promise;
    this.respond = resolve;
    const over = Promise.withResolvers<void>();
    this.over = over.promise;
    this.tellOver = over.resolve;
    this.streamTimer = setTimeout(() => this.openStream(), STREAM_AFTER_MS);
    signal.addEventListener('abort', () => void this.close(), { once: true });
  }

  async start(): Promise<void> {}

  readonly setProtocolVersion = (version: string): void => {
    this.protocolVersion = version;
  };

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.isOver) return;
    const isAnswer =
      (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) && message.id === this.requestId;
    if (isAnswer && this.stream === undefined) this.respond(Response.json(message));
    else this.openStream().enqueue(encodeEvent(message));
    if (isAnswer) await this.close();
  }

  async close(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.streamTimer);
    if (this.keepAlive !== undefined) clearInterval(this.keepAlive);
    this.stream?.close();
    // Nobody waits for the answer of a cancelled request.
    this.respond(new Response(null, { status: 202 }));
    this.tellOver();
    this.onclose?.();
  }

  /** Lets a client whose stream breaks come back with this as `Last-Event-ID`. An answer that is no stream does not need it. */
  resumeAfter(eventId: string): void {
    if (this.isOver) return;
    this.priming = encodePriming(eventId);
    this.stream?.enqueue(this.priming);
  }

  /** Tells the server that the client wants no answer any more, and ends. */
  cancel(requestId: RequestId): Promise<void> {
    this.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
    return this.close();
  }

  /** Answers as a stream from now on. */
  openStream(): ReadableStreamDefaultController<Uint8Array> {
    if (this.stream !== undefined) return this.stream;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.stream = controller;
      },
      cancel: () => {
        this.stream = undefined;
        return this.close();
      },
    });
    this.keepAlive = setInterval(() => this.stream?.enqueue(KEEP_ALIVE), KEEP_ALIVE_MS);
    const stream = this.stream as unknown as ReadableStreamDefaultController<Uint8Array>;
    if (this.priming !== undefined) stream.enqueue(this.priming);
    this.respond(new Response(body, { headers: SSE_HEADERS }));
    return stream;
  }
}
