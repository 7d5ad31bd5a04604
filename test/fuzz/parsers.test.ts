import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inputsOf } from '../../cli/deep/fuzzing/inputs.ts';
import { type Parser, promise } from '../../cli/deep/fuzzing/parser.ts';
import { PARSERS } from '../../cli/deep/fuzzing/parsers/index.ts';
import { readSeeds } from '../../cli/deep/fuzzing/seeds.ts';

const INPUTS = 300;

function tryOut(parser: Parser, seeds: readonly string[]) {
  return fc.check(
    fc.asyncProperty(inputsOf(parser, seeds), async (input) => parser.check(input)),
    { seed: 20261122, numRuns: INPUTS + seeds.length, examples: seeds.map((each) => [each] as [string]) },
  );
}

describe('a parser that a stranger reaches keeps its promises about every input', () => {
  test.each(PARSERS)('$name: $says', async (parser) => {
    const seeds = readSeeds(parser.name);
    expect(seeds).not.toEqual([]);
    expect(await tryOut(parser, seeds)).toMatchObject({ failed: false, counterexample: null });
  });
});

test('a parser with a fault is found out, by an input as small as can be', async () => {
  const trusting: Parser = {
    name: 'trusting',
    file: '',
    says: '',
    pieces: ['a', 'b', '<script>'],
    check: (input) => promise(!input.includes('<script>'), 'nothing of it runs'),
  };
  const { counterexample } = await tryOut(trusting, ['aaa']);
  expect(counterexample?.[0]).toMatch(/^.{0,3}<script>.{0,3}$/);
});
