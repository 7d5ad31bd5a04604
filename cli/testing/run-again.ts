import { printNote, styled } from '../terminal/print.ts';
import type { Counts, TestFailure } from './read-report.ts';
import { runVitest } from './run-vitest.ts';
import type { TestGroup } from './test-groups.ts';

export interface GroupFailure extends TestFailure {
  readonly group: TestGroup;
}

/** More failed files than these are a fault of the change or of the machine: none is run again. */
const FILES_RUN_AGAIN_MAX = 5;

/**
 * The files of `failures` that pass whole when they run once more with nothing beside them, and what that came to: unsteady
 * on a busy machine, and told as that (decision 0239).
 */
export async function runAgain(
  failures: readonly GroupFailure[],
  run: typeof runVitest = runVitest,
): Promise<ReadonlyMap<string, Counts>> {
  const files = new Map(failures.map(({ file, group }) => [file, group]));
  const passed = new Map<string, Counts>();
  if (files.size > FILES_RUN_AGAIN_MAX) return passed;
  for (const [file, group] of files) {
    if (file === null) continue;
    printNote(styled('bold', `\nAgain, alone: ${file}`));
    const { counts } = await run(group, [file]);
    if (counts.passed > 0 && counts.failed + counts.skipped === 0) passed.set(file, counts);
  }
  return passed;
}
