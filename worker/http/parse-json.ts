import { Refusal } from './refusal.ts';

const DEPTH_MAX = 64;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses a request body strictly: valid UTF-8 without a byte order mark, nested at most 64 deep. The depth is counted
 * before parsing, so that a hostile body costs one pass over its bytes. Throws `invalid_arguments`.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw invalid('The body is not valid UTF-8.');
  }
  if (text.startsWith('\ufeff')) throw invalid('The body starts with a byte order mark; send plain UTF-8.');
  if (depthOf(text) > DEPTH_MAX) throw invalid(`The body is nested more than ${DEPTH_MAX} deep.`);
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('The body is not valid JSON.');
  }
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
