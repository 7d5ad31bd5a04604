import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../env.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Principal } from '../../tenants/principal.ts';
import { EventStream } from './event-stream.ts';
import type { Level } from './logging.ts';
import { SessionStore } from './session-store.ts';
import { SessionWatch } from './session-watch.ts';
import { encodePriming, SSE_HEADERS } from './sse.ts';
import { Waiters } from './waiters.ts';

/** What a session keeps is dropped this long after its last use, or up to one look later; the session itself goes on. */
const KEPT_MS = 60 * 60_000;
const LOOK_MS = KEPT_MS / 4;
const MINUTE_MS = 60_000;
/** A cancellation is known this long: its call asks once it has run for a second, and anew where its client comes back. */
const CANCELLED_MS = 30_000;
/** Changes are heard this long after a stream broke. */
const LINGER_MS = 60_000;

/** What the Worker asks of the object for a GET. */
export interface StreamWish {
  /** Whose stream it is; what it may see is asked of the database for each batch of changes. */
  readonly principal: Principal;
  /** Whether the client understands an event without data. */
  readonly isPrimed: boolean;
}

/**
 * One a session of the 2025 era that has state: a stream to its client, a question, a subscription, a logging level, a
 * call that takes long. Whoever calls it has opened the session's sealed id, so it checks nothing more. It is meeting
 * point, memory and pen: what must reach the client while its stream is broken is kept, within bounds.
 */
export class McpSession extends DurableObject<Env> {
  private readonly store: SessionStore;
  private readonly watch: SessionWatch;
  private readonly waiters = new Waiters();
  private readonly cancelled = new Map<string, number>();
  private stream: EventStream | undefined;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.store = new SessionStore(context.storage.sql);
    this.watch = new SessionWatch(env, {
      subscriptions: () => this.store.subscriptions(),
      tell: (notification) => this.tell(notification),
      ended: () => this.stream?.close(),
    });
  }

  /** Makes a question known that is about to be sent; false where too many are open. */
  async expectAnswer(question: string): Promise<boolean> {
    await this.use();
    return this.store.openQuestion(question, Date.now());
  }

  /** The client's answer, as JSON; null where none came within `waitMs`. */
  async answerTo(question: string, waitMs: number): Promise<string | null> {
    const answer = this.store.takeAnswer(question);
    if (answer !== null) return answer;
    await this.waiters.wait(`answer ${question}`, waitMs);
    return this.store.takeAnswer(question);
  }

  /** Takes an answer from the client; one that nobody waits for is dropped. */
  takeAnswer(question: string, answer: string): void {
    if (this.store.answerQuestion(question, answer)) this.waiters.tell(`answer ${question}`);
  }

  /** Cancels a call of this session, by the id that the client gave it. */
  cancel(request: string): void {
    const now = Date.now();
    for (const [known, at] of this.cancelled) if (now - at > CANCELLED_MS) this.cancelled.delete(known);
    this.cancelled.set(request, now);
    this.waiters.tell(`cancel ${request}`);
  }

  /** Whether the client has cancelled this call, waiting at most `waitMs` for it. */
  async isCancelled(request: string, waitMs: number): Promise<boolean> {
    if (!this.cancelled.has(request)) await this.waiters.wait(`cancel ${request}`, waitMs);
    return this.cancelled.has(request);
  }

  level(): Level | null {
    return this.store.get('level') as Level | null;
  }

  async setLevel(level: Level): Promise<void> {
    await this.use();
    this.store.set('level', level);
  }

  /** False where the session has as many subscriptions as it may. */
  async subscribe(uri: string): Promise<boolean> {
    await this.use();
    return this.store.subscribe(uri);
  }

  unsubscribe(uri: string): void {
    this.store.unsubscribe(uri);
  }

  /** Ends the stream and forgets everything; who remembers that the session has ended is the tenant's gate. */
  async end(): Promise<void> {
    const { stream } = this;
    this.stream = undefined;
    stream?.close();
    await this.forget();
  }

  /** A session with an open stream is in use; one whose object was evicted under its stream was so at the last look. */
  override async alarm(): Promise<void> {
    if (this.stream?.isOpen === true) await this.use();
    const usedAt = Number(this.store.get('used_at') ?? 0);
    if (Date.now() - usedAt < KEPT_MS) return this.ctx.storage.setAlarm(Date.now() + LOOK_MS);
    await this.forget();
  }

  /**
   * The client's stream, after the event that `Last-Event-ID` names. A newer stream takes the place of an older one. It ends
   * with the credential; 429 where that has as many streams as it may.
   */
  override async fetch(request: Request): Promise<Response> {
    const { principal, isPrimed } = (await request.json()) as StreamWish;
    let wasHeard: boolean;
    try {
      wasHeard = await this.watch.start(principal);
    } catch (error) {
      if (error instanceof Refusal) return new Response(error.message, { status: 429 });
      throw error;
    }
    await this.use();
    this.stream?.close();
    const stream = new EventStream();
    this.stream = stream;
    this.ctx.waitUntil(stream.ended.then(() => this.linger(stream)));
    const lastEventId = request.headers.get('last-event-id');
    if (lastEventId !== null) this.replay(lastEventId, stream, wasHeard);
    else if (isPrimed) stream.write(encodePriming(this.store.newestId()));
    return new Response(stream.body, { headers: SSE_HEADERS });
  }

  /** Keeps a message for the client, and sends it where there is a stream. What a session heard before it was forgotten is nobody's. */
  private tell(message: object): void {
    if (this.store.get('used_at') === null) return;
    const event = this.store.addEvent(message);
    if (this.stream?.isOpen === true) this.stream.send(event);
  }

  /** A client whose connection broke comes back soon, and asks for what it missed. */
  private async linger(stream: EventStream): Promise<void> {
    if (this.stream !== stream) return;
    await this.use();
    await scheduler.wait(LINGER_MS);
    if (this.stream === stream) this.watch.stop();
  }

  /** Sends what came after an event; where that is not known whole, or nobody heard, it says that anything may have changed. */
  private replay(lastEventId: string, stream: EventStream, wasHeard: boolean): void {
    const { events, isWhole } = this.store.eventsAfter(lastEventId);
    for (const event of events) stream.send(event);
    if (isWhole && wasHeard) return;
    for (const message of anythingChanged(this.store.subscriptions()))
      stream.send(this.store.addEvent(message));
  }

  /** Nothing is heard any more either: it would be kept, and no alarm would come for it. */
  private async forget(): Promise<void> {
    this.watch.stop();
    this.store.clear();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  /** Notes that the session is used, to the minute, and sees that it will be forgotten. */
  private async use(): Promise<void> {
    const now = Date.now();
    const usedAt = this.store.get('used_at');
    if (usedAt !== null && now - Number(usedAt) < MINUTE_MS) return;
    this.store.set('used_at', `${now}`);
    if (usedAt === null) await this.ctx.storage.setAlarm(now + LOOK_MS);
  }
}

function anythingChanged(subscriptions: readonly string[]): readonly object[] {
  return [
    { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
    { jsonrpc: '2.0', method: 'notifications/resources/list_changed' },
    ...subscriptions.map((uri) => ({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri },
    })),
  ];
}
