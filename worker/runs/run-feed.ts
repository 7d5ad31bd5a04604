import { DurableObject } from 'cloudflare:workers';
import { type FeedEvent, type FeedReceipt, feedEventSchema } from '../../protocol/feed.ts';
import type { Env } from '../env.ts';
import { answerClose } from '../http/answer-close.ts';
import { readJson } from '../input/parse-json.ts';
import { FeedBuffer, type FeedPage } from './feed/feed-buffer.ts';
import { type SoFar, soFar } from './feed/so-far.ts';

/** Events are written this long after they came: most runs are over by then, and never touch the disk. */
const WRITE_AFTER_MS = 500;
/** The pool says when a run is over and drops its feed. Where that word is lost, the alarm does it. */
const KEPT_AFTER_CLOSE_MS = 60_000;
const KEPT_WITHOUT_END_MS = 15 * 60_000;
const MESSAGE_CHARS_MAX = 256 * 1024;

/** Why a socket is closed for good (RFC 6455, section 7.4.2). */
const CLOSE = {
  replaced: [4001, 'another connection took over'],
  over: [4002, 'the attempt is over'],
  invalid: [4004, 'a message could not be understood'],
} as const satisfies Record<string, readonly [number, string]>;

/**
 * One a run that someone follows or that lives longer than a moment: its output and progress while it runs, replayable from
 * a bounded buffer. What it carries is in the run's outcome and blobs before the run is over, so the end leaves nothing here.
 */
export class RunFeed extends DurableObject<Env> {
  private readonly buffer: FeedBuffer;
  private readers: (() => void)[] = [];
  private writing: ReturnType<typeof setTimeout> | null = null;
  private isOver = false;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.buffer = new FeedBuffer(context.storage.sql);
  }

  /**
   * Events after a position (0: from the start of what is kept), waiting at most `waitMs` for the first. Ask again with
   * the position that it returns.
   */
  async read(after: number, waitMs: number): Promise<FeedPage> {
    if (waitMs > 0 && !this.isOver && this.buffer.isEmptyAfter(after)) await this.untilNews(waitMs);
    return this.buffer.read(after);
  }

  /** The end of what the run has printed, and how far it says to be. */
  soFar(): SoFar {
    return soFar(this.buffer.all());
  }

  /** Ends the socket on which an attempt is told of, because its executor may not speak any more. */
  end(fence: number): void {
    for (const socket of this.ctx.getWebSockets())
      if (socket.deserializeAttachment() === fence) socket.close(...CLOSE.over);
  }

  /** The run is over, and all that it printed is in its outcome and blobs: forgets it. */
  async finish(): Promise<void> {
    this.isOver = true;
    for (const socket of this.ctx.getWebSockets()) socket.close(...CLOSE.over);
    this.tellReaders();
    await this.drop();
  }

  /** The upgrade of an executor whose capability the Worker has checked. */
  override fetch(request: Request): Response {
    const fence = Number(new URL(request.url).searchParams.get('fence'));
    const { 0: client, 1: server } = new WebSocketPair();
    for (const older of this.ctx.getWebSockets()) older.close(...CLOSE.replaced);
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(fence);
    this.write(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    if (this.isOver || socket.readyState !== WebSocket.OPEN) return;
    const event = parse(message);
    if (event === null) {
      socket.close(...CLOSE.invalid);
      return;
    }
    if (!this.buffer.add(socket.deserializeAttachment() as number, event)) return;
    this.tellReaders();
    if (this.buffer.isFull) this.write(socket);
    else this.writing ??= setTimeout(() => this.write(socket), WRITE_AFTER_MS);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    answerClose(socket, code);
    if (this.isOver || this.hasSocket(socket)) return;
    this.write(null);
    if (this.buffer.isStored) await this.ctx.storage.setAlarm(Date.now() + KEPT_AFTER_CLOSE_MS);
  }

  override async alarm(): Promise<void> {
    if (this.hasSocket(null)) return this.ctx.storage.setAlarm(Date.now() + KEPT_WITHOUT_END_MS);
    await this.drop();
  }

  /** Writes what came, and then says on this socket what is safe: its executor keeps the rest to send it again. */
  private write(socket: WebSocket | null): void {
    this.stopWaiting();
    const wasStored = this.buffer.isStored;
    this.buffer.flush();
    if (!wasStored && this.buffer.isStored)
      this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + KEPT_WITHOUT_END_MS));
    if (socket === null || socket.readyState !== WebSocket.OPEN) return;
    // The platform holds this back until what was written before is on the disk.
    const receipt: FeedReceipt = { have: this.buffer.have(socket.deserializeAttachment() as number) };
    socket.send(JSON.stringify(receipt));
  }

  private stopWaiting(): void {
    if (this.writing !== null) clearTimeout(this.writing);
    this.writing = null;
  }

  private hasSocket(beside: WebSocket | null): boolean {
    return this.ctx
      .getWebSockets()
      .some((socket) => socket !== beside && socket.readyState === WebSocket.OPEN);
  }

  private async drop(): Promise<void> {
    this.stopWaiting();
    const wasStored = this.buffer.isStored;
    this.buffer.clear();
    if (!wasStored) return;
    await this.ctx.storage.deleteAlarm();
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
  const read = readJson(message);
  const parsed = read.ok ? feedEventSchema.safeParse(read.value) : null;
  return parsed?.success ? parsed.data : null;
}
