import { arrivingOfTenants, inTime } from '../http/arriving-bodies.ts';
import { takerOf } from './pieces.ts';

/** A body of at most this is held in memory, so that its digest is known before anything is written; a larger one passes as a stream. */
export const HELD_BYTES_MAX = 256 * 1024;

/**
 * A body of a tenant, whole. One that is longer than announced is given up behind its first byte too many, which whoever compares
 * lengths sees; one that comes too slowly, or beside too many others of its tenant, is refused.
 */
export async function holdBody(
  tenant: string,
  body: ReadableStream<Uint8Array>,
  announcedBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return arrivingOfTenants.read(tenant, announcedBytes, async () => {
    const taker = takerOf(body);
    const held = await inTime(taker.take(announcedBytes + 1), () => taker.cancel());
    if (held.byteLength > announcedBytes) await taker.cancel();
    return held;
  });
}
