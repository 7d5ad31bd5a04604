import { printNote, styled } from '../terminal/print.ts';
import type { TestFailure } from './read-report.ts';
import { runVitest } from './run-vitest.ts';
import type { TestGroup } from './test-groups.ts';

export interface GroupFailure extends TestFailure {
  readonly group: TestGroup;
}

/** More failed files than these are a fault of the change or of the machine: none is run again. */
const FILES_RUN_AGAIN_MAX = 5;

/**
 * Those of `failures` whose whole file passes when it runs once more with nothing beside it: unsteady on a busy machine, and
 * told as that (decision 0239).
 */
export async function runAgain(
  failures: readonly GroupFailure[],
  run: typeof runVitest = runVitest,
): Promise<GroupFailure[]> {
  const files = new Map(failures.map(({ file, group }) => [file, group]));
  if (files.size > FILES_RUN_AGAIN_MAX) return [];
  const unsteady: GroupFailure[] = [];
  for (const [file, group] of files) {
    if (file === null) continue;
    printNote(styled('bold', `\nAgain, alone: ${file}`));
    const { counts } = await run(group, [file]);
    if (counts.passed > 0 && counts.failed + counts.skipped === 0) {
      unsteady.push(...failures.filter((failure) => failure.file === file));
    }
  }
  return unsteady;
}
