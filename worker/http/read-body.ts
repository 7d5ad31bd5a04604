import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { LIMITS, limit } from '../../protocol/limits.ts';
import { concatenate } from '../blobs/concatenate.ts';
import { inTime } from './arriving-bodies.ts';
import { Refusal } from './refusal.ts';

/** How far beyond its bound a body is read and thrown away, as a multiple of the bound. */
const DRAINED_TIMES = 2;

/**
 * The bytes of a request body, at most `bytesMax`. A longer one is refused, whatever length it announces, and memory
 * stays flat: what is over the bound is read and thrown away for a while, because a client that is still sending when
 * the connection closes sees a broken pipe instead of the refusal. One that comes too slowly is refused as well.
 */
export async function readBody(
  request: Request,
  bytesMax: number = limit('request_body_bytes'),
): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  return inTime(readAll(reader, bytesMax), () => reader.cancel());
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.byteLength;
    if (total <= bytesMax) chunks.push(value);
    else chunks.length = 0;
    if (total > bytesMax * DRAINED_TIMES) {
      await reader.cancel();
      break;
    }
  }
  if (total > bytesMax) throw tooLarge(bytesMax);
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  return concatenate(chunks);
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal(
    'request_too_large',
    `The request body is over ${describeQuantity(bytesMax, LIMITS.request_body_bytes.unit)}.`,
    {
      hint: 'Send files in several calls; data over 256 KiB goes through create_upload.',
      details: { limit: 'request_body_bytes', value: bytesMax },
    },
  );
}
