import { limit } from '../../protocol/limits.ts';
import { printable } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import { type JsonFault, judgeJsonText } from './judge-json-text.ts';

const BOUNDS = { depthMax: limit('json_depth'), valuesMax: limit('json_values') };
const KEY_CHARS_SHOWN = 60;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type JsonRead =
  | { readonly ok: true; readonly value: unknown }
  /** `problem` completes "The text …". */
  | { readonly ok: false; readonly problem: string };

/**
 * Reads JSON from outside, a body or a message of a socket, strictly: valid UTF-8 without a byte order mark, bounded in
 * depth and number of values, no name twice in an object, none that reaches a prototype, no number beyond what can be
 * kept. All of it is judged before parsing, so that a hostile text costs one pass. The caller bounds its bytes.
 */
export function readJson(given: Uint8Array | string): JsonRead {
  let text: string;
  try {
    text = typeof given === 'string' ? given : decoder.decode(given);
  } catch {
    return { ok: false, problem: 'is not valid UTF-8' };
  }
  if (text.startsWith('\ufeff'))
    return { ok: false, problem: 'starts with a byte order mark; send plain UTF-8' };
  const fault = judgeJsonText(text, BOUNDS);
  if (fault !== null) return { ok: false, problem: told(fault) };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, problem: 'is not valid JSON' };
  }
}

/** {@link readJson} of a request body, or of a message that stands for one. Throws `invalid_arguments`. */
export function parseJson(given: Uint8Array | string): unknown {
  const read = readJson(given);
  if (read.ok) return read.value;
  throw new Refusal('invalid_arguments', `The body ${read.problem}.`);
}

function told(fault: JsonFault): string {
  switch (fault.reason) {
    case 'too_deep':
      return `is nested more than ${BOUNDS.depthMax} deep`;
    case 'too_many_values':
      return `holds more than ${BOUNDS.valuesMax} values`;
    case 'duplicate_key':
      return `has an object with two members named \`${printable(fault.key).slice(0, KEY_CHARS_SHOWN)}\``;
    case 'prototype_key':
      return 'holds a member named `__proto__`, which no object here has';
    case 'number_too_large':
      return 'holds a number that is larger than any that can be kept';
  }
}
