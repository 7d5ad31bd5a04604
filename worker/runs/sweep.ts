import { limit } from '../../protocol/limits.ts';
import { poolsToSweep } from '../database/executors.ts';
import type { Platform } from '../platform.ts';
import { poolOf } from './pool-of.ts';

/**
 * Wakes every pool that may have something to do, so that nothing depends on its own alarm: leases that ran out, runs that
 * a dying Worker wrote and never submitted, executors that were revoked. One that fails does not keep the others waiting.
 */
export async function sweepRuns(platform: Platform): Promise<void> {
  const [pools] = await platform.database.transaction([
    poolsToSweep(limit('lease_ms') + limit('lease_grace_ms')),
  ]);
  const swept = await Promise.allSettled(pools.map((pool) => poolOf(platform.env, pool).sweep(pool)));
  const failed = swept.filter(({ status }) => status === 'rejected').length;
  if (failed > 0) throw new Error(`${failed} of ${pools.length} pools could not be swept`);
}
