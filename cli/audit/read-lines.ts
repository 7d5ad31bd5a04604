import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** No line of an export is longer: an event has at most 16 KiB of details, and some bounded fields. */
const LINE_CHARS_MAX = 1024 * 1024;

/**
 * The lines of a file. Only a line feed ends one: an event may hold every other character that ends lines elsewhere. What is
 * longer than any entry comes as an empty line, which is none.
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > LINE_CHARS_MAX) rest = '';
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
