import type { Env } from '../env.ts';
import type { ExecutorPool } from './executor-pool.ts';
import type { RunFeed } from './run-feed.ts';

/** The Durable Object of a pool, by the pool's id. */
export function poolOf(env: Env, pool: string): DurableObjectStub<ExecutorPool> {
  return env.EXECUTOR_POOL.get(env.EXECUTOR_POOL.idFromName(pool));
}

/** The Durable Object that carries a run's output while it runs. */
export function feedOf(env: Env, run: string): DurableObjectStub<RunFeed> {
  return env.RUN_FEED.get(env.RUN_FEED.idFromName(run));
}
