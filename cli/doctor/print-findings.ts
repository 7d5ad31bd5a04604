import { printNote, printResult, styled } from '../terminal/print.ts';
import type { Finding } from './diagnose.ts';

const MARKS = { ok: '✓', failed: '✗', skipped: '-' } as const;
const COLOURS = { ok: 'green', failed: 'red', skipped: 'dim' } as const;

/** One line a check, and below a failed one why it matters and what to do. `what` was judged: an address, or a folder. */
export function printFindings(what: string, findings: readonly Finding[]): void {
  for (const finding of findings) {
    const { state, says, saw, guarantees } = finding;
    const mark = styled(COLOURS[state], MARKS[state], process.stdout);
    const shown = guarantees === undefined ? '' : styled('dim', `  ${guarantees.join(' ')}`, process.stdout);
    printResult(`${mark} ${styled('bold', says, process.stdout)}${shown}\n    ${saw}`);
    if (finding.state === 'failed') printResult(`    why  ${finding.why}\n    do   ${finding.remedy}`);
  }
  const failed = findings.filter(({ state }) => state === 'failed').length;
  printNote(
    failed === 0 ? `\n${what} is well.` : `\n${what}: ${failed} of ${findings.length} checks failed.`,
  );
}
