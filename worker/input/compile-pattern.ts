const PATTERN_CHARS_MAX = 200;
/** Each optional piece doubles what a match may try; with this many a text of 8 KiB costs milliseconds at worst. */
const OPTIONAL_MAX = 4;
const REPEATED_MAX = 64;

/** Pieces (a class, an escape, or a character that means itself), each once, at most once, or so many times. */
const PIECES =
  /^(?:(?:\[\^?(?:[^\\\][]|\\[dswDSW\\\][^-])+\]|\\[dswbDSWB\\.?{}()[\]|^$*+/-]|[^\\?{}()[\]|^$*+\s])(?:\?|\{\d{1,2}\})?|\|)+$/u;

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
  if (plain.split('|').some((alternative) => alternative === '')) return null;
  try {
    const compiled = new RegExp(pattern, 'iu');
    // What matches the empty text would refuse everything.
    return compiled.test('') ? null : compiled;
  } catch {
    return null;
  }
}
