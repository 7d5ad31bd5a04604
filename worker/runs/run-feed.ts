import { DurableObject } from 'cloudflare:workers';
import { type FeedEvent, feedEventSchema } from '../../protocol/messages.ts';
import type { Env } from '../env.ts';
import { FeedBuffer, type FeedPage } from './feed/feed-buffer.ts';
import { type SoFar, soFar } from './feed/so-far.ts';

/** How long a feed is kept after its executor's socket closed: readers take the tail, a cut socket comes back. */
const KEPT_AFTER_CLOSE_MS = 60_000;
const KEPT_WITHOUT_END_MS = 15 * 60_000;
const MESSAGE_CHARS_MAX = 256 * 1024;

/**
 * One a run that lives longer than a moment: its output and progress while it runs, replayable from a bounded buffer.
 * The whole output is in the run's blobs, so the buffer is dropped soon after the end.
 */
export class RunFeed extends DurableObject<Env> {
  private readonly buffer: FeedBuffer;
  private readers: (() => void)[] = [];

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.buffer = new FeedBuffer(context.storage.sql);
  }

  /**
   * Events after a position (0: from the start of what is kept), waiting at most `waitMs` for the first. Ask again with
   * the position that it returns.
   */
  async read(after: number, waitMs: number): Promise<FeedPage> {
    if (waitMs > 0 && this.buffer.isEmptyAfter(after)) await this.untilNews(waitMs);
    return this.buffer.read(after);
  }

  /** The end of what the run has printed, and how far it says to be. */
  soFar(): SoFar {
    return soFar(this.buffer.all());
  }

  /** Ends the socket on which an attempt is told of, because its executor may not speak any more. */
  end(fence: number): void {
    for (const socket of this.ctx.getWebSockets())
      if (socket.deserializeAttachment() === fence) socket.close(4002, 'the attempt is over');
  }

  /** The upgrade of an executor whose capability the Worker has checked. */
  override async fetch(request: Request): Promise<Response> {
    const fence = Number(new URL(request.url).searchParams.get('fence'));
    const { 0: client, 1: server } = new WebSocketPair();
    for (const older of this.ctx.getWebSockets()) older.close(4001, 'another connection took over');
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(fence);
    await this.ctx.storage.setAlarm(Date.now() + KEPT_WITHOUT_END_MS);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const event = parse(message);
    if (event === null) {
      socket.close(4004, 'a message could not be understood');
      return;
    }
    this.buffer.add(socket.deserializeAttachment() as number, event);
    this.tellReaders();
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
    if (this.ctx.getWebSockets().some((other) => other !== socket && other.readyState === WebSocket.OPEN))
      return;
    await this.ctx.storage.setAlarm(Date.now() + KEPT_AFTER_CLOSE_MS);
  }

  override async alarm(): Promise<void> {
    if (this.ctx.getWebSockets().some((socket) => socket.readyState === WebSocket.OPEN)) {
      return this.ctx.storage.setAlarm(Date.now() + KEPT_WITHOUT_END_MS);
    }
    this.buffer.clear();
    await this.ctx.storage.deleteAll();
  }

  private untilNews(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.readers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private tellReaders(): void {
    const readers = this.readers;
    this.readers = [];
    for (const tell of readers) tell();
  }
}

function parse(message: string | ArrayBuffer): FeedEvent | null {
  if (typeof message !== 'string' || message.length > MESSAGE_CHARS_MAX) return null;
  try {
    const parsed = feedEventSchema.safeParse(JSON.parse(message));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
