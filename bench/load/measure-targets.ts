import { cpuMsOf } from '../measure/cpu-time.ts';
import { median, quantile, rounded } from '../measure/quantiles.ts';
import { generateLoad } from './generate-load.ts';
import { type Databases, medianSpent, type Spent } from './spent.ts';
import type { Target } from './target.ts';

export interface LoadPlan {
  readonly rounds: number;
  readonly durationMs: number;
  readonly concurrencies: readonly number[];
  /** How long each target answers before it is measured; absent: half a second at most. */
  readonly warmUpMs?: number;
  readonly onRound: (done: number) => void;
}

/** One target at one concurrency; each number is the median of the rounds. */
export interface TargetReport {
  readonly name: string;
  readonly concurrency: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** CPU that one request cost, by process; less than a busy machine's mood depends on who else runs. */
  readonly cpuUs: Spent;
}

/** Puts load on all targets in turn, some rounds of it, each begun by another, so that a busy minute of the machine reaches all alike. */
export async function measureTargets(
  targets: readonly Target[],
  databases: Databases,
  plan: LoadPlan,
): Promise<TargetReport[]> {
  const rounds = new Map<string, TargetReport[]>();
  for (const target of targets) await warmUp(target, plan.warmUpMs ?? Math.min(plan.durationMs, 500));
  for (let round = 0; round < plan.rounds; round++) {
    for (const concurrency of plan.concurrencies) {
      const first = round % targets.length;
      for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
        const key = `${target.name} ${concurrency}`;
        const measured = await measureOnce(target, databases, concurrency, plan.durationMs);
        rounds.set(key, [...(rounds.get(key) ?? []), measured]);
      }
    }
    plan.onRound(round + 1);
  }
  return [...rounds.values()].map(medianOfRounds);
}

async function warmUp(target: Target, durationMs: number): Promise<void> {
  await target.prepare?.();
  await generateLoad({ ...target, concurrency: 4, durationMs });
}

async function measureOnce(
  target: Target,
  { postgresHttpPid, postgresPid }: Databases,
  concurrency: number,
  durationMs: number,
): Promise<TargetReport> {
  const cpuMs = (): Spent => ({
    own: cpuMsOf(target.pid),
    postgresHttp: cpuMsOf(postgresHttpPid),
    postgres: cpuMsOf(postgresPid),
  });
  await target.prepare?.();
  const before = cpuMs();
  const { requests, seconds, latenciesMs } = await generateLoad({ ...target, concurrency, durationMs });
  const after = cpuMs();
  const perRequestUs = (part: keyof Spent) => ((after[part] - before[part]) * 1000) / requests;
  return {
    name: target.name,
    concurrency,
    requestsPerSecond: requests / seconds,
    p50Ms: median(latenciesMs),
    p95Ms: quantile(latenciesMs, 0.95),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuUs: {
      own: perRequestUs('own'),
      postgresHttp: perRequestUs('postgresHttp'),
      postgres: perRequestUs('postgres'),
    },
  };
}

function medianOfRounds(rounds: readonly TargetReport[]): TargetReport {
  const of = (read: (round: TargetReport) => number) => rounded(median(rounds.map(read)));
  const [{ name, concurrency }] = rounds as [TargetReport];
  return {
    name,
    concurrency,
    requestsPerSecond: Math.round(of((round) => round.requestsPerSecond)),
    p50Ms: of((round) => round.p50Ms),
    p95Ms: of((round) => round.p95Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuUs: medianSpent(rounds.map(({ cpuUs }) => cpuUs)),
  };
}
