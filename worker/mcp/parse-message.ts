import { Refusal } from '../http/refusal.ts';
import { parseJson } from '../input/parse-json.ts';

/** A JSON-RPC message as far as the endpoint must know it before the SDK does. */
export interface Message {
  readonly method: string | null;
  readonly params: unknown;
  readonly body: unknown;
}

/** The refusal of JSON that is no message. */
export class NotAMessage extends Refusal {
  constructor(message: string) {
    super('invalid_arguments', message);
  }
}

/** Parses a request body as one JSON-RPC message; see {@link parseJson} for what else it refuses. */
export function parseMessage(bytes: Uint8Array): Message {
  const body = parseJson(bytes);
  if (Array.isArray(body)) throw new NotAMessage('Batches are not accepted; send one message a request.');
  if (typeof body !== 'object' || body === null) throw new NotAMessage('The body is not a JSON-RPC message.');
  const { method, params } = body as { method?: unknown; params?: unknown };
  return { method: typeof method === 'string' ? method : null, params, body };
}
