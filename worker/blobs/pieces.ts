type Bytes = Uint8Array<ArrayBuffer>;

/** Takes a stream in pieces of the length that is asked for, whatever the length of its chunks. */
export interface Taker {
  /** The next `bytes` bytes; fewer where the stream ends, none behind its end. */
  take(bytes: number): Promise<Bytes>;
  /** Gives up what was not taken. */
  cancel(reason?: unknown): Promise<void>;
}

export function takerOf(stream: ReadableStream<Uint8Array>): Taker {
  const reader = nativeReaderOf(stream);
  if (reader === null) return byChunks(stream.getReader());
  return {
    async take(bytes) {
      const { value } = await reader.readAtLeast(bytes, new Uint8Array(bytes));
      return value ?? new Uint8Array();
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

/** workerd's own streams fill a piece by themselves; by JavaScript, their chunks of 4 KiB cost ten times the cipher. */
function nativeReaderOf(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    const reader = stream.getReader({ mode: 'byob' });
    if ('readAtLeast' in reader) return reader;
    (reader as { releaseLock(): void }).releaseLock();
  } catch {
    // It was made in JavaScript, of chunks.
  }
  return null;
}

function byChunks(reader: ReadableStreamDefaultReader<Uint8Array>): Taker {
  let left: Uint8Array = new Uint8Array();
  return {
    async take(bytes) {
      const piece = new Uint8Array(bytes);
      let filled = 0;
      while (filled < bytes) {
        if (left.byteLength === 0) {
          const { done, value } = await reader.read();
          if (done) break;
          left = value;
        }
        const taken = left.subarray(0, bytes - filled);
        piece.set(taken, filled);
        filled += taken.byteLength;
        left = left.subarray(taken.byteLength);
      }
      return piece.subarray(0, filled);
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

/**
 * A stream in pieces of `bytes` bytes, each with whether it is the last; only the last may be shorter. An empty stream
 * gives one empty piece. Ending early cancels the stream.
 */
export async function* piecesOf(
  taker: Taker,
  bytes: number,
): AsyncGenerator<{ readonly piece: Bytes; readonly isLast: boolean }> {
  let isOver = false;
  try {
    for (let piece = await taker.take(bytes); !isOver; ) {
      const next: Bytes = piece.byteLength < bytes ? new Uint8Array() : await taker.take(bytes);
      isOver = next.byteLength === 0;
      yield { piece, isLast: isOver };
      piece = next;
    }
  } finally {
    if (!isOver) await taker.cancel();
  }
}

/** A stream of what a generator gives; who cancels it ends the generator. */
export function streamOf(chunks: AsyncGenerator<Bytes, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return();
    },
  });
}
