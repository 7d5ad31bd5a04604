import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readLines } from '../../../cli/audit/read-lines.ts';

const dir = mkdtempSync(join(tmpdir(), 'causeway-lines-'));
afterAll(() => rmSync(dir, { recursive: true }));

const MIB = 1024 * 1024;
const x = (count: number) => 'x'.repeat(count);
const bytes = (...parts: readonly (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));

test.each<[string, Buffer, readonly string[]]>([
  ['nothing', bytes(), []],
  ['a line that no line feed ends', bytes('a\nb'), ['a', 'b']],
  ['empty lines', bytes('\n\na\n'), ['', '', 'a']],
  ['what ends lines elsewhere', bytes('a\r\u2028\u0085b\n'), ['a\r\u2028\u0085b']],
  ['a byte order mark', bytes('\ufeffa\nb\n'), ['\ufeffa', 'b']],
  ['a byte that is no character, alone', bytes('a\nb', 0xff, 'c\nd\n'), ['a', '', 'd']],
  ['half a character at the end', bytes('a\n\u00e9'.slice(0, 2), 0xc3), ['a', '']],
  ['a character across two chunks', bytes(x(MIB - 1), '\u00e9\na\n'), [`${x(MIB - 1)}\u00e9`, 'a']],
  ['a line of a chunk exactly', bytes(x(MIB), '\na\n'), [x(MIB), 'a']],
  ['one that is too long, whose end is another’s', bytes('a\n', x(2 * MIB - 2), 'b\nc\n'), ['a', '', 'c']],
  ['two that are too long', bytes(x(3 * MIB), '\n', x(5 * MIB), '\na\n'), ['', '', 'a']],
  ['one that is too long at the end', bytes('a\n', x(2 * MIB - 2)), ['a', '']],
])('of a file with %s', async (_what, content, lines) => {
  const file = join(dir, 'lines');
  writeFileSync(file, content);
  const read: string[] = [];
  for await (const line of readLines(file)) read.push(line);
  expect(read.map((line) => line.length)).toEqual(lines.map((line) => line.length));
  expect(read).toEqual(lines);
});
