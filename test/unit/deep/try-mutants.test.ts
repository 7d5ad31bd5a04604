import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutantsOf } from '../../../cli/deep/mutation/mutants-of.ts';
import { tryMutants } from '../../../cli/deep/mutation/try-mutants.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

const FILE = 'test/unit/deep/fixture/shop.ts';
const CHECKS = 'test/unit/deep/fixture/shop.checks.ts';
const mutants = mutantsOf(FILE, readFileSync(join(ROOT_DIR, FILE), 'utf8'));

test('a fault is noticed by the test that fails, by a loop that does not end, or by nobody', async () => {
  const seen: string[] = [];
  const tried = await tryMutants(FILE, [CHECKS], mutants, ({ mutant }) => void seen.push(mutant.to));
  const by = (from: string, to: string) =>
    tried.find(({ mutant }) => mutant.from.startsWith(from) && mutant.to === to)?.by;
  expect(seen).toEqual(mutants.map(({ to }) => to));
  expect(by('>=', '>')).toBe('a shop > at %i: %s #1');
  expect(by('>=', '<')).toBe('a shop > at %i: %s #0');
  // What is computed when the file is loaded is changed as well.
  expect(by("'9'", "''")).toBe('a shop > at %i: %s #0');
  expect(by('{ let steps', '{}') ?? by('{\n  let steps', '{}')).toBe('a shop > counts down');
  expect(by('--', '++')).toBe('time: a loop does not end');
  expect(tried.filter((each) => each.by === null).map(({ mutant }) => mutant.from)).toEqual([
    "{\n  return 'unseen';\n}",
    "'unseen'",
  ]);
});

test('tests that fail with the file as it is say nothing about a fault', async () => {
  const broken = 'test/unit/deep/fixture/broken.checks.ts';
  await expect(tryMutants(FILE, [broken], mutants, () => {})).rejects.toMatchObject({
    message: `Mutants of ${FILE} cannot be tried.`,
    why: expect.stringContaining('a shop is never open'),
  });
  await expect(tryMutants(FILE, [], mutants, () => {})).rejects.toMatchObject({ why: 'no test imports it' });
});

test('a test that fails when it is run again would notice every fault, so it is refused', async () => {
  const once = 'test/unit/deep/fixture/once.checks.ts';
  await expect(tryMutants(FILE, [once], mutants, () => {})).rejects.toMatchObject({
    why: 'a shop opens for the first time: it passes once, and fails when it is run again in the same process',
  });
});
