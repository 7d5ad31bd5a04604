import type { RunId, TenantId } from '../../../protocol/ids.ts';
import { limit } from '../../../protocol/limits.ts';
import { type PoolFacts, sweepPool } from '../../database/executors.ts';
import { adopt } from './adopt.ts';
import { assignQueued } from './assign-queued.ts';
import { cutOff } from './cut-off.ts';
import type { Pool } from './pool.ts';

/** More than this many are taken in by the next sweeps. */
const RUNS_MAX = 1_000;

/**
 * Asks the database what a pool cannot know by itself: executors that were revoked or cordoned, and runs that a dying
 * Worker wrote and never submitted. Tells it which executors are heard.
 */
export async function sweep(pool: Pool, name: string): Promise<void> {
  pool.swept.at = pool.now();
  const turn = ++pool.swept.asked;
  const { database } = await pool.platform();
  const heard = pool.sockets.heard(pool.now()).map(({ executor }) => executor);
  const olderThanMs = limit('lease_ms') + limit('lease_grace_ms');
  const [facts] = await database.transaction([
    sweepPool({ pool: name, heard, olderThanMs, runsMax: RUNS_MAX }),
  ]);
  // What was asked before the answer that was heeded last may be of before an operator's word.
  if (turn > pool.swept.heeded) pool.sockets.cordon(facts.cordoned, heard);
  pool.swept.heeded = Math.max(turn, pool.swept.heeded);
  await heed(pool, name, facts);
}

async function heed(pool: Pool, name: string, facts: PoolFacts): Promise<void> {
  await Promise.all(facts.revoked.map((executor) => cutOff(pool, executor)));
  for (const { tenant, run } of facts.unfinished)
    await adopt(pool, { pool: name, tenant: tenant as TenantId, run: run as RunId });
  assignQueued(pool);
}
