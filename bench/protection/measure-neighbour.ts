import { limit } from '../../protocol/limits.ts';
import { generateOpenLoad } from '../load/generate-open-load.ts';
import { inTurn, mcpRequest } from '../load/requests.ts';
import { type Summary, summarize } from '../measure/quantiles.ts';
import type { BenchTenant } from '../stack/bench-tenant.ts';

export interface NeighbourPlan {
  readonly rounds: number;
  readonly durationMs: number;
}

/** What one tenant waits while another sends five times its limit. */
export interface Neighbour {
  readonly atRest: Summary;
  readonly beside: Summary;
  /** p99 beside the flood over p99 at rest. */
  readonly p99Ratio: number;
  readonly sentPerSecond: number;
  readonly refusedShare: number;
}

const TIMES_ITS_LIMIT = 5;
const QUIET_PER_SECOND = 8;
const SPENDING_SECONDS_MAX = 60;

/**
 * One tenant calls eight times a second; the other has some agents, of which each sends five times what it may, in open loop. Minutes at
 * rest and beside the flood take turns. The flood first spends what its agents have saved up, uncounted.
 */
export async function measureNeighbour(
  port: number,
  { quiet, loud }: { readonly quiet: BenchTenant; readonly loud: BenchTenant },
  { rounds, durationMs }: NeighbourPlan,
): Promise<Neighbour> {
  const call = (token: string) => mcpRequest('tools/call', 'whoami', token);
  const nextQuiet = inTurn(quiet.tokens.map(call));
  const nextLoud = inTurn(loud.tokens.map(call));
  const sentPerSecond = (loud.tokens.length * TIMES_ITS_LIMIT * limit('calls_per_minute')) / 60;
  const ask = () => generateOpenLoad({ port, perSecond: QUIET_PER_SECOND, durationMs, next: nextQuiet });
  const flood = (forMs: number) =>
    generateOpenLoad({ port, perSecond: sentPerSecond, durationMs: forMs, next: nextLoud });

  /** What the agents had saved up, as far as this machine answers that many. */
  const spend = async () => {
    for (let second = 0; second < SPENDING_SECONDS_MAX; second++)
      if (((await flood(1000)).byStatus[429] ?? 0) >= sentPerSecond / 2) return;
  };

  await generateOpenLoad({ port, perSecond: QUIET_PER_SECOND, durationMs: 1000, next: nextQuiet });
  const [atRest, beside]: [number[], number[]] = [[], []];
  let [refused, answered] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    atRest.push(...(await ask()).latenciesMs);
    await spend();
    const [asked, flooded] = await Promise.all([ask(), flood(durationMs)]);
    if ((asked.byStatus[200] ?? 0) !== asked.latenciesMs.length)
      throw new Error(`a call of the quiet tenant was refused: ${JSON.stringify(asked.byStatus)}`);
    beside.push(...asked.latenciesMs);
    refused += flooded.byStatus[429] ?? 0;
    answered += flooded.latenciesMs.length;
  }
  const [rest, flooded] = [summarize(atRest), summarize(beside)];
  return {
    ...{ atRest: rest, beside: flooded, p99Ratio: flooded.p99 / rest.p99 },
    ...{ sentPerSecond, refusedShare: refused / answered },
  };
}
