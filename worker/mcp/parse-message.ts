import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { LIMITS, limit } from '../../protocol/limits.ts';
import { Refusal } from '../http/refusal.ts';
import { parseJson } from '../input/parse-json.ts';
import { asRecord } from './request-kind.ts';

/** A JSON-RPC message as far as the endpoint must know it before the SDK does. */
export interface Message {
  readonly method: string | null;
  readonly params: unknown;
  readonly body: object;
}

/** The refusal of JSON that is no message. */
export class NotAMessage extends Refusal {
  constructor(message: string) {
    super('invalid_arguments', message);
  }
}

/** An id, or a token of progress, is repeated in every message about its call. */
const ID_CHARS_MAX = 256;
/** Requests whose `arguments` are bounded by schemas of their own. */
const ARGUED: ReadonlySet<string | null> = new Set(['tools/call', 'prompts/get']);

/**
 * Parses a body or a message of a socket as one JSON-RPC message; see {@link parseJson} for what else it refuses. A call that waits and a
 * stream hold their message as long as they last, so it is small but for its arguments.
 */
export function parseMessage(given: Uint8Array | string): Message {
  const body = parseJson(given);
  if (Array.isArray(body)) throw new NotAMessage('Batches are not accepted; send one message a request.');
  if (typeof body !== 'object' || body === null) throw new NotAMessage('The body is not a JSON-RPC message.');
  const { id, method: named, params } = body as { id?: unknown; method?: unknown; params?: unknown };
  const method = typeof named === 'string' ? named : null;
  boundIds([id, asRecord(params).requestId, asRecord(asRecord(params)._meta).progressToken]);
  if (method !== null && given.length > limit('mcp_message_chars')) boundMessage(method, body);
  return { method, params, body };
}

function boundIds(ids: readonly unknown[]): void {
  if (ids.some((id) => typeof id === 'string' && id.length > ID_CHARS_MAX))
    throw new NotAMessage(`An id or a progress token has at most ${ID_CHARS_MAX} characters.`);
}

function boundMessage(method: string, { params, ...rest }: { readonly params?: unknown }): void {
  const { arguments: _, ...others } = asRecord(params);
  const held = JSON.stringify({ ...rest, params: ARGUED.has(method) ? others : params });
  const most = limit('mcp_message_chars');
  if (held.length <= most) return;
  throw new Refusal(
    'request_too_large',
    `Beside the arguments of its call the message is over ${describeQuantity(most, LIMITS.mcp_message_chars.unit)}.`,
    { details: { limit: 'mcp_message_chars', value: most } },
  );
}
