import { describe, expect, test } from 'vitest';
import { parseProjectPath } from '../../../worker/projects/parse-path.ts';

describe('a path that cannot stand under /repo is refused with its reason', () => {
  test.each([
    ['', 'is empty'],
    ['/etc/passwd', 'is absolute'],
    ['../secrets', 'could leave'],
    ['a/../../b', 'could leave'],
    ['./a', 'could leave'],
    ['a/.', 'could leave'],
    ['a//b', 'empty part'],
    ['a/', 'empty part'],
    ['a\\b', 'backslash'],
    ['a\0b', 'control character'],
    ['a\nb', 'control character'],
    ['a\u001b[31mb', 'control character'],
    ['invoice\u202efdp.py', 'invisible'],
    ['zero\u200bwidth.py', 'invisible'],
    ['\ufeffbom.py', 'invisible'],
    ['line\u2028separator', 'invisible'],
    ['filler\u3164.py', 'invisible'],
    ['braille\u2800.py', 'invisible'],
    ['selector\ufe0f.py', 'invisible'],
    ['pay\u200dpal.py', 'invisible'],
    ['e\u0301.py', 'not normalised'],
    ['\ud800.py', 'not normalised'],
    ['.git/config', 'reserved name .git'],
    ['a/.GIT/hooks', 'reserved name .GIT'],
    ['.git. /x', 'reserved name'],
    ['git~1/x', 'reserved name'],
    ['git~12', 'reserved name'],
    ['.causeway/x', 'reserved name'],
    ['x'.repeat(256), 'name over 255 bytes'],
    [Array.from({ length: 10 }, () => 'é'.repeat(60)).join('/'), 'over 1024 bytes'],
  ])('%j', (text, reason) => {
    const parsed = parseProjectPath(text);
    expect(parsed.ok ? 'accepted' : parsed.reason).toContain(reason);
  });
});

test.each([
  'forecast.py',
  'models/forecast.py',
  'Ünïcode/日本.txt',
  'می\u200cخواهم.py',
  '👩\u200d🔬/❤\ufe0f.csv',
  '.gitignore',
  'a b/c (1).csv',
  '...',
  '__proto__',
])('%j is accepted as it is', (text) => {
  expect(parseProjectPath(text)).toEqual({ ok: true, path: text });
});

test('a path is as long as may be, and a name only ends like one of git', () => {
  for (const text of [
    'x'.repeat(255),
    `${`${'x'.repeat(203)}/`.repeat(5)}${'x'.repeat(4)}`,
    'model.git',
    'my.causeway',
  ])
    expect(parseProjectPath(text)).toEqual({ ok: true, path: text });
});
