import { expect, test } from 'vitest';
import { findSlowExpressions } from '../../../cli/gate/regular-expressions.ts';

const found = (text: string, path = 'worker/x.ts') => findSlowExpressions([{ path, text }]);

test.each([
  ['nested repetition', 'const a = /^(a+)+$/;', 'Self'],
  ['two ways to read one text', 'const a = /^a*a*$/;', 'Trade'],
  ['a search that begins anew at each character', 'const a = /\\s+$/u;', 'Move'],
  [
    'inside a class of TypeScript',
    'class A<T> { is(b: T): boolean { return /(?:x+)+y/.test(b as string); } }',
    'Self',
  ],
  ['one that cannot be judged', 'const a = /\\p{ExtPict}/u;', 'cannot be judged'],
  ['one that is made of pieces', 'const a = new RegExp(given);', 'made of pieces'],
])('a regular expression that may be slow is found: %s', (_what, text, fault) => {
  expect(found(text)).toEqual([expect.stringContaining(fault)]);
  expect(found(`\n\n${text}`)[0]).toMatch(/^worker\/x\.ts:3 /);
});

test.each([
  ['anchored', 'const a = /^[a-z]+(?:-[a-z]+)*$/u;'],
  ['a name of letters', 'const a = /[\\p{L}\\p{N}]{1,255}/u;'],
  ['a division', 'const a = b / c / d;'],
])('and this is none: %s', (_what, text) => {
  expect(found(text)).toEqual([]);
});

test('pieces of our own may make one, in the files that say which', () => {
  expect(found('const a = new RegExp(b);', 'protocol/ids.ts')).toEqual([]);
});
