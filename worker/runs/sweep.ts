import type { RunId, TenantId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import { unfinishedRuns } from '../database/run-attempts.ts';
import type { Platform } from '../platform.ts';
import type { Orphan } from './pool/adopt.ts';
import { poolOf } from './pool-of.ts';

const RUNS_MAX = 5_000;

/**
 * Gives every unfinished run that is older than a lease and its grace to its pool, which knows most of them and takes in
 * those that a dying Worker wrote and never submitted.
 */
export async function sweepRuns(platform: Platform): Promise<void> {
  const olderThanMs = limit('lease_ms') + limit('lease_grace_ms');
  const [unfinished] = await platform.database.transaction([unfinishedRuns(olderThanMs, RUNS_MAX)]);
  const byPool = Map.groupBy(unfinished, ({ pool }) => pool);
  for (const [pool, runs] of byPool) {
    const orphans = runs.map(
      ({ tenant, run }): Orphan => ({ pool, tenant: tenant as TenantId, run: run as RunId }),
    );
    await poolOf(platform.env, pool).adopt(orphans);
  }
}
