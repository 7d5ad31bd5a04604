import { generateLoad } from '../load/generate-load.ts';
import { answers, mcpRequest } from '../load/requests.ts';
import { type Summary, summarize } from '../measure/quantiles.ts';

/** What a credential's first call costs beside its second one, in ms. */
export interface Verification {
  readonly first: Summary;
  readonly remembered: Summary;
}

/** Calls `whoami` twice with each token: the first call looks the token up and hashes its secret with argon2id. */
export async function measureVerification(port: number, tokens: readonly string[]): Promise<Verification> {
  const first: number[] = [];
  const remembered: number[] = [];
  for (const token of tokens) {
    const request = mcpRequest('tools/call', 'whoami', token);
    for (const times of [first, remembered]) {
      const { latenciesMs } = await generateLoad({
        port,
        next: () => request,
        concurrency: 1,
        durationMs: 0,
        check: answers('"structuredContent"'),
      });
      times.push(...latenciesMs);
    }
  }
  return { first: summarize(first), remembered: summarize(remembered) };
}
