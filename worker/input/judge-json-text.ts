/** What of a JSON text is known before it is parsed; its grammar is the parser's to judge. */
export interface JsonBounds {
  readonly depthMax: number;
  /** Members, items and containers, all together: what parsing costs beyond the text itself. */
  readonly valuesMax: number;
}

export type JsonFault =
  | { readonly reason: 'too_deep' }
  | { readonly reason: 'too_many_values' }
  /** Two members of one object have one name; which of them counts is anybody's guess (RFC 8259, section 4). */
  | { readonly reason: 'duplicate_key'; readonly key: string }
  /** It would reach the prototype of whoever copies the object. */
  | { readonly reason: 'prototype_key' }
  /** It would become infinity, and null in the next JSON. */
  | { readonly reason: 'number_too_large' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** A number with fewer digits and no exponent is finite. */
const DIGITS_SAFE = 300;
const NUMBER = /-?\d[\d.]*(?:[eE][+-]?\d+)?/y;

/** Judges a JSON text in one pass that builds nothing but the names of the objects that are open. Pure. */
export function judgeJsonText(text: string, { depthMax, valuesMax }: JsonBounds): JsonFault | null {
  /** The containers that are open: the names of an object so far, null for an array. */
  const open: (Set<string> | null)[] = [];
  let values = 0;
  let isName = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfString(text, index + 1);
      const names = open.at(-1);
      if (isName && names) {
        const key = nameOf(text.slice(index, end + 1));
        if (key === '__proto__') return { reason: 'prototype_key' };
        if (names.has(key)) return { reason: 'duplicate_key', key };
        names.add(key);
      }
      isName = false;
      index = end;
    } else if (code === 0x7b || code === 0x5b) {
      isName = code === 0x7b;
      open.push(isName ? new Set() : null);
      values++;
      if (open.length > depthMax) return { reason: 'too_deep' };
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
      isName = false;
    } else if (code === 0x2c) {
      isName = open.at(-1) instanceof Set;
      values++;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      NUMBER.lastIndex = index;
      const number = NUMBER.exec(text)?.[0] ?? '';
      if (isHuge(number)) return { reason: 'number_too_large' };
      index += Math.max(0, number.length - 1);
    }
    if (values > valuesMax) return { reason: 'too_many_values' };
  }
  return null;
}

/** The index of the quote that closes a string whose content starts at `from`; the text's end where there is none. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH && end - 1 - backslashes >= from)
      backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** A name as the parser will read it: `"\u0061"` is `a`. */
function nameOf(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    // The parser refuses the whole text.
    return literal;
  }
}

function isHuge(number: string): boolean {
  return (number.length > DIGITS_SAFE || /e/i.test(number)) && !Number.isFinite(Number(number));
}
