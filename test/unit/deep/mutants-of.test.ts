import { describe, expect, test } from 'vitest';
import { applyMutant, mutantsOf } from '../../../cli/deep/mutation/mutants-of.ts';

/** What a source becomes, for each of its mutants. */
const become = (text: string) => mutantsOf('a.ts', text).map((mutant) => applyMutant(text, mutant));

describe('a fault is made of', () => {
  test.each<[string, string, readonly string[]]>([
    ['a comparison', 'f(a < b)', ['f(true)', 'f(false)', 'f(a <= b)', 'f(a >= b)']],
    ['arithmetic', 'f(a + b)', ['f(a - b)']],
    ['a choice', 'f(a && b)', ['f(true)', 'f(false)', 'f(a || b)']],
    ['what stands in for nothing', 'f(a ?? b)', ['f(a && b)']],
    ['a condition', 'if (a) b()', ['if (true) b()', 'if (false) b()']],
    ['a condition of an expression', 'f(a ? b : c)', ['f(true ? b : c)', 'f(false ? b : c)']],
    ['a loop', 'while (a) b()', ['while (false) b()']],
    ['a negation', 'f(!a)', ['f(a)']],
    ['a step', 'a++', ['a--']],
    ['a sum', 'a += 1', ['a -= 1']],
    ['a boolean', 'f(true)', ['f(false)']],
    ['a word', "f('a')", ["f('')"]],
    ['an empty text', "f('')", ["f('mutant')"]],
    ['a template', 'f(`${a}b`)', ['f(``)']],
    ['a list', 'f([a])', ['f([])']],
    ['an empty list', 'f([])', ["f(['mutant'])"]],
    ['an object', 'f({ a })', ['f(({}))']],
    ['what a function does', 'function f() { a() }', ['function f() {}']],
    ['what an arrow gives', 'f(() => a)', ['f(() => undefined)']],
    ['a case', 'switch (a) { case 1: b() }', ['switch (a) { case 1:  }']],
    ['a gap', 'f(a?.b)', ['f(a.b)']],
    ['a gap before an index', 'f(a?.[0])', ['f(a[0])']],
    ['the other method', 'f(a.some(b))', ['f(a.every(b))']],
    ['a method left out', 'f(a.filter(b))', ['f(a)']],
    ['a pattern', 'f(/^a$/)', ['f(/a$/)', 'f(/^a/)']],
  ])('%s', (_what, text, expected) => {
    expect(new Set(become(text))).toEqual(new Set(expected));
  });
});

test('types, imports, names of members and sentences for people stay as they are', () => {
  for (const text of [
    "import a from 'b'",
    "export { a } from 'b'",
    "type A = 'b' | { c: true }",
    "interface A { readonly b: 'c' }",
    "f<'a'>(b as 'c')",
    "f('There is no such token.')",
    'f(`There is no ${a} token.`)',
    "f('a b' + `c ${d}`)",
    'f(a.toString(b))',
  ])
    expect(become(text)).toEqual([]);
  expect(become("f({ 'a': b })")).toEqual(['f(({}))']);
});

test('a mutant knows its line and stands for exactly the text that it names, whatever characters come before', () => {
  const text = "const 🦊 = 1\n// ä\nf('a')";
  const [mutant] = mutantsOf('x.ts', text.replace('🦊', 'fox /* 🦊 */'));
  expect(mutant).toMatchObject({ file: 'x.ts', line: 3, from: "'a'", to: "''", kind: 'string' });
});
