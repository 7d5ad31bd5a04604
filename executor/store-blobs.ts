import { againAfterMs, type TryFailed, tryAgain } from './try-again.ts';

const STORE_TIMEOUT_MS = 60_000;
const PARALLEL_MAX = 8;
const PIECE_BYTES = 256 * 1024;

export interface BlobToStore {
  readonly sha256: string;
  readonly body: Buffer;
}

export type BlobsStored = { readonly ok: true } | { readonly ok: false; readonly reason: string };

type One = { readonly ok: true } | (TryFailed & { readonly reason: string });

async function putBlob(
  baseUrl: string,
  capability: string,
  blob: BlobToStore,
  signal: AbortSignal,
): Promise<One> {
  const response = await fetch(`${baseUrl}/executor/blobs/${blob.sha256}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${capability}`,
      'content-type': 'application/octet-stream',
      'content-length': `${blob.body.length}`,
    },
    ...bodyOf(blob.body),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(STORE_TIMEOUT_MS)]),
  });
  await response.body?.cancel();
  if (response.ok) return { ok: true };
  return { ok: false, againAfterMs: againAfterMs(response), reason: `status ${response.status}` };
}

/** A large buffer goes piece by piece, without a copy: `fetch` would make one of what it is given whole. */
function bodyOf(body: Buffer): Pick<RequestInit, 'body' | 'duplex'> {
  const piece = (from: number) =>
    new Uint8Array(
      body.buffer as ArrayBuffer,
      body.byteOffset + from,
      Math.min(PIECE_BYTES, body.length - from),
    );
  if (body.length <= PIECE_BYTES) return { body: piece(0) };
  let sent = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent >= body.length) return controller.close();
      controller.enqueue(piece(sent));
      sent += PIECE_BYTES;
    },
  });
  return { body: stream, duplex: 'half' };
}

/**
 * Stores what a run left, some at a time; equal bytes once, until `signal`, or until one cannot be stored. Storing the same blob
 * again is harmless, so it is retried.
 */
export async function storeBlobs(
  baseUrl: string,
  capability: string,
  blobs: readonly BlobToStore[],
  signal: AbortSignal,
): Promise<BlobsStored> {
  const queue = [...new Map(blobs.map((blob) => [blob.sha256, blob])).values()];
  const failed = new AbortController();
  const given = AbortSignal.any([signal, failed.signal]);
  let problem: BlobsStored = { ok: true };
  const tryToPut = (blob: BlobToStore): Promise<One> =>
    putBlob(baseUrl, capability, blob, given).catch(
      (error: Error): One => ({ ok: false, againAfterMs: 0, reason: error.message }),
    );
  const work = async (): Promise<void> => {
    for (let blob = queue.shift(); blob !== undefined && problem.ok; blob = queue.shift()) {
      const current = blob;
      const stored = await tryAgain(() => tryToPut(current), given);
      if (stored.ok || !problem.ok) continue;
      problem = { ok: false, reason: `an output could not be stored: ${stored.reason}` };
      failed.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_MAX, queue.length) }, work));
  return problem;
}
