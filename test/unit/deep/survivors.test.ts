import { expect, test } from 'vitest';
import { mutantsOf } from '../../../cli/deep/mutation/mutants-of.ts';
import { nameMutant } from '../../../cli/deep/mutation/survivors.ts';

const namesOf = (text: string) => mutantsOf('a.ts', text).map((mutant) => nameMutant(mutant, text));

test('a fault is named by its file, its line of code, and what it changes', () => {
  expect(namesOf("const a =\n  b ??\n  '';\n")).toContainEqual({
    file: 'a.ts',
    code: "'';",
    from: "''",
    to: "'mutant'",
  });
});

test('the faults of a long pattern have names of their own, each of which shows the fault', () => {
  const names = namesOf(`const LONG = /^${'(?:a|b)'.repeat(20)}x{1,2}y?$/;\n`);
  expect(new Set(names.map(({ to }) => to)).size).toBe(names.length);
  expect(names).toContainEqual(
    expect.objectContaining({ from: '…b)(?:a|b)(?:a|b)x{1,2}y?$/', to: '…b)(?:a|b)(?:a|b)x{1,3}y?$/' }),
  );
});
