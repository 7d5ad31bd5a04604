import { describe, expect, test } from 'vitest';
import { limit } from '../../../protocol/limits.ts';
import { parseJson, readJson } from '../../../worker/input/parse-json.ts';

test('JSON is read as text and as bytes', () => {
  expect(readJson('{"a":["ä",1]}')).toEqual({ ok: true, value: { a: ['ä', 1] } });
  expect(readJson(new TextEncoder().encode('{"a":["ä",1]}'))).toEqual({ ok: true, value: { a: ['ä', 1] } });
});

describe('what is refused says why', () => {
  const deep = limit('json_depth');
  test.each<[string, Uint8Array | string, string]>([
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'is not valid UTF-8'],
    ['a byte order mark', '\ufeff{}', 'starts with a byte order mark; send plain UTF-8'],
    [
      'a byte order mark in bytes',
      Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
      'starts with a byte order mark; send plain UTF-8',
    ],
    ['one level too many', '['.repeat(deep + 1), `is nested more than ${deep} deep`],
    [
      'values too many',
      `[${'1,'.repeat(limit('json_values'))}1]`,
      `holds more than ${limit('json_values')} values`,
    ],
    ['a name twice', '{"a":1,"a":2}', 'has an object with two members named `a`'],
    [
      'a long name twice',
      `{"${'n'.repeat(70)}":1,"${'n'.repeat(70)}":2}`,
      `has an object with two members named \`${'n'.repeat(60)}\``,
    ],
    ['a prototype', '{"__proto__":{}}', 'holds a member named `__proto__`, which no object here has'],
    ['a number too large', '1e400', 'holds a number that is larger than any that can be kept'],
    ['no JSON', '{"a":}', 'is not valid JSON'],
  ])('%s', (_what, given, problem) => {
    expect(readJson(given)).toEqual({ ok: false, problem });
  });
});

test('a body is its value, or the refusal with the reason', () => {
  expect(parseJson(new TextEncoder().encode('[1]'))).toEqual([1]);
  expect(() => parseJson(new TextEncoder().encode('['))).toThrow(
    expect.objectContaining({ code: 'invalid_arguments', message: 'The body is not valid JSON.' }),
  );
});
