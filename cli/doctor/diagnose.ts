import type { Check, Verdict } from './check.ts';
import { DOCUMENT_CHECKS } from './checks/documents.ts';
import { FRONT_CHECKS } from './checks/front.ts';
import { MCP_CHECKS } from './checks/mcp.ts';
import { REACH_CHECKS } from './checks/reach.ts';
import { STRANGER_CHECKS } from './checks/strangers.ts';
import type { Observations } from './seen.ts';

/** In the order in which they are worth reading: who cannot reach anything need not look further. */
export const CHECKS: readonly Check[] = [
  ...REACH_CHECKS,
  ...DOCUMENT_CHECKS,
  ...MCP_CHECKS,
  ...STRANGER_CHECKS,
  ...FRONT_CHECKS,
];

export type Finding = Omit<Check, 'judge'> & Verdict;

/** What the observations come to. Where nothing answers at all, only what says so is judged. */
export function diagnose(observed: Observations): readonly Finding[] {
  const isReached = Object.values(observed.seen).some(({ kind }) => kind === 'answer');
  const checks = isReached ? CHECKS : REACH_CHECKS;
  return checks.map(({ judge, ...check }) => ({ ...check, ...judge(observed) }));
}
