import { stripVTControlCharacters } from 'node:util';
import type { Command } from 'commander';
import { printVerdict } from '../gate/print-verdict.ts';
import { runGate } from '../gate/run-gate.ts';
import { Failure } from '../terminal/failure.ts';
import { printNote, printResult, styled } from '../terminal/print.ts';
import { addCounts, type Counts, sumCounts, type TestReport } from '../testing/read-report.ts';
import { type GroupFailure, runAgain } from '../testing/run-again.ts';
import { runVitest } from '../testing/run-vitest.ts';
import { ensureSystemPrograms } from '../testing/system-programs.ts';
import { hasTestsFor, TEST_GROUPS } from '../testing/test-groups.ts';

export function registerTest(program: Command): void {
  program
    .command('test')
    .summary('every test, with the real parts')
    .description(
      'Checks the gate, then runs every test with real Postgres, workerd and gVisor. It ends with the line `N passed, N failed`. With PATTERN: only test files whose path contains it, without the gate.',
    )
    .argument('[pattern]', 'part of the path of test files')
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway test\n  $ ./causeway test unit/protocol\n  $ ./causeway test e2e',
    )
    .action(test);
}

async function test(pattern: string | undefined): Promise<void> {
  const groups = TEST_GROUPS.filter((group) => pattern === undefined || hasTestsFor(group, pattern));
  if (groups.length === 0) {
    throw new Failure({
      what: 'No test was run.',
      why: `no test file has "${pattern}" in its path`,
      remedy: './causeway test without a pattern runs all; test/ holds them in folders by what they need',
    });
  }
  ensureSystemPrograms();
  const gate = pattern === undefined ? await checkGate() : NOTHING;
  const reports: TestReport[] = [];
  const failures: GroupFailure[] = [];
  for (const group of groups) {
    printNote(styled('bold', `\n${group.says}`));
    const report = await runVitest(group, pattern === undefined ? [] : [pattern]);
    reports.push(report);
    failures.push(...report.failures.map((failure) => ({ ...failure, group })));
  }
  const again = pattern === undefined ? await runAgain(failures) : new Map<string, Counts>();
  const isUnsteady = ({ file }: GroupFailure) => file !== null && again.has(file);
  printFailures('Failed, and passed when its file was run again alone', failures.filter(isUnsteady));
  printFailures(
    'Failed',
    failures.filter((failure) => !isUnsteady(failure)),
  );
  const counts = addCounts(gate, sumCounts(reports, again));
  if (counts.skipped > 0) {
    printNote(`\n${counts.skipped} tests were skipped, which counts as failed: no guarantee is left out.`);
  }
  const failed = counts.failed + counts.skipped;
  if (failed > 0) process.exitCode = 1;
  printResult(`\n${counts.passed} passed, ${failed} failed`);
}

const MESSAGE_LINES_MAX = 12;

function printFailures(title: string, failures: readonly GroupFailure[]): void {
  if (failures.length === 0) return;
  printNote(styled('bold', `\n${title}`));
  for (const { group, file, name, message } of failures) {
    printNote(
      `${styled('red', '✗')} ${[group.name, file, name].filter((part) => part !== null).join(' > ')}`,
    );
    const lines = stripVTControlCharacters(message).split('\n').slice(0, MESSAGE_LINES_MAX);
    printNote(lines.map((line) => styled('dim', `  | ${line}`)).join('\n'));
  }
}

const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

async function checkGate(): Promise<Counts> {
  printNote(styled('bold', 'Gate'));
  const { CLAIMS } = await import('../gate/claims.ts');
  const verdicts = await runGate(CLAIMS, printVerdict);
  const failed = verdicts.filter(({ findings }) => findings.length > 0).length;
  return { passed: verdicts.length - failed, failed, skipped: 0 };
}
