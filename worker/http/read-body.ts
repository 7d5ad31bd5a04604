import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { LIMITS, limit } from '../../protocol/limits.ts';
import { concatenate } from '../blobs/concatenate.ts';
import { inTime } from './arriving-bodies.ts';
import { Refusal } from './refusal.ts';

/** How far beyond its bound a body is read and thrown away, as a multiple of the bound. */
const DRAINED_TIMES = 2;

/** The bytes of a request body, at most `bytesMax`; refuses a longer one. */
export async function readBody(
  request: Request,
  bytesMax: number = limit('request_body_bytes'),
): Promise<Uint8Array> {
  const body = await bodyWithin(request, bytesMax);
  if (body === null) throw tooLarge(bytesMax);
  return body;
}

/**
 * The bytes of a request body, or null where they are more than `bytesMax`, whatever length it announces. Memory stays flat:
 * what is over the bound is read and thrown away for a while, because a client that is still sending when the connection
 * closes sees a broken pipe instead of the refusal. Refuses one that comes too slowly.
 */
export async function bodyWithin(request: Request, bytesMax: number): Promise<Uint8Array | null> {
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  const announced = Number(request.headers.get('content-length') ?? Number.NaN);
  return inTime(readAll(reader, announced, bytesMax), () => reader.cancel());
}

/** A body that has the length that it announced is whole (RFC 9112, section 6.3): to ask for more is a turn of the event loop. */
async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  announced: number,
  bytesMax: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  while (total !== announced) {
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
  if (total > bytesMax) return null;
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
