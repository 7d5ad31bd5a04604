import { WebSocket } from 'ws';
import { type FeedEvent, feedReceiptSchema } from '../protocol/feed.ts';
import { backoffMs } from './backoff.ts';
import { feedQueue } from './feed-queue.ts';
import type { Log } from './log.ts';
import { parseJson } from './parse-json.ts';
import type { Progress } from './read-progress.ts';

/** Nobody waits yet for a run that is over sooner: its output is in its outcome, and a socket would cost more than it tells. */
export const OPEN_AFTER_MS = 100;
/** What is printed within this time after something was sent goes out together. */
const GATHER_MS = 40;
const CLOSE_TIMEOUT_MS = 1_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;
const BACKOFF_MS = { min: 100, max: 5_000 } as const;
/** RunFeed's word that this socket's attempt is told of no more (RFC 6455, section 7.4.2: 4000-4999 are private). */
const REFUSED_FROM = 4000;

export interface Feed {
  write(kind: 'stdout' | 'stderr', chunk: Buffer): void;
  progress(update: Progress): void;
  /** Sends what is left and closes, once; bounded in time, never fails. */
  close(): Promise<void>;
}

export interface FeedSettings {
  /** `wss://.../executor/runs/<run>/feed` */
  readonly url: string;
  readonly capability: string;
  /** Where someone waits: tells of the first event while the socket is not dialled, which says it again. */
  readonly onFirst: ((event: FeedEvent) => void) | null;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * Live output of one run to RunFeed, on a socket of its own. A socket that breaks is dialled again, and goes on behind what
 * RunFeed has. It is a convenience: it never delays or fails the run and holds a bounded amount, because the outcome
 * carries the output as well.
 */
export function openFeed(settings: FeedSettings): Feed {
  const queue = feedQueue();
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let socket: WebSocket | null = null;
  /** False until RunFeed said on this socket what it has; what is new on the first one need not wait for that. */
  let isReceiving = false;
  let isOver = false;
  let attempt = 0;
  let sentMs = Number.NEGATIVE_INFINITY;
  let gather: NodeJS.Timeout | undefined;
  let closed: Promise<void> | null = null;

  const flush = (all = false): void => {
    clearTimeout(gather);
    gather = undefined;
    if (socket === null) tellFirst();
    if (socket?.readyState !== WebSocket.OPEN || !isReceiving) return;
    const events = queue.take(all);
    if (events.length > 0) sentMs = performance.now();
    for (const event of events) socket.send(JSON.stringify(event));
  };

  const tellFirst = (): void => {
    if (settings.onFirst === null || queue.hasBegun) return;
    const [first] = queue.take();
    if (first !== undefined) settings.onFirst(first);
  };

  /** The first output goes out at once, and then at most one bundle every {@link GATHER_MS}. */
  const flushSoon = (): void => {
    const waitMs = sentMs + GATHER_MS - performance.now();
    if (waitMs <= 0) flush();
    else gather ??= setTimeout(flush, waitMs);
  };

  const dial = (): void => {
    attempt += 1;
    const dialled = new WebSocket(settings.url, {
      headers: { authorization: `Bearer ${settings.capability}` },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      perMessageDeflate: false,
    });
    socket = dialled;
    isReceiving = !queue.hasBegun;
    dialled.on('open', () => flush());
    dialled.on('message', (data: Buffer) => {
      const receipt = feedReceiptSchema.safeParse(parseJson(data.toString('utf8')));
      if (!receipt.success) return;
      attempt = 0;
      queue.confirm(receipt.data.have);
      if (!isReceiving) queue.rewind();
      isReceiving = true;
      flush();
    });
    dialled.on('error', (error) =>
      settings.log('debug', 'the feed broke', { reason: error.message, attempt }),
    );
    dialled.on('close', (code) => {
      if (isOver) return;
      isOver = code >= REFUSED_FROM;
      if (!isOver) redial = setTimeout(dial, backoffMs(Math.max(1, attempt), Math.random(), BACKOFF_MS));
    });
  };
  let redial: NodeJS.Timeout | undefined = setTimeout(dial, OPEN_AFTER_MS);

  const end = async (): Promise<void> => {
    clearTimeout(redial);
    clearTimeout(gather);
    for (const kind of ['stdout', 'stderr'] as const)
      queue.addText(kind, decoders[kind].decode(), settings.nowMs());
    if (socket?.readyState === WebSocket.CONNECTING) await oneOf(socket, ['open', 'close']);
    isOver = true;
    clearTimeout(redial);
    if (socket === null) return;
    flush(true);
    socket.close(1000);
    await oneOf(socket, ['close']);
    socket.terminate();
  };

  return {
    write(kind, chunk) {
      if (isOver) return;
      queue.addText(kind, decoders[kind].decode(chunk, { stream: true }), settings.nowMs());
      flushSoon();
    },
    progress(update) {
      if (isOver) return;
      queue.addProgress(update, settings.nowMs());
      flushSoon();
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
