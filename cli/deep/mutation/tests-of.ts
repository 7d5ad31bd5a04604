import { basename } from 'node:path';
import type { ImportGraph } from '../../gate/import-graph.ts';
import type { Module } from './modules.ts';

/** Started parts cost seconds a mutant, so unit tests alone are asked. */
const UNIT_TEST = /^test\/unit\/.*\.test\.ts$/;

/** Words of vitest that need its own runner, which a host of mutants does without. */
const NEEDS_RUNNER = /\bvi\.(?:useFakeTimers|setSystemTime|mock|waitUntil|waitFor)\b|\binject\(/;

/** The unit tests that import a file of a module themselves, or another file of the module that needs this one. */
export function testsOf(
  file: string,
  { files }: Module,
  graph: ImportGraph,
  readSource: (path: string) => string,
): readonly string[] {
  const near = new Set(files.filter((other) => other === file || reaches(other, file, graph)));
  return (
    [...graph]
      .filter(([test, targets]) => UNIT_TEST.test(test) && targets.some((target) => near.has(target)))
      .map(([test]) => test)
      .filter((test) => !NEEDS_RUNNER.test(readSource(test)))
      // The test of the file itself notices most, so it comes first.
      .sort((one, other) => isNamed(other, file) - isNamed(one, file) || one.localeCompare(other))
  );
}

function isNamed(test: string, file: string): number {
  return Number(basename(test, '.test.ts') === basename(file, '.ts'));
}

function reaches(from: string, to: string, graph: ImportGraph): boolean {
  const seen = new Set([from]);
  for (const path of seen) for (const target of graph.get(path) ?? []) seen.add(target);
  return seen.has(to);
}
