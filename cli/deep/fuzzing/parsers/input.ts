import { isDeepStrictEqual } from 'node:util';
import { Refusal } from '../../../../worker/http/refusal.ts';
import { compilePattern } from '../../../../worker/input/compile-pattern.ts';
import { judgeCharacters } from '../../../../worker/input/judge-characters.ts';
import { isDecodable, parseForm } from '../../../../worker/input/parse-form.ts';
import { readJson } from '../../../../worker/input/parse-json.ts';
import { parseName } from '../../../../worker/input/parse-name.ts';
import { parseParameters } from '../../../../worker/oauth/parameters.ts';
import { parseEmail } from '../../../../worker/people/email.ts';
import { parsePersonName } from '../../../../worker/people/person-name.ts';
import { parseProjectPath } from '../../../../worker/projects/parse-path.ts';
import { decodeCursor, encodeCursor } from '../../../../worker/tenants/cursor.ts';
import { bytesOf, jsonOf, type Parser, promise } from '../parser.ts';

const UNSEEN_BY_ALL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200b\ufeff]/u;

export const INPUT_PARSERS: readonly Parser[] = [
  {
    name: 'json',
    file: 'worker/input/parse-json.ts',
    says: 'a body from anybody: what is read is what JSON.parse reads, with no name twice and none of a prototype',
    pieces: [
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '"a"',
      '"b":',
      '\\',
      '\\u0061',
      '\\"',
      '1',
      '-1e3',
      '1e400',
      'null',
      'true',
      '"__proto__":',
      '"\\u005f_proto__":',
      ' ',
      '\ufeff',
      '{"a":1,',
      '[[[[',
    ],
    check(input) {
      const read = readJson(input);
      const value = jsonOf(input);
      if (read.ok) {
        promise(isDeepStrictEqual(read.value, value), 'it reads what JSON.parse reads');
        promise(membersOf(read.value) === colonsOf(input), 'no member is lost to another of its name');
        promise(
          !JSON.stringify(Object.keys(flat(read.value))).includes('__proto__'),
          'no name is of a prototype',
        );
      } else
        promise(read.problem !== 'is not valid JSON' || value === undefined, 'it refuses no JSON as none');
      const ofBytes = readJson(bytesOf(input));
      promise(!ofBytes.ok || isUtf8(bytesOf(input)), 'what is read of bytes is UTF-8');
    },
  },
  {
    name: 'form',
    file: 'worker/input/parse-form.ts',
    says: 'a posted form, and the query of an address: nothing is put in the place of what is no text',
    pieces: [
      'a=1',
      '&',
      '=',
      '%',
      '%41',
      '%00',
      '%ff',
      '%c3%a4',
      '+',
      'client_id=',
      ';',
      'a=1&a=2',
      '%25',
      '#',
    ],
    check(input) {
      for (const given of [input, bytesOf(input)]) {
        const form = parseForm(given);
        if (form === null) continue;
        promise(
          !String(form).includes('%EF%BF%BD') || (String(given).length > 0 && holdsReplacement(given)),
          'it makes up no character',
        );
        const parameters = parseParameters(form);
        if (!parameters.ok) continue;
        promise(new Set(form.keys()).size === [...form.keys()].length, 'no parameter stands twice');
        for (const value of parameters.value.values())
          promise(value !== '' && !/\p{Cc}/u.test(value), 'a parameter has a value without controls');
      }
      isDecodable(input);
    },
  },
  {
    name: 'path',
    file: 'worker/projects/parse-path.ts',
    says: 'a path that an agent names: it stays below its project and out of .git, in one spelling',
    pieces: [
      '/',
      '..',
      '.',
      '.git',
      '.GIT',
      'git~1',
      '.causeway',
      'a',
      'models',
      '\\',
      '\u0000',
      '\u202e',
      'a\u0308',
      ' ',
      '~',
      '//',
      '.git.',
      '.git ',
      '\u200b',
    ],
    check(input) {
      const parsed = parseProjectPath(input);
      if (!parsed.ok) return promise(/^[a-z]/.test(parsed.reason), 'a refusal says why');
      const parts = parsed.path.split('/');
      promise(parsed.path === input, 'it is not mended');
      promise(
        new URL(`file:///repo/${parts.map(encodeURIComponent).join('/')}`).pathname.startsWith('/repo/'),
        'it stays below /repo',
      );
      promise(
        parts.every((part) => part !== '' && part !== '.' && part !== '..'),
        'each part is a name',
      );
      promise(
        !parts.some((part) => /^(\.git|\.causeway)[ .]*$/i.test(part)),
        'it is nothing of git or Causeway',
      );
      promise(Buffer.from(parsed.path).toString() === parsed.path, 'it is Unicode text');
    },
  },
  {
    name: 'name',
    file: 'worker/input/parse-name.ts',
    says: 'a name that people read: one line without what nobody sees, and the same when it is judged again',
    pieces: [
      'Ann',
      ' ',
      '<script>',
      'javascript:x',
      '{{',
      '\u200d',
      '\u200c',
      '👩',
      '💻',
      'ن',
      'न',
      '्',
      '\u202e',
      '\ufe0f',
      '\u2028',
      '\t',
      '\n',
      '\u0301',
      'onload=',
      '<!--',
      '\u00ad',
    ],
    check(input) {
      const parsed = parseName(input);
      if (parsed.ok) {
        promise(
          parsed.name.length > 0 && parsed.name === parsed.name.trim(),
          'something is left, without blanks around',
        );
        promise(!UNSEEN_BY_ALL.test(parsed.name), 'all of it is seen');
        promise(isDeepStrictEqual(parseName(parsed.name), parsed), 'judged again it is the same');
      }
      const fault = judgeCharacters(input, { lines: true });
      promise(fault !== null || input.isWellFormed(), 'text without a fault is Unicode');
      const person = parsePersonName(input);
      promise(
        person === null ||
          (person !== '' &&
            !UNSEEN_BY_ALL.test(person) &&
            judgeCharacters(person, { lines: false }) === null),
        'the name of a person is seen',
      );
    },
  },
  {
    name: 'email',
    file: 'worker/people/email.ts',
    says: 'who signs in: one spelling of an address, that is compared as text',
    pieces: ['ann', '@', 'example.com', ' ', 'A', 'ﬁ', '\u0000', 'İ', 'ı', '\u200b', 'ａ', '.', '@@'],
    check(input) {
      const email = parseEmail(input);
      if (email === null) return;
      promise(/^[^\s@]+@[^\s@]+$/u.test(email) && !/\p{Cc}/u.test(email), 'it has the shape of an address');
      promise(parseEmail(email) === email, 'its one spelling is read as itself');
    },
  },
  {
    name: 'pattern',
    file: 'worker/input/compile-pattern.ts',
    says: 'a pattern of the operator: none that matches nothing at all, or backtracks over a long text',
    pieces: [
      'a',
      'b',
      '.',
      '?',
      '{2}',
      '{64}',
      '[a-z]',
      '[^x]',
      '|',
      '\\d',
      '\\b',
      '(',
      ')',
      '*',
      '+',
      '^',
      '$',
      '\\',
      '[',
      ']',
      '{',
      '}',
      'a?',
    ],
    check(input) {
      const compiled = compilePattern(input);
      if (compiled === null) return;
      promise(!compiled.test(''), 'it does not match the empty text');
      for (const text of ['a'.repeat(8192), 'ab'.repeat(4096), `${'a'.repeat(8191)}!`]) compiled.test(text);
    },
  },
  {
    name: 'cursor',
    file: 'worker/tenants/cursor.ts',
    says: 'where a list goes on: a key of the form that was asked for, which the database can hold, or a refusal',
    pieces: [
      encodeCursor(['a', 1]),
      encodeCursor(['b']),
      'WyJ',
      'W10',
      '=',
      '-',
      '_',
      encodeCursor(['\ud800', 1]),
      encodeCursor(['\0', 2_147_483_648]),
    ],
    check(input) {
      try {
        const [text, number] = decodeCursor(input, ['', 0] as readonly [string, number]);
        promise(
          text.isWellFormed() && !text.includes('\0') && Math.abs(number) <= 2_147_483_647,
          'Postgres can hold it',
        );
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
      if (!input.isWellFormed() || input.includes('\0')) return;
      promise(
        isDeepStrictEqual(decodeCursor(encodeCursor([input]), [''] as const), [input]),
        'what was encoded is read',
      );
    },
  },
];

/** Members of all objects in a value. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value).reduce((sum: number, each) => sum + membersOf(each), 0);
  return inner + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** Members of all objects in a JSON text, counted without reading it. */
function colonsOf(text: string): number {
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, '').split(':').length - 1;
}

function flat(value: unknown): Record<string, true> {
  const names: Record<string, true> = {};
  JSON.stringify(value, (name, inner) => {
    names[`${name} `] = true;
    return inner;
  });
  return Object.fromEntries(Object.keys(names).map((name) => [name.trim(), true]));
}

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString('utf8')).equals(bytes);
}

/** Whether somebody wrote U+FFFD itself, spelled out or percent-encoded. */
function holdsReplacement(given: string | Uint8Array): boolean {
  const text = typeof given === 'string' ? given : Buffer.from(given).toString('utf8');
  return text.includes('\ufffd') || /%EF%BF%BD/i.test(text) || !text.isWellFormed();
}
