import { arrivingOfTenants, inTime } from '../http/arriving-bodies.ts';
import { log } from '../log.ts';
import { type BlobKey, blobPath, type Keep, type StoredBlob } from './blob-store.ts';
import { HELD_BYTES_MAX, holdBody } from './hold-body.ts';
import { incomingPath } from './incoming.ts';
import { isThere } from './is-there.ts';
import { measuredStream } from './measured-stream.ts';
import { type Taker, takerOf } from './pieces.ts';
import { sha256Hex } from './sha256.ts';

/** Files of a store by path, without any promise about what is in them. A write is whole or leaves nothing. */
export interface RawStore {
  read(path: string): Promise<StoredBlob | null>;
  has(path: string): Promise<boolean>;
  write(
    path: string,
    body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
    bytes: number,
  ): Promise<void>;
  remove(path: string): Promise<void>;
}

/** A body on its way to becoming a blob. */
export interface Transfer {
  readonly tenant: string;
  /** Names this attempt and no other. */
  readonly attempt: string;
  readonly bytes: number;
  /** What its SHA-256 must be, where that was announced. */
  readonly sha256: string | null;
}

export type ReceivedBlob =
  | { readonly ok: true; readonly sha256: string }
  | { readonly ok: false; readonly reason: 'wrong_length' | 'wrong_sha256' };

/** As what a body counts while it passes: it holds a piece in each of the streams between. Four runs may bring eight each. */
const PASSING_BYTES = 512 * 1024;

/** Stores a body under the SHA-256 that it turns out to have; no key ever holds other bytes than its own, not even for a moment or after a failure. */
export async function receiveBlob(
  store: RawStore,
  keep: Keep,
  transfer: Transfer,
  body: ReadableStream<Uint8Array>,
): Promise<ReceivedBlob> {
  return transfer.bytes <= HELD_BYTES_MAX
    ? receiveHeld(store, keep, transfer, body)
    : arrivingOfTenants.read(transfer.tenant, PASSING_BYTES, (goesOn) =>
        receiveWaiting(store, keep, transfer, inTimeTaker(takerOf(body), goesOn)),
      );
}

/** One that is here whole. */
async function receiveHeld(
  store: RawStore,
  keep: Keep,
  transfer: Transfer,
  body: ReadableStream<Uint8Array>,
): Promise<ReceivedBlob> {
  const held = await holdBody(transfer.tenant, body, transfer.bytes);
  if (held.byteLength !== transfer.bytes) return { ok: false, reason: 'wrong_length' };
  const sha256 = await sha256Hex(held);
  if (sha256 !== (transfer.sha256 ?? sha256)) return { ok: false, reason: 'wrong_sha256' };
  const key = { tenant: transfer.tenant, sha256 };
  if (!(await isThere(store, key, keep))) await store.write(blobPath(key), held, transfer.bytes);
  return { ok: true, sha256 };
}

/**
 * One that passes as a stream: until it has passed and was found right it waits below `incoming/`; what waits is removed,
 * however this ends. (What a killed Worker leaves there is swept a day later.)
 */
async function receiveWaiting(
  store: RawStore,
  keep: Keep,
  transfer: Transfer,
  body: Taker & { readonly refusal: () => unknown },
): Promise<ReceivedBlob> {
  const incoming = incomingPath(transfer.tenant, transfer.attempt);
  const passing = measuredStream(body, transfer.bytes);
  try {
    await store.write(incoming, passing.body, transfer.bytes);
  } catch (error) {
    if (passing.hasWrongLength()) return { ok: false, reason: 'wrong_length' };
    throw body.refusal() ?? error;
  }
  try {
    const sha256 = passing.sha256();
    if (sha256 === null) throw new Error('the store answered before the body had passed');
    if (sha256 !== (transfer.sha256 ?? sha256)) return { ok: false, reason: 'wrong_sha256' };
    const key = { tenant: transfer.tenant, sha256 };
    if (!(await isThere(store, key, keep))) await copy(store, incoming, key, transfer.bytes);
    return { ok: true, sha256 };
  } finally {
    // What became of the blob is known; what the store refuses to remove is swept like what a killed Worker leaves.
    await store.remove(incoming).catch((error: unknown) => {
      log('error', 'receive-blob', { path: incoming, error: String(error) });
    });
  }
}

/** Takes each piece in time; says that it goes on, or why it did not. */
function inTimeTaker(taker: Taker, goesOn: () => void) {
  let refusal: unknown = null;
  return {
    async take(bytes: number) {
      try {
        const piece = await inTime(taker.take(bytes), () => taker.cancel());
        goesOn();
        return piece;
      } catch (error) {
        refusal = error;
        throw error;
      }
    },
    cancel: (reason?: unknown) => taker.cancel(reason),
    refusal: () => refusal,
  };
}

async function copy(store: RawStore, from: string, to: BlobKey, bytes: number): Promise<void> {
  const waiting = await store.read(from);
  if (waiting === null) throw new Error(`the store lost ${from}`);
  await store.write(blobPath(to), waiting.body.pipeThrough(new FixedLengthStream(bytes)), bytes);
}
