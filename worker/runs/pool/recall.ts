import type { ExecutorId } from '../../../protocol/ids.ts';
import { limit } from '../../../protocol/limits.ts';
import type { RecalledRun } from '../../database/run-attempts.ts';
import { type Lease, newLease } from './lease.ts';
import type { Pool } from './pool.ts';

type Holding = readonly Pick<Lease, 'run' | 'fence'>[];

/** Of what an executor says that it holds, the runs that this pool knows nothing of. */
export function unknownOf(pool: Pool, holding: Holding): string[] {
  return holding.map(({ run }) => run).filter((run) => pool.leases.get(run) === undefined);
}

/**
 * Gives an executor back the leases that a crash took from this pool (they are written behind) where the database has the
 * very attempt open that it holds: an attempt is sent to one executor alone, so its word is enough. `name` is this pool.
 * When it was sent nobody knows any more; its time counts from now.
 */
export function recall(
  pool: Pool,
  name: string,
  executor: ExecutorId,
  holding: Holding,
  unfinished: readonly RecalledRun[],
): void {
  const now = pool.now();
  for (const { tenant, run, fence, image, wall_ms, queued_at, user, labels, own } of unfinished) {
    const isHeld = holding.some((held) => held.run === run && held.fence === fence);
    if (!isHeld || pool.leases.get(run) !== undefined) continue;
    const facts = { pool: name, tenant, run, fence, image, user, labels, own };
    pool.leases.put({
      ...newLease({ ...facts, ephemeral: false, wallMs: wall_ms, queuedAt: queued_at }),
      phase: 'running',
      executor,
      leasedAt: now,
      leaseUntil: now + limit('lease_ms'),
    });
    pool.wakeAt(now + limit('lease_ms') + limit('lease_grace_ms'));
  }
}
