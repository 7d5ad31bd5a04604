import { printable } from './call.ts';
import { type JsonFault, judgeJsonText } from './judge-json-text.ts';
import { Refusal } from './refusal.ts';

const BOUNDS = { depthMax: 64, valuesMax: 100_000 };
const KEY_CHARS_SHOWN = 60;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses a request body strictly: valid UTF-8 without a byte order mark, at most 64 deep and of 100,000 values, no name
 * twice in an object, no number beyond what can be kept. All of it is judged before parsing, so that a hostile body costs
 * one pass over its bytes. Throws `invalid_arguments`.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw invalid('The body is not valid UTF-8.');
  }
  if (text.startsWith('\ufeff')) throw invalid('The body starts with a byte order mark; send plain UTF-8.');
  const fault = judgeJsonText(text, BOUNDS);
  if (fault !== null) throw invalid(told(fault));
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('The body is not valid JSON.');
  }
}

function told(fault: JsonFault): string {
  switch (fault.reason) {
    case 'too_deep':
      return `The body is nested more than ${BOUNDS.depthMax} deep.`;
    case 'too_many_values':
      return `The body holds more than ${BOUNDS.valuesMax} values.`;
    case 'duplicate_key':
      return `The body has an object with two members named \`${printable(fault.key).slice(0, KEY_CHARS_SHOWN)}\`.`;
    case 'number_too_large':
      return 'The body holds a number that is larger than any that can be kept.';
  }
}

function invalid(message: string): Refusal {
  return new Refusal('invalid_arguments', message);
}
