import { sha256Hex, utf8 } from '../blobs/sha256.ts';

/** Consonants alone, so that no code is a word, without look-alikes (RFC 8628, section 6.1): 20^8 codes. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_CHARS = 8;

/** A new code for a person to type: `BCDF-GHJK`. */
export function newUserCode(): string {
  let code = '';
  while (code.length < CODE_CHARS) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    // 240 is the largest multiple of 20 in a byte: beyond it the first letters would be likelier.
    if (byte < 240) code += ALPHABET.charAt(byte % ALPHABET.length);
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** What a person typed as a code, in its one spelling, or null where it cannot be one. */
export function parseUserCode(typed: string): string | null {
  const letters = typed.toUpperCase().replace(/[\s-]/g, '');
  if (letters.length !== CODE_CHARS || ![...letters].every((letter) => ALPHABET.includes(letter)))
    return null;
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

export function digestOfUserCode(code: string): Promise<string> {
  return sha256Hex(utf8(code));
}
