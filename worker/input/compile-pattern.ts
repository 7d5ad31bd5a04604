const PATTERN_CHARS_MAX = 200;
/** What a match may try at each character of a text: its pieces as often as they stand, twice as many for each that is optional. A text of 8 KiB costs some ten ms at worst. */
const TRIED_MAX = 1024;
const OPTIONAL_MAX = 4;
const REPEATED_MAX = 64;

/**
 * Pieces (a class, an escape, or a character that means itself), each once, at most once, or so many times. The `^` of a class is read as
 * one of its characters: in two ways it would be tried both for each class.
 */
const PIECES =
  /^(?:(?:\[(?:[^\\\][]|\\[dswDSW\\\][^-])+\]|\\[dswbDSWB\\.?{}()[\]|^$*+/-]|[^\\?{}()[\]|^$*+\s])(?:\?|\{\d{1,2}\})?|\|)+$/u;

/**
 * Compiles a pattern that an operator wrote, without regard to case: characters, `.`, classes, `\d \s \w \b`, alternatives
 * by `|`, `?` and `{n}`. There are no groups and no `*` or `+`, and few `?`, so a match takes time in proportion to the text; null
 * where the pattern is more than that, or wrong.
 */
export function compilePattern(pattern: string): RegExp | null {
  if (pattern === '' || pattern.length > PATTERN_CHARS_MAX || !PIECES.test(pattern)) return null;
  const plain = pattern.replace(/\\./gu, 'x').replace(/\[[^[\]]*\]/gu, 'x');
  const optional = plain.split('?').length - 1;
  const repeated = [...plain.matchAll(/\{(\d+)\}/gu)].map(([, count]) => Number(count));
  if (optional > OPTIONAL_MAX || repeated.some((count) => count < 1 || count > REPEATED_MAX)) return null;
  const pieces = plain.length + repeated.reduce((sum, count) => sum + count, 0);
  if (pieces * 2 ** optional > TRIED_MAX) return null;
  if (plain.split('|').some((alternative) => alternative === '')) return null;
  try {
    const compiled = new RegExp(pattern, 'iu');
    // What matches the empty text would refuse everything.
    return compiled.test('') ? null : compiled;
  } catch {
    return null;
  }
}
