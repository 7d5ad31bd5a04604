/** Something that reads what a stranger sends, and what it promises about every text. */
export interface Parser {
  readonly name: string;
  /** Where it stands. */
  readonly file: string;
  /** Who sends what it reads, and what must hold of each input. */
  readonly says: string;
  /** What inputs are put together from, beside characters of any kind. */
  readonly pieces: readonly string[];
  /** Throws where a promise is broken. What the parser may throw by its own word is caught here. */
  readonly check: (input: string) => void | Promise<void>;
}

/** Throws where `holds` is false. */
export function promise(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`broken: ${what}`);
}

/** The bytes of an input for a parser of bytes: one for each character. */
export function bytesOf(input: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(input, (character) => character.charCodeAt(0) & 0xff);
}

/** The value of a text that is JSON; undefined where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
