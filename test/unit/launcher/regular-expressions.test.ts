import { expect, test } from 'vitest';
import { findSlowExpressions } from '../../../cli/gate/regular-expressions.ts';

const found = (text: string, path = 'worker/x.ts') => findSlowExpressions([{ path, text }]);

test.each([
  ['nested repetition', 'const a = /^(a+)+$/;', 'Self'],
  // Patterns of operators were judged by this: the ^ of a class stands for itself or is its sign.
  [
    'two ways to read a piece that is repeated',
    String.raw`const a = /^(?:(?:\[\^?(?:[^\\\][]|\\[dswDSW\\\][^-])+\]|\\[dswbDSWB\\.?{}()[\]|^$*+/-]|[^\\?{}()[\]|^$*+\s])(?:\?|\{\d{1,2}\})?|\|)+$/u;`,
    'doubling',
  ],
  ['a piece that is two others', 'const a = /^(?:ab|a|b)*$/;', 'doubling'],
  ['the same piece twice', 'const a = /^(?:ab|ab)*$/;', 'doubling'],
  ['one in another', 'const a = /^(?:a|[ab])*$/;', 'doubling'],
  ['pieces that may be left out', 'const a = /^(?:a?b?)*$/;', 'doubling'],
  ['a repetition of a repetition', 'const a = /^(?:(?:ab)+)+$/;', 'doubling'],
  ['a bound that is no help', 'const a = /^(?:(?:ab){1,20}c?){1,20}$/;', 'doubling'],
  ['in either case', 'const a = /^(?:a|B|Ab)*$/i;', 'doubling'],
  ['two ways to read one text', 'const a = /^a*a*$/;', 'Trade'],
  ['a longer piece that two repetitions read', 'const a = /^(?:ab)*(?:ab)*$/;', 'trading'],
  ['with a third between them', 'const a = /^(?:ab)*(?:cd)*(?:ab)*$/;', 'trading'],
  ['shifted by a piece', 'const a = /^(?:ab)*a(?:ba)*$/;', 'trading'],
  ['in pieces of other lengths', 'const a = /^(?:ab)*x?(?:abab)*$/;', 'trading'],
  ['a search that begins anew at each character', 'const a = /\\s+$/u;', 'Move'],
  [
    'a search that begins anew in what it has read',
    String.raw`const a = /(?<=^|\W)eyJ[\w-]{5,}(?:\.[\w-]+){1,4}/g;`,
    'searched anew',
  ],
  ['one that begins anew at each word', String.raw`const a = /\bon[a-z ]+=/;`, 'searched anew'],
  ['one that begins anew on each line', String.raw`const a = /^on[^=]+=/m;`, 'searched anew'],
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
  ['a repetition in another that has an end', 'const a = /^(?:x(?:ab)*)*$/;'],
  ['what may be left out, once each time', 'const a = /^(?:ab?)+$/;'],
  ['pieces that begin alike', 'const a = /^(?:abc|abd)*$/;'],
  ['pieces that are told apart by an escape', String.raw`const a = /^"(?:[^"\\]|\\.)*"$/s;`],
  ['repetitions that something parts', 'const a = /^(?:ab)*c(?:ab)*$/;'],
  ['repetitions of other texts', 'const a = /^(?:ab)*(?:ba)*$/;'],
  ['pieces of a fixed length', 'const a = /^[0-9a-z]{26}[0-9a-z]{26}$/;'],
  ['a division', 'const a = b / c / d;'],
  ['a search that has what it read', String.raw`const a = /eyJ[\w-]{5,}(?:\.[\w-]+){0,4}/g;`],
  ['a search of which the beginning cannot come again', String.raw`const a = /\{[^{}]*\}/;`],
  ['a word that does not begin in itself', String.raw`const a = /\bon[a-z]+\s?=/iu;`],
  ['a line that does not begin in itself', String.raw`const a = /^\d+:[^:\n]*:/m;`],
  ['one that goes on where it was', String.raw`const a = /a[^=]*=/y;`],
])('and this is none: %s', (_what, text) => {
  expect(found(text)).toEqual([]);
});

test('pieces of our own may make one, in the files that say which', () => {
  expect(found('const a = new RegExp(b);', 'protocol/ids.ts')).toEqual([]);
});
