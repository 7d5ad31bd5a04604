import { limit } from '../../../protocol/limits.ts';
import { log } from '../../log.ts';
import { SESSION_HEADER } from '../session/protocol.ts';
import { BEAT_MS, Heartbeat } from './heartbeat.ts';
import { type Frame, readFrame } from './read-frame.ts';
import { readEvents, readResponse } from './read-response.ts';

/** Requests that are answered at the same time; answers and notifications of the client always pass. */
const UNDERWAY_MAX = 16;
const encoder = new TextEncoder();

/** What a connection needs of the world. */
export interface ConnectionWorld {
  /** Answers a request to `/mcp`, as the front door does: credential, limits and log included. */
  readonly serve: (request: Request) => Promise<Response>;
  readonly send: (text: string) => void;
  /** Ends the connection (RFC 6455, section 7.4). */
  readonly close: (code: number, reason: string) => void;
  /** Does something again and again, until what it returns is called. */
  readonly every: (ms: number, act: () => void) => () => void;
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
    this.heartbeat.hear();
    if (typeof message !== 'string') return this.end(1003, 'messages are text');
    const bytes = encoder.encode(message);
    if (bytes.byteLength > limit('request_body_bytes')) return this.end(1009, 'the message is too large');
    const frame = readFrame(bytes);
    if (Heartbeat.isAnswer(frame.answerTo)) return;
    if (frame.method === 'notifications/cancelled') this.abort(frame.params.requestId);
    if (frame.requestId !== null && this.underway.size >= UNDERWAY_MAX) return this.refuse(frame);
    const controller = new AbortController();
    const key = JSON.stringify(frame.requestId);
    if (frame.requestId !== null) this.underway.set(key, controller);
    try {
      await this.answer(frame, bytes, AbortSignal.any([controller.signal, this.over.signal]));
    } catch (error) {
      if (!controller.signal.aborted && !this.over.signal.aborted) this.fail(frame, error);
    } finally {
      if (this.underway.get(key) === controller) this.underway.delete(key);
    }
    if (frame.method === 'notifications/initialized') void this.followSession();
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

  private async answer(frame: Frame, body: Uint8Array, signal: AbortSignal): Promise<void> {
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

  /** Sends what the session's stream brings (2025 era), as long as the connection lasts. */
  private async followSession(): Promise<void> {
    if (this.session[SESSION_HEADER] === undefined) return;
    try {
      const response = await this.world.serve(
        new Request(this.url, {
          signal: this.over.signal,
          headers: { ...this.headers, ...this.session, accept: 'text/event-stream' },
        }),
      );
      if (response.status !== 200) return;
      for await (const text of readEvents(response)) {
        if (this.over.signal.aborted) return;
        this.world.send(text);
      }
    } catch (error) {
      if (!this.over.signal.aborted) this.log(error);
    }
  }

  private abort(requestId: unknown): void {
    this.underway.get(JSON.stringify(requestId))?.abort();
  }

  private refuse({ requestId }: Frame): void {
    const message = `This connection has ${UNDERWAY_MAX} requests underway; wait for one of them.`;
    this.world.send(JSON.stringify({ jsonrpc: '2.0', id: requestId, error: { code: -32000, message } }));
  }

  private fail({ requestId }: Frame, error: unknown): void {
    this.log(error);
    const failure = { code: -32603, message: 'Internal error' };
    this.world.send(JSON.stringify({ jsonrpc: '2.0', id: requestId, error: failure }));
  }

  private log(error: unknown): void {
    log('error', 'mcp-socket', { error: String(error) });
  }
}
