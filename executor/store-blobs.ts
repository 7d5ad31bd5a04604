import { setTimeout as delay } from 'node:timers/promises';

const ATTEMPTS = 6;
const RETRY_MS = 250;
const STORE_TIMEOUT_MS = 60_000;
const PARALLEL_MAX = 8;
const PIECE_BYTES = 256 * 1024;

export interface BlobToStore {
  readonly sha256: string;
  readonly body: Buffer;
}

export type BlobsStored = { readonly ok: true } | { readonly ok: false; readonly reason: string };

type One = { readonly ok: true } | { readonly ok: false; readonly reason: string; readonly retry: boolean };

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
  return {
    ok: false,
    retry: response.status >= 500 || response.status === 429,
    reason: `status ${response.status}`,
  };
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

/** Stores what a run left, some at a time; equal bytes once, until `signal`. Storing the same blob again is harmless, so it is retried. */
export async function storeBlobs(
  baseUrl: string,
  capability: string,
  blobs: readonly BlobToStore[],
  signal: AbortSignal,
): Promise<BlobsStored> {
  const queue = [...new Map(blobs.map((blob) => [blob.sha256, blob])).values()];
  let problem: BlobsStored = { ok: true };
  const store = async (blob: BlobToStore): Promise<BlobsStored> => {
    for (let attempt = 1; ; attempt++) {
      const put = await putBlob(baseUrl, capability, blob, signal).catch(
        (error: Error): One => ({ ok: false, retry: true, reason: error.message }),
      );
      if (put.ok) return put;
      if (!put.retry || attempt === ATTEMPTS || signal.aborted)
        return { ok: false, reason: `an output could not be stored: ${put.reason}` };
      await delay(RETRY_MS * 2 ** (attempt - 1));
    }
  };
  const work = async (): Promise<void> => {
    for (let blob = queue.shift(); blob !== undefined && problem.ok; blob = queue.shift()) {
      const stored = await store(blob);
      if (!stored.ok) problem = stored;
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_MAX, queue.length) }, work));
  return problem;
}
