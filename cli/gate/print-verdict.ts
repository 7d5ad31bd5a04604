import { formatDuration, printNote, styled } from '../terminal/print.ts';
import type { Verdict } from './claim.ts';

const SAYS_COLUMNS = 58;
const FINDINGS_SHOWN = 40;

/** One line a claim, and what contradicts it below. */
export function printVerdict({ says, findings, tookMs }: Verdict): void {
  const holds = findings.length === 0;
  const mark = holds ? styled('green', '✓') : styled('red', '✗');
  printNote(`  ${mark} ${says.padEnd(SAYS_COLUMNS)} ${styled('dim', formatDuration(tookMs).padStart(8))}`);
  for (const finding of findings.slice(0, FINDINGS_SHOWN)) printNote(`      ${finding}`);
  const more = findings.length - FINDINGS_SHOWN;
  if (more > 0) printNote(styled('dim', `      and ${more} lines more`));
}
