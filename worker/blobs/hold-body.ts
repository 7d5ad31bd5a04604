import { takerOf } from './pieces.ts';

/** A body of at most this is held in memory, so that its digest is known before anything is written; a larger one passes as a stream. */
export const HELD_BYTES_MAX = 256 * 1024;

/** A body, whole. One that is longer than announced is given up behind its first byte too many, which whoever compares lengths sees. */
export async function holdBody(
  body: ReadableStream<Uint8Array>,
  announcedBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const taker = takerOf(body);
  const held = await taker.take(announcedBytes + 1);
  if (held.byteLength > announcedBytes) await taker.cancel();
  return held;
}
