import { relative } from 'node:path';
import { z } from 'zod';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TestResult {
  /** Below the root of the repository. */
  readonly file: string;
  /** Its own title after those of the blocks around it. */
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
}

/** What did not pass: a test, or (`name` null) a file or a run that failed outside its tests. */
export interface TestFailure {
  /** Below the root of the repository; null where no file is to blame. */
  readonly file: string | null;
  readonly name: string | null;
  readonly message: string;
}

export interface TestReport {
  readonly counts: Counts;
  readonly tests: readonly TestResult[];
  /** As many as `counts.failed`. */
  readonly failures: readonly TestFailure[];
}

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          duration: z.number().nullish(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/**
 * What vitest's JSON report tells. A file that could not be loaded, or failed outside its tests, is one failure; so is a
 * run that failed without any other, or left no report.
 */
export function readReport(report: string | null, exitCode: number | null, rootDir: string): TestReport {
  if (report === null) {
    const failures = [failureOfRun(`it ended with code ${exitCode} and left no report`)];
    return { counts: { passed: 0, failed: 1, skipped: 0 }, tests: [], failures };
  }
  const parsed = reportSchema.parse(JSON.parse(report));
  const failures = parsed.testResults.flatMap((file) => failuresIn(file, relative(rootDir, file.name)));
  if (failures.length === 0 && exitCode !== 0) {
    failures.push(failureOfRun(`it ended with code ${exitCode}, and no test failed`));
  }
  return {
    counts: {
      passed: parsed.numPassedTests,
      failed: failures.length,
      skipped: parsed.numPendingTests + parsed.numTodoTests,
    },
    tests: parsed.testResults.flatMap(({ name: path, assertionResults }) =>
      assertionResults.map(({ fullName, status, duration }) => ({
        file: relative(rootDir, path),
        name: fullName,
        state: status === 'passed' || status === 'failed' ? status : 'skipped',
        durationMs: Math.round(duration ?? 0),
      })),
    ),
    failures,
  };
}

/** What all runs came to, of a file that ran again what that came to. Pure. */
export function sumCounts(reports: readonly TestReport[], again: ReadonlyMap<string, Counts>): Counts {
  const stays = ({ file }: { readonly file: string | null }) => file === null || !again.has(file);
  const tests = reports.flatMap((report) => report.tests).filter(stays);
  const first = {
    passed: tests.filter(({ state }) => state === 'passed').length,
    failed: reports.flatMap((report) => report.failures).filter(stays).length,
    skipped: tests.filter(({ state }) => state === 'skipped').length,
  };
  return [...again.values()].reduce(addCounts, first);
}

export function addCounts(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

type FileReport = z.infer<typeof reportSchema>['testResults'][number];

function failuresIn({ status, message, assertionResults }: FileReport, file: string): TestFailure[] {
  const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
  if (failed.length === 0 && status === 'failed') return [{ file, name: null, message: message ?? '' }];
  return failed.map(({ fullName, failureMessages }) => ({
    file,
    name: fullName,
    message: failureMessages?.join('\n') ?? '',
  }));
}

function failureOfRun(message: string): TestFailure {
  return { file: null, name: null, message };
}
