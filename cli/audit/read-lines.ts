import { createReadStream } from 'node:fs';

/** No line of an export is longer: an event has at most 16 KiB of details, and some bounded fields. */
const LINE_BYTES_MAX = 1024 * 1024;
const LINE_FEED = 0x0a;
const NOTHING = Buffer.alloc(0);
/** It throws at what is no UTF-8: other bytes in its place would be the same text, of which the hash is taken. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The lines of a file. Only a line feed ends one: an event may hold every other character that ends lines elsewhere. What is
 * longer than any entry, or no UTF-8, comes as an empty line, which is none.
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  let rest = NOTHING;
  let isCut = false;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    const end = bytes.lastIndexOf(LINE_FEED);
    rest = bytes.subarray(end + 1);
    if (end >= 0) {
      const [first = '', ...more] = linesOf(bytes.subarray(0, end));
      yield isCut ? '' : first;
      yield* more;
      isCut = false;
    }
    if (rest.length > LINE_BYTES_MAX) [rest, isCut] = [NOTHING, true];
  }
  if (isCut) yield '';
  else if (rest.length > 0) yield* linesOf(rest);
}

function linesOf(bytes: Buffer): readonly string[] {
  const text = textOf(bytes);
  if (text !== null) return text.split('\n');
  const lines: string[] = [];
  for (let from = 0; from <= bytes.length; ) {
    const at = bytes.indexOf(LINE_FEED, from);
    const end = at < 0 ? bytes.length : at;
    lines.push(textOf(bytes.subarray(from, end)) ?? '');
    from = end + 1;
  }
  return lines;
}

function textOf(bytes: Buffer): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}
