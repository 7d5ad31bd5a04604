import { WebSocket } from 'ws';
import type { FeedEvent } from '../protocol/messages.ts';
import type { Log } from './log.ts';

/** A run that is over sooner shows its output in its outcome; a socket for it would cost more than it tells. */
export const OPEN_AFTER_MS = 100;
/** Output is gathered for this long into one event. */
const GATHER_MS = 40;
const EVENT_CHARS_MAX = 16 * 1024;
/** What waits for the socket, in characters of text; more is dropped, which `sequence` shows as a gap. */
const WAITING_CHARS_MAX = 256 * 1024;
const SOCKET_BYTES_MAX = 1024 * 1024;
const PROGRESS_EVENTS_PER_GATHER_MAX = 20;
const CLOSE_TIMEOUT_MS = 1_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;

export interface Feed {
  write(kind: 'stdout' | 'stderr', chunk: Buffer): void;
  progress(update: { done: number; total: number | null; message: string }): void;
  /** Sends what is left and closes, once; bounded in time, never fails. */
  close(): Promise<void>;
}

type Waiting =
  | { kind: 'stdout' | 'stderr'; text: string; atMs: number }
  | { kind: 'progress'; done: number; total: number | null; message: string; atMs: number };

export interface FeedSettings {
  /** `wss://.../executor/runs/<run>/feed` */
  readonly url: string;
  readonly capability: string;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * Live output of one run to RunFeed, on a socket of its own. It is a convenience: it never delays or fails the run, holds a
 * bounded amount, and a feed that breaks stays broken, because the outcome carries the output as well.
 */
export function openFeed(settings: FeedSettings): Feed {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let waiting: Waiting[] = [];
  let waitingChars = 0;
  let progressEvents = 0;
  let sequence = 0;
  let socket: WebSocket | null = null;
  let isBroken = false;
  let closed: Promise<void> | null = null;

  const flush = (): void => {
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > SOCKET_BYTES_MAX) return;
    for (const { atMs, ...event } of waiting) {
      sequence += 1;
      const sent: FeedEvent = { ...event, sequence, at_ms: Math.round(atMs) };
      socket.send(JSON.stringify(sent));
    }
    waiting = [];
    waitingChars = 0;
    progressEvents = 0;
  };

  const drop = (): void => {
    sequence += 1;
  };

  const end = async (): Promise<void> => {
    clearTimeout(open);
    clearInterval(gather);
    if (socket === null) return;
    if (socket.readyState === WebSocket.CONNECTING && !isBroken) await oneOf(socket, ['open', 'close']);
    flush();
    socket.close(1000);
    await oneOf(socket, ['close']);
    socket.terminate();
  };

  const open = setTimeout(() => {
    socket = new WebSocket(settings.url, {
      headers: { authorization: `Bearer ${settings.capability}` },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      perMessageDeflate: false,
    });
    socket.on('open', flush);
    socket.on('error', (error) => {
      isBroken = true;
      settings.log('debug', 'the feed broke', { reason: error.message });
    });
    socket.on('close', () => {
      isBroken = true;
    });
  }, OPEN_AFTER_MS);
  const gather = setInterval(flush, GATHER_MS);

  return {
    write(kind, chunk) {
      if (isBroken) return;
      const text = decoders[kind].decode(chunk, { stream: true });
      if (waitingChars + text.length > WAITING_CHARS_MAX) return drop();
      waitingChars += text.length;
      const last = waiting.at(-1);
      if (last?.kind === kind && last.text.length + text.length <= EVENT_CHARS_MAX) last.text += text;
      else waiting.push({ kind, text, atMs: settings.nowMs() });
    },
    progress(update) {
      if (isBroken) return;
      progressEvents += 1;
      if (progressEvents > PROGRESS_EVENTS_PER_GATHER_MAX) return drop();
      waitingChars += update.message.length;
      waiting.push({ kind: 'progress', ...update, atMs: settings.nowMs() });
    },
    close() {
      closed ??= end();
      return closed;
    },
  };
}

/** Resolves at the first of `events`, or when the time to close is over. */
async function oneOf(socket: WebSocket, events: readonly string[]): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const done = Promise.withResolvers<void>();
  const timer = setTimeout(done.resolve, CLOSE_TIMEOUT_MS);
  for (const event of events) socket.once(event, () => done.resolve());
  await done.promise;
  clearTimeout(timer);
}
