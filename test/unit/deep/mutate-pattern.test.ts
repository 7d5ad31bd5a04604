import { expect, test } from 'vitest';
import { mutatePattern } from '../../../cli/deep/mutation/mutate-pattern.ts';

test.each<[string, string, readonly string[]]>([
  ['^a$', '', ['a$', '^a']],
  ['[a-z]', '', ['[^a-z]']],
  ['[^a]', '', ['[a]']],
  ['[\\d]', '', ['[^\\d]', '[\\D]']],
  ['a?b*c+', '', ['ab*c+', 'a?bc+', 'a?b*c']],
  ['a{43}', '', ['a{44}', 'a{42}']],
  ['a{1,9}', '', ['a{0,9}', 'a{1,10}']],
  ['a{2,}', '', ['a{1,}', 'a{3,}']],
  ['\\p{Cc}', 'u', ['\\P{Cc}']],
  ['\\bon', '', ['\\Bon']],
  ['(?!a)b', '', ['(?=a)b']],
  ['(?<=a)b', '', ['(?<!a)b']],
  ['(?:a|b)', '', []],
  ['\\$\\^\\?', '', []],
  ['[$^?*+]', '', ['[^$^?*+]']],
  ['\\u{1f98a}x', 'u', []],
])('/%s/%s', (pattern, flags, expected) => {
  expect(mutatePattern(pattern, flags)).toEqual(expected);
});
