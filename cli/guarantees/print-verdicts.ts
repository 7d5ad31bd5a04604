import { formatDuration, printNote, printResult, styled } from '../terminal/print.ts';
import type { Evidence } from './collect-evidence.ts';
import type { Verdict } from './judge-guarantee.ts';

/** Tests that are named of one guarantee; a table of cases may fail by the hundred, and hide the guarantees around it. */
const SHOWN_MAX = 10;

/** A line a guarantee, what contradicts it below, and a sum at the end. */
export function printVerdicts(verdicts: readonly Verdict[], { commit, modified }: Evidence): void {
  printNote('');
  for (const verdict of verdicts) printVerdict(verdict);
  const held = verdicts.filter(({ holds }) => holds).length;
  const tests = new Set(verdicts.flatMap((verdict) => verdict.tests)).size;
  const source = commit === null ? '' : ` at ${commit.slice(0, 12)}${modified ? ' with changes' : ''}`;
  printNote(`\n${held} of ${verdicts.length} guarantees hold, by ${tests} tests${source}.`);
}

function printVerdict({ id, promise, holds, tests, missing }: Verdict): void {
  const mark = holds ? styled('green', '✓', process.stdout) : styled('red', '✗', process.stdout);
  printResult(`${mark} ${styled('bold', id.padEnd(4), process.stdout)} ${promise}`);
  const tookMs = tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const seen = `${tests.length} ${tests.length === 1 ? 'test' : 'tests'}, ${formatDuration(tookMs)}`;
  printResult(styled('dim', `       ${seen}`, process.stdout));
  const contrary = tests.filter(({ state }) => state !== 'passed');
  for (const { state, file, name } of contrary.slice(0, SHOWN_MAX))
    printResult(`       ${state}: ${file}: ${name}`);
  if (contrary.length > SHOWN_MAX)
    printResult(`       and ${contrary.length - SHOWN_MAX} more; --out FILE has each of them`);
  for (const { file, title } of missing)
    printResult(`       no test ran: ${file}${title === null ? '' : ` "${title}"`}`);
}
