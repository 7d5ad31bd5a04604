import fc from 'fast-check';
import type { Parser } from './parser.ts';

const REPEATED_MAX = 3_000;

/** What an input is changed by: where (a part of its length), how far, how, and the text that comes in. */
interface Edit {
  readonly at: number;
  readonly length: number;
  readonly how: 'insert' | 'replace' | 'delete' | 'repeat' | 'cut';
  readonly text: string;
}

/** Inputs of a parser: its pieces in any order, its seeds with changes, characters of any kind, and long repetitions. */
export function inputsOf({ pieces }: Parser, seeds: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.constantFrom(...pieces);
  // Also halves of surrogate pairs, which no text of Unicode has.
  const unit = fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0xffff }));
  const characters = (maxLength: number) =>
    fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
  const text = fc.oneof({ weight: 3, arbitrary: piece }, { weight: 1, arbitrary: characters(4) });
  const sentence = fc.array(text, { maxLength: 30 }).map((parts) => parts.join(''));
  const edit: fc.Arbitrary<Edit> = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 0, max: 12 }),
    how: fc.constantFrom('insert', 'replace', 'delete', 'repeat', 'cut'),
    text,
  });
  const changed = fc
    .tuple(fc.constantFrom(...seeds, ...pieces), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([seed, edits]) => edits.reduce(applyEdit, seed));
  const long = fc
    .tuple(text, text, fc.integer({ min: 1, max: REPEATED_MAX }), text)
    .map(([before, repeated, times, after]) => before + repeated.repeat(times) + after);
  return fc.oneof(
    { weight: 4, arbitrary: changed },
    { weight: 4, arbitrary: sentence },
    { weight: 1, arbitrary: characters(60) },
    { weight: 1, arbitrary: long },
  );
}

function applyEdit(input: string, { at, length, how, text }: Edit): string {
  const from = Math.floor(at * input.length);
  const [before, inside, after] = [
    input.slice(0, from),
    input.slice(from, from + length),
    input.slice(from + length),
  ];
  switch (how) {
    case 'insert':
      return before + text + inside + after;
    case 'replace':
      return before + text + after;
    case 'delete':
      return before + after;
    case 'repeat':
      return before + inside.repeat(2 + length * length) + after;
    case 'cut':
      return before;
  }
}
