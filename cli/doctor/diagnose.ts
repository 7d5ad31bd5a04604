import type { Check, Verdict } from './check.ts';
import { DOCUMENT_CHECKS } from './checks/documents.ts';
import { FRONT_CHECKS } from './checks/front.ts';
import { INSIDE_CHECKS } from './checks/inside.ts';
import { MCP_CHECKS } from './checks/mcp.ts';
import { REACH_CHECKS } from './checks/reach.ts';
import { STRANGER_CHECKS } from './checks/strangers.ts';
import { type Inside, NOT_ASKED, type Observations, PROBE_NAMES } from './seen.ts';

/** In the order in which they are worth reading: who cannot reach anything need not look further. */
export const CHECKS: readonly Check[] = [
  ...INSIDE_CHECKS,
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
  return judgeAll(isReached ? CHECKS : [...INSIDE_CHECKS, ...REACH_CHECKS], observed);
}

/** The same of a stack that does not run, of which there is nothing to ask. */
export function diagnoseInside(inside: Inside): readonly Finding[] {
  const seen = Object.fromEntries(PROBE_NAMES.map((name) => [name, NOT_ASKED])) as Observations['seen'];
  return judgeAll(INSIDE_CHECKS, { publicUrl: '', local: null, inside, seen });
}

function judgeAll(checks: readonly Check[], observed: Observations): readonly Finding[] {
  return checks.map(({ judge, ...check }) => ({ ...check, ...judge(observed) }));
}
