import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../worker/input/compile-pattern.ts';

describe('a pattern of an operator is compiled', () => {
  test.each([
    ['two hundred characters', 'x'.repeat(200), 'x'.repeat(200)],
    ['four optional pieces', 'a?b?c?d?x', 'abcdx'],
    ['question marks that are characters', '\\?\\?\\?\\?\\?', '?????'],
    ['question marks in a class', '[a?b?c?d?e?]x', '?x'],
    ['a piece once', 'a{1}', 'a'],
    ['a piece 64 times', 'a{64}', 'a'.repeat(64)],
    ['alternatives', 'ab|cd', 'CD'],
    ['as many pieces as four that are optional leave', `a?b?c?d?${'x'.repeat(56)}`, `abcd${'x'.repeat(56)}`],
    ['as many as may be repeated', 'x{64}'.repeat(14), 'x'.repeat(14 * 64)],
    ['a class with an escape', '[\\d-]{2}', '1-'],
    ['a class alone', '[xy]', 'y'],
  ])('%s', (_what, pattern, matched) => {
    const compiled = compilePattern(pattern);
    expect(compiled?.test(matched)).toBe(true);
    expect(compiled?.test('\u2014')).toBe(false);
  });
});

describe('a pattern of an operator is none', () => {
  test.each([
    ['without text', ''],
    ['of more than two hundred characters', 'x'.repeat(201)],
    ['with five optional pieces', 'a?b?c?d?e?x'],
    ['with a piece no time', 'a{0}b'],
    ['with a piece 65 times', 'a{65}'],
    ['with a piece 65 times beside one that may be', 'a{1}b{65}'],
    ['with a count of three digits', 'a{064}'],
    [
      'with optional pieces before many others, each of which is tried sixteen times',
      `a?b?c?d?${'x'.repeat(57)}`,
    ],
    ['with a thousand pieces', 'x{64}'.repeat(15)],
    ['with nothing before a bar', '|a'],
    ['with nothing between bars', 'a||b'],
    ['with nothing behind a bar', 'a|'],
    ['that matches the empty text', 'a?'],
    ['with a group', '(a)'],
    ['with a group before what may be', '(a)b'],
    ['with a star', 'ab*'],
    ['with a plus', 'ab+'],
    ['with a blank', 'a b'],
    ['with a class that has no end', '[a'],
    ['with forty classes before what is none', `${'[^x]'.repeat(40)}(`],
    ['with a range the wrong way', '[z-a]'],
  ])('%s', (_what, pattern) => {
    expect(compilePattern(pattern)).toBeNull();
  });
});
