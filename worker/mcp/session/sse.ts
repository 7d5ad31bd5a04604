/** Headers of a stream of events; the last is for proxies that would hold it back. */
export const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const;

export const KEEP_ALIVE_MS = 15_000;
/** A client whose stream broke comes back after this. */
const RETRY_MS = 1000;

const encoder = new TextEncoder();

/** A comment, which clients skip. */
export const KEEP_ALIVE = encoder.encode(': keepalive\n\n');

/** One message as an event; `id` is what a client sends as `Last-Event-ID` to go on after it. */
export function encodeEvent(message: unknown, id?: string): Uint8Array {
  return encoder.encode(
    `event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`,
  );
}

/** An event without a message: from where to go on, and how long a client should wait before it does. */
export function encodePriming(id: string): Uint8Array {
  return encoder.encode(`id: ${id}\nretry: ${RETRY_MS}\ndata: \n\n`);
}
