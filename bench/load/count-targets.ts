import { countInstructions } from '../measure/count-instructions.ts';
import { generateLoad } from './generate-load.ts';
import { type Databases, medianSpent, type Spent } from './spent.ts';
import type { Target } from './target.ts';

export interface CountPlan {
  readonly rounds: number;
  /** Requests of a target in a round, one at a time. So many that each round holds as much of the Worker's collecting of garbage. */
  readonly requests: number;
}

/**
 * Thousands of instructions that a request to each target costs, by its name: medians of rounds, all targets in turn. Null where they
 * cannot be counted. Counting takes time of its own, so nothing is timed meanwhile.
 */
export async function countTargets(
  targets: readonly Target[],
  databases: Databases,
  { rounds, requests }: CountPlan,
): Promise<ReadonlyMap<string, Spent> | null> {
  const counted = new Map<string, Spent[]>();
  for (let round = 0; round < rounds; round++)
    for (const target of targets) {
      const spent = await countOnce(target, databases, requests);
      if (spent === null) return null;
      counted.set(target.name, [...(counted.get(target.name) ?? []), spent]);
    }
  return new Map([...counted].map(([name, spent]) => [name, medianSpent(spent)]));
}

async function countOnce(
  target: Target,
  { postgresHttpPid, postgresPid }: Databases,
  requests: number,
): Promise<Spent | null> {
  const counts = await Promise.all([target.pid, postgresHttpPid, postgresPid].map(countInstructions));
  let left = requests;
  await generateLoad({
    ...target,
    concurrency: 1,
    durationMs: Number.POSITIVE_INFINITY,
    next: (connection) => (left-- > 0 ? target.next(connection) : null),
  });
  const [own, postgresHttp, postgres] = await Promise.all(
    counts.map(async (count) => (await count?.stop()) ?? null),
  );
  const k = (count: number) => count / requests / 1000;
  if (own == null || postgresHttp == null || postgres == null) return null;
  return { own: k(own), postgresHttp: k(postgresHttp), postgres: k(postgres) };
}
