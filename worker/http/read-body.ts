import { describeQuantity, LIMITS, limit } from '../../protocol/limits.ts';
import { Refusal } from './refusal.ts';

/**
 * The bytes of a request body, at most `request_body_bytes`: refused by its announced length before a byte is read, and
 * by what really arrives, so that memory stays flat whatever a client sends.
 */
export async function readBody(
  request: Request,
  bytesMax: number = limit('request_body_bytes'),
): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? '0');
  if (announced > bytesMax) throw tooLarge(bytesMax);
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.byteLength;
    if (total > bytesMax) {
      await reader.cancel();
      throw tooLarge(bytesMax);
    }
    chunks.push(value);
  }
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const body = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
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
