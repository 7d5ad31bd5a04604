import { limit } from '../../../protocol/limits.ts';
import { log } from '../../log.ts';
import { SESSION_HEADER } from '../session/protocol.ts';
import { followStream } from './follow-stream.ts';
import { BEAT_MS, Heartbeat } from './heartbeat.ts';
import { admitMessage } from './large-messages.ts';
import { type Frame, readFrame } from './read-frame.ts';
import { readResponse } from './read-response.ts';

/** Requests that are answered at the same time. */
const UNDERWAY_MAX = 16;
/** Answers, notifications and what cannot be read, at the same time; a client that sends more of them sends to harm. */
const OTHERS_MAX = 64;
const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;
const SERVER_ERROR = -32000;

/** What a connection needs of the world. */
export interface ConnectionWorld {
  /** Whose socket it is. */
  readonly tenant: string;
  /** Answers a request to `/mcp`, as the front door does: credential, limits and log included. */
  readonly serve: (request: Request) => Promise<Response>;
  readonly send: (text: string) => void;
  /** Ends the connection (RFC 6455, section 7.4). */
  readonly close: (code: number, reason: string) => void;
  /** Does something again and again, until what it returns is called. */
  readonly every: (ms: number, act: () => void) => () => void;
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * One WebSocket: each message is served as the POST that it would be over HTTP, and what comes back is sent as it comes.
 * The connection adds what HTTP has and a socket has not: the session's id, the headers, and the session's stream.
 */
export class Connection {
  private readonly world: ConnectionWorld;
  private readonly url: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly underway = new Map<string, AbortController>();
  private readonly over = new AbortController();
  private readonly heartbeat = new Heartbeat();
  private session: Readonly<Record<string, string>> = {};
  /** The session whose stream is sent on, until it is stopped. */
  private following = { session: this.session, stop: new AbortController() };
  private others = 0;

  /** `headers` go with each request: the credential, and whose address it comes from. */
  constructor(world: ConnectionWorld, url: string, headers: Readonly<Record<string, string>>) {
    this.world = world;
    this.url = url;
    this.headers = headers;
    const stop = world.every(BEAT_MS, () => this.beat());
    this.over.signal.addEventListener('abort', stop, { once: true });
  }

  /** Serves one message of the client. Never throws. */
  async take(message: string | ArrayBuffer): Promise<void> {
    // What had arrived before the end comes after it.
    if (this.over.signal.aborted) return;
    this.heartbeat.hear();
    if (typeof message !== 'string') return this.end(1003, 'messages are text');
    // As many characters are as many bytes at least; where they are more, who serves it says so.
    if (message.length > limit('request_body_bytes')) return this.end(1009, 'the message is too large');
    const frame = readFrame(message);
    if (Heartbeat.isAnswer(frame.answerTo)) return;
    if (frame.cancels !== undefined) this.underway.get(JSON.stringify(frame.cancels))?.abort();
    const isRequest = frame.requestId !== null;
    if (!isRequest && this.others >= OTHERS_MAX) return this.end(1008, 'too many messages at once');
    const fault = isRequest ? this.faultOf(frame) : null;
    if (fault !== null) return this.refuse(frame, fault.code, fault.message);
    const served = admitMessage(this.world.tenant, message);
    if (served === null) return this.refuse(frame, SERVER_ERROR, 'Too many large messages are being served.');
    const controller = new AbortController();
    const key = JSON.stringify(frame.requestId);
    if (isRequest) this.underway.set(key, controller);
    else this.others += 1;
    try {
      await this.answer(frame, message, AbortSignal.any([controller.signal, this.over.signal]));
    } catch (error) {
      if (!controller.signal.aborted && !this.over.signal.aborted) this.fail(frame, error);
    } finally {
      served();
      if (isRequest) this.underway.delete(key);
      else this.others -= 1;
    }
    if (frame.method === 'notifications/initialized') this.follow();
  }

  /** The client has gone, or must go. */
  end(code: number, reason: string): void {
    if (this.over.signal.aborted) return;
    this.over.abort();
    this.world.close(code, reason);
  }

  /** Only the 2025 era lets a server ask; there a session was opened. */
  private beat(): void {
    if (this.session[SESSION_HEADER] === undefined) return;
    const due = this.heartbeat.beat();
    if (due === 'ask') this.world.send(JSON.stringify(this.heartbeat.ping()));
    if (due === 'end') this.end(1001, 'the client does not answer');
  }

  private async answer(frame: Frame, body: string, signal: AbortSignal): Promise<void> {
    const response = await this.world.serve(
      new Request(this.url, {
        method: 'POST',
        body,
        signal,
        headers: {
          ...this.headers,
          ...(frame.isModern ? {} : this.session),
          ...frame.headers,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
      }),
    );
    if (response.status === 401) return this.end(1008, 'the credential is not valid any more');
    const session = response.headers.get(SESSION_HEADER);
    if (session !== null) this.session = { [SESSION_HEADER]: session };
    for await (const text of readResponse(response, frame)) {
      if (signal.aborted) return;
      this.world.send(text);
    }
  }

  /** Sends on what the session's stream brings (2025 era); a client that introduces itself anew has another session. */
  private follow(): void {
    const { session } = this;
    if (session[SESSION_HEADER] === undefined || this.following.session === session) return;
    this.following.stop.abort();
    const stop = new AbortController();
    this.following = { session, stop };
    const headers = { ...this.headers, ...session, accept: 'text/event-stream' };
    void followStream(this.world, this.url, headers, AbortSignal.any([stop.signal, this.over.signal]));
  }

  /** Why a request is not served now; null where it is. */
  private faultOf({ requestId }: Frame): { readonly code: number; readonly message: string } | null {
    if (this.underway.has(JSON.stringify(requestId)))
      return { code: INVALID_REQUEST, message: 'A request of this id is underway already.' };
    if (this.underway.size < UNDERWAY_MAX) return null;
    const message = `This connection has ${UNDERWAY_MAX} requests underway; wait for one of them.`;
    return { code: SERVER_ERROR, message };
  }

  private fail(frame: Frame, error: unknown): void {
    log('error', 'mcp-socket', { error: String(error) });
    this.refuse(frame, INTERNAL_ERROR, 'Internal error');
  }

  private refuse({ requestId, isNotification }: Frame, code: number, message: string): void {
    if (isNotification) return;
    this.world.send(JSON.stringify({ jsonrpc: '2.0', id: requestId, error: { code, message } }));
  }
}
