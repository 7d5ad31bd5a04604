import { performance } from 'node:perf_hooks';
import { reasonOf } from '../terminal/failure.ts';
import type { Claim, Verdict } from './claim.ts';

/** Checks each claim in turn, and says each verdict as it is known. A check that breaks contradicts its claim. */
export async function runGate(
  claims: readonly Claim[],
  onVerdict: (verdict: Verdict) => void,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const claim of claims) {
    const startedAt = performance.now();
    const verdict = {
      says: claim.says,
      findings: await findingsOf(claim),
      tookMs: performance.now() - startedAt,
    };
    verdicts.push(verdict);
    onVerdict(verdict);
  }
  return verdicts;
}

async function findingsOf(claim: Claim): Promise<readonly string[]> {
  try {
    return await claim.check();
  } catch (thrown) {
    return [`the check itself failed: ${reasonOf(thrown)}`];
  }
}
