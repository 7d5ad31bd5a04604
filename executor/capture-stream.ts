import { createHash } from 'node:crypto';
import type { Stream } from '../protocol/outcome.ts';

const LAST_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** What is kept of one output stream of a run: its first bytes, and the count of all. */
export interface Capture {
  /** Takes a chunk; returns the part of it that is kept. */
  add(chunk: Buffer): Buffer;
  readonly bytes: number;
  kept(): Buffer;
  /** What came last, 64 KiB at most, kept or not: where a traceback is looked for first. */
  last(): Buffer;
}

export function captureStream(keptBytesMax: number): Capture {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  let bytes = 0;
  let beyond: Buffer = NOTHING;
  const kept = () => Buffer.concat(chunks);
  return {
    add(chunk) {
      bytes += chunk.length;
      const part = chunk.subarray(0, keptBytesMax - keptBytes);
      if (part.length > 0) chunks.push(part);
      keptBytes += part.length;
      if (part.length < chunk.length)
        beyond = Buffer.concat([beyond, chunk.subarray(part.length)].map(lastBytes)).subarray(-LAST_BYTES);
      return part;
    },
    get bytes() {
      return bytes;
    },
    kept,
    last: () => lastBytes(beyond.length < LAST_BYTES ? Buffer.concat([lastBytes(kept()), beyond]) : beyond),
  };
}

function lastBytes(bytes: Buffer): Buffer {
  return bytes.subarray(-LAST_BYTES);
}

/** `bytes` cut to at most `bytesMax`, never inside a character of UTF-8. */
export function cutAtCharacter(bytes: Buffer, bytesMax: number): Buffer {
  if (bytes.length <= bytesMax) return bytes;
  let end = bytesMax;
  while (end > 0 && end > bytesMax - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** UTF-8 with what is invalid replaced, and NUL too: PostgreSQL stores none in text. */
function asText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\0', '\ufffd');
}

/** The stream as an outcome carries it, and the blob to store where it is longer than its inline part. */
export function describeStream(
  capture: Pick<Capture, 'bytes' | 'kept'>,
  inlineBytesMax: number,
): { readonly stream: Stream; readonly blob: Buffer | null } {
  const kept = capture.kept();
  const isWhole = kept.length <= inlineBytesMax;
  return {
    stream: {
      inline: asText(cutAtCharacter(kept, inlineBytesMax)),
      bytes: capture.bytes,
      kept_bytes: kept.length,
      truncated: capture.bytes > Math.min(kept.length, inlineBytesMax),
      sha256: isWhole ? null : createHash('sha256').update(kept).digest('hex'),
    },
    blob: isWhole ? null : kept,
  };
}
