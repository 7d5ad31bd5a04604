import { expect, test } from 'vitest';
import { readReport, sumCounts, type TestReport, type TestResult } from '../../../cli/testing/read-report.ts';

const report = (
  counts: { passed?: number; failed?: number; pending?: number; todo?: number },
  files: readonly { status: string; assertions: readonly string[] }[] = [],
): string =>
  JSON.stringify({
    numPassedTests: counts.passed ?? 0,
    numFailedTests: counts.failed ?? 0,
    numPendingTests: counts.pending ?? 0,
    numTodoTests: counts.todo ?? 0,
    testResults: files.map(({ status, assertions }) => ({
      name: '/root/test/a.test.ts',
      status,
      message: assertions.length === 0 && status === 'failed' ? 'no such module' : '',
      assertionResults: assertions.map((assertion) => ({
        fullName: 'Mallory gets nothing',
        status: assertion,
        failureMessages: assertion === 'failed' ? ['she got something'] : [],
      })),
    })),
  });

test.each([
  ['all passed', report({ passed: 3 }), 0, { passed: 3, failed: 0, skipped: 0 }],
  [
    'one failed',
    report({ passed: 2, failed: 1 }, [{ status: 'failed', assertions: ['failed', 'passed'] }]),
    1,
    { passed: 2, failed: 1, skipped: 0 },
  ],
  [
    'a file that does not load is a failure though it has no test',
    report({ passed: 2 }, [{ status: 'failed', assertions: [] }]),
    1,
    { passed: 2, failed: 1, skipped: 0 },
  ],
  [
    'a failed test is not counted again with its file',
    report({ failed: 1 }, [{ status: 'failed', assertions: ['failed'] }]),
    1,
    { passed: 0, failed: 1, skipped: 0 },
  ],
  [
    'a failed run without a failed test is a failure',
    report({ passed: 9 }),
    1,
    { passed: 9, failed: 1, skipped: 0 },
  ],
  ['a run that was killed before its report is a failure', null, 137, { passed: 0, failed: 1, skipped: 0 }],
  [
    'skipped and todo are told',
    report({ passed: 1, pending: 2, todo: 1 }),
    0,
    { passed: 1, failed: 0, skipped: 3 },
  ],
])('%s', (_name, text, exitCode, counts) => {
  const { counts: told, failures } = readReport(text, exitCode, '/root');
  expect(told).toEqual(counts);
  expect(failures).toHaveLength(counts.failed);
});

test('each test is told with its file, and one that did not run as skipped', () => {
  const text = report({ passed: 1, pending: 1 }, [{ status: 'passed', assertions: ['passed', 'pending'] }]);
  const mallory = { file: 'test/a.test.ts', name: 'Mallory gets nothing', durationMs: 0 };
  expect(readReport(text, 0, '/root').tests).toEqual([
    { ...mallory, state: 'passed' },
    { ...mallory, state: 'skipped' },
  ]);
});

test('each failure is told with its file, its test and what was said', () => {
  const text = report({ failed: 1 }, [
    { status: 'failed', assertions: ['passed', 'failed'] },
    { status: 'failed', assertions: [] },
  ]);
  expect(readReport(text, 1, '/root').failures).toEqual([
    { file: 'test/a.test.ts', name: 'Mallory gets nothing', message: 'she got something' },
    { file: 'test/a.test.ts', name: null, message: 'no such module' },
  ]);
});

test('of a file that ran again the second run counts, also what its first one skipped', () => {
  const state = (file: string, state: TestResult['state']): TestResult => ({
    ...{ file, state },
    ...{ name: 'waits', durationMs: 1 },
  });
  const first: TestReport = {
    counts: { passed: 2, failed: 2, skipped: 3 },
    tests: [
      ...[state('steady', 'passed'), state('steady', 'skipped'), state('broken', 'failed')],
      ...[state('unsteady', 'passed'), state('unsteady', 'skipped'), state('unsteady', 'skipped')],
    ],
    failures: [
      { file: 'broken', name: 'waits', message: 'late' },
      { file: 'unsteady', name: null, message: 'the hook timed out' },
      { file: null, name: null, message: 'it ended with code 1' },
    ],
  };
  const again = new Map([['unsteady', { passed: 3, failed: 0, skipped: 0 }]]);
  expect(sumCounts([first], again)).toEqual({ passed: 4, failed: 2, skipped: 1 });
  expect(sumCounts([first], new Map())).toEqual({ passed: 2, failed: 3, skipped: 3 });
});
