import type { Command } from 'commander';
import { printVerdict } from '../gate/print-verdict.ts';
import { runGate } from '../gate/run-gate.ts';
import { printNote, printResult, styled } from '../terminal/print.ts';
import { runVitest } from '../testing/run-vitest.ts';
import { ensureSystemPrograms } from '../testing/system-programs.ts';

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
  ensureSystemPrograms();
  const claims = pattern === undefined ? await checkGate() : { passed: 0, failed: 0 };
  printNote(styled('bold', '\nTests'));
  const tests = await runVitest(pattern === undefined ? [] : [pattern]);
  const failed = claims.failed + tests.failed;
  if (tests.skipped > 0)
    printNote(`\n${tests.skipped} tests were skipped, which counts as failed: no guarantee is left out.`);
  if (failed + tests.skipped > 0) process.exitCode = 1;
  printResult(`\n${claims.passed + tests.passed} passed, ${failed + tests.skipped} failed`);
}

async function checkGate(): Promise<{ passed: number; failed: number }> {
  printNote(styled('bold', 'Gate'));
  const { CLAIMS } = await import('../gate/claims.ts');
  const verdicts = await runGate(CLAIMS, printVerdict);
  const failed = verdicts.filter(({ findings }) => findings.length > 0).length;
  return { passed: verdicts.length - failed, failed };
}
