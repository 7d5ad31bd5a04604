import { Refusal } from '../http/refusal.ts';

const DEPTH_MAX = 64;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A JSON-RPC message as far as the endpoint must know it before the SDK does. */
export interface Message {
  readonly method: string | null;
  readonly params: unknown;
  readonly body: unknown;
}

/**
 * Parses a request body strictly: valid UTF-8 without a byte order mark, one JSON object, nested at most 64 deep. The
 * depth is counted before parsing, so that a hostile body costs one pass over its bytes.
 */
export function parseMessage(bytes: Uint8Array): Message {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw invalid('The body is not valid UTF-8.');
  }
  if (text.startsWith('\ufeff')) throw invalid('The body starts with a byte order mark; send plain UTF-8.');
  if (depthOf(text) > DEPTH_MAX) throw invalid(`The body is nested more than ${DEPTH_MAX} deep.`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw invalid('The body is not valid JSON.');
  }
  if (Array.isArray(body)) throw invalid('Batches are not accepted; send one message a request.');
  if (typeof body !== 'object' || body === null) throw invalid('The body is not a JSON-RPC message.');
  const { method, params } = body as { method?: unknown; params?: unknown };
  return { method: typeof method === 'string' ? method : null, params, body };
}

/** The deepest nesting of brackets outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

function invalid(message: string): Refusal {
  return new Refusal('invalid_arguments', message);
}
