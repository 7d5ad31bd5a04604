import { expect, test } from 'vitest';
import { type GroupFailure, runAgain } from '../../../cli/testing/run-again.ts';
import { TEST_GROUPS, type TestGroup } from '../../../cli/testing/test-groups.ts';

const [group] = TEST_GROUPS as readonly [TestGroup, ...TestGroup[]];
const failure = (file: string | null, name = 'waits'): GroupFailure => ({
  group,
  file,
  name,
  message: 'late',
});

/** A second run in which each file of `passing` passes, and any other fails. */
const secondRun =
  (passing: readonly string[], ran: string[] = []) =>
  async (_group: TestGroup, [file = '']: readonly string[]) => {
    ran.push(file);
    const failed = passing.includes(file) ? 0 : 1;
    return { counts: { passed: 1, failed, skipped: 0 }, tests: [], failures: [] };
  };

test('a file that passes alone was unsteady, and another one not', async () => {
  const failures = [failure('a.test.ts', 'one'), failure('b.test.ts'), failure('a.test.ts', 'two')];
  const ran: string[] = [];
  expect(await runAgain(failures, secondRun(['a.test.ts'], ran))).toEqual(
    new Map([['a.test.ts', { passed: 1, failed: 0, skipped: 0 }]]),
  );
  expect(ran).toEqual(['a.test.ts', 'b.test.ts']);
});

test('a second run that skips, or in which no test ran, shows nothing', async () => {
  for (const counts of [
    { passed: 1, failed: 0, skipped: 1 },
    { passed: 0, failed: 0, skipped: 0 },
  ]) {
    expect(await runAgain([failure('a.test.ts')], async () => ({ counts, tests: [], failures: [] }))).toEqual(
      new Map(),
    );
  }
});

test('where many files failed, and where no file is to blame, nothing is run again', async () => {
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((file) => failure(file));
  const ran: string[] = [];
  expect(await runAgain(many, secondRun([], ran))).toEqual(new Map());
  expect(await runAgain([failure(null)], secondRun([], ran))).toEqual(new Map());
  expect(ran).toEqual([]);
});
