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

export interface TestReport {
  readonly counts: Counts;
  readonly tests: readonly TestResult[];
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
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), duration: z.number().nullish() }),
      ),
    }),
  ),
});

/**
 * What vitest's JSON report tells. A file that could not be loaded, or failed outside its tests, is one failure; so is a
 * run that failed without any other, or left no report.
 */
export function readReport(report: string | null, exitCode: number | null, rootDir: string): TestReport {
  if (report === null) return { counts: { passed: 0, failed: 1, skipped: 0 }, tests: [] };
  const parsed = reportSchema.parse(JSON.parse(report));
  const brokenFiles = parsed.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  ).length;
  const failed = parsed.numFailedTests + brokenFiles;
  return {
    counts: {
      passed: parsed.numPassedTests,
      failed: failed === 0 && exitCode !== 0 ? 1 : failed,
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
  };
}
