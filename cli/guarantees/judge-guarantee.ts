import { basename, dirname } from 'node:path';
import type { TestResult } from '../testing/read-report.ts';
import { type Guarantee, type Proof, plainQuotes } from './read-guarantees.ts';

/** What a run of the tests came to for one promise. */
export interface Verdict extends Pick<Guarantee, 'id' | 'promise'> {
  /** True where each proof had a test, and each of these passed: one that was skipped proves nothing. */
  readonly holds: boolean;
  readonly tests: readonly TestResult[];
  /** Proofs of which no test ran. */
  readonly missing: readonly Proof[];
}

export function judgeGuarantee({ id, promise, proofs }: Guarantee, results: readonly TestResult[]): Verdict {
  const found = proofs.map((proof) => ({
    proof,
    tests: results.filter((test) => isOf(test, proof, proofs)),
  }));
  const tests = [...new Set(found.flatMap((each) => each.tests))];
  const missing = found.filter((each) => each.tests.length === 0).map(({ proof }) => proof);
  return {
    id,
    promise,
    holds: tests.length > 0 && missing.length === 0 && tests.every(({ state }) => state === 'passed'),
    tests,
    missing,
  };
}

/** The files of tests that must run for these promises. */
export function testFilesOf(guarantees: readonly Guarantee[]): readonly string[] {
  const files = guarantees.flatMap(({ proofs }) => proofs.map(({ file }) => file)).filter(isTestFile);
  return [...new Set(files)].sort();
}

/**
 * A proof that is no file of tests is a folder's table of cases (`attacks/network/expected.ts`): its tests are those of
 * the row's files that are named after a case (`network/raw_socket`).
 */
function isOf(test: TestResult, { file, title }: Proof, proofs: readonly Proof[]): boolean {
  if (isTestFile(file)) return test.file === file && (title === null || isTitled(test.name, title));
  return (
    proofs.some((other) => other.file === test.file) && test.name.includes(` ${basename(dirname(file))}/`)
  );
}

/** Whether `title` stands in a name; `%s` in it is whatever the cases of a table have there. */
function isTitled(name: string, title: string): boolean {
  let from = 0;
  for (const part of plainQuotes(title).split(/%[a-z]/)) {
    const at = plainQuotes(name).indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}

function isTestFile(file: string): boolean {
  return file.endsWith('.test.ts');
}
