import { basename } from 'node:path';
import type { ImportGraph } from '../../gate/import-graph.ts';
import type { Module } from './modules.ts';

/** Tests that start parts cost seconds for each mutant, so only unit tests are run. */
const UNIT_TEST = /^test\/unit\/.*\.test\.ts$/;

/** Functions of vitest that need its own runner, which a host of mutants does not have. */
const NEEDS_RUNNER =
  /\bvi\.(?:useFakeTimers|setSystemTime|mock|waitUntil|waitFor)\b|\bexpect\.poll\b|\binject\(/;
/** A file that more tests than this import is used everywhere: only the test of its own name is run. */
const TESTS_MAX = 16;

/** The unit tests that import a file of a module themselves, or another file of the module that needs this one. */
export function testsOf(
  file: string,
  { files }: Module,
  graph: ImportGraph,
  readSource: (path: string) => string,
): readonly string[] {
  const near = new Set(files.filter((other) => other === file || reaches(other, file, graph)));
  const tests = [...graph]
    .filter(([test, targets]) => UNIT_TEST.test(test) && targets.some((target) => near.has(target)))
    .map(([test]) => test)
    .filter((test) => !NEEDS_RUNNER.test(readSource(test)))
    .sort();
  // The test of the file itself notices most, so it comes first.
  const own = tests.filter((test) => isNamed(test, file));
  return own.length > 0 && tests.length > TESTS_MAX ? own : [...new Set([...own, ...tests])];
}

function isNamed(test: string, file: string): boolean {
  return basename(test, '.test.ts') === basename(file, '.ts');
}

function reaches(from: string, to: string, graph: ImportGraph): boolean {
  const seen = new Set([from]);
  for (const path of seen) for (const target of graph.get(path) ?? []) seen.add(target);
  return seen.has(to);
}
