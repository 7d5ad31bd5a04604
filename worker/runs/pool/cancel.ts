import { isHeld } from './lease.ts';
import type { Pool } from './pool.ts';
import { settleAsSystem } from './settle.ts';

/**
 * Cancels a run: one that waits ends at once, one that an executor holds when the executor has ended it. The wish is kept
 * on disk, so that a run whose executor dies is not started again.
 */
export function cancel(pool: Pool, run: string): void {
  const lease = pool.leases.get(run);
  if (lease === undefined || lease.phase === 'recording') return;
  const marked = pool.leases.put({ ...lease, cancelRequested: true });
  if (isHeld(marked)) {
    pool.sockets.send(marked.executor, { type: 'cancel', run: marked.run, fence: marked.fence });
  } else if (marked.phase === 'queued') {
    pool.inBackground(settleAsSystem(pool, marked, 'cancelled', 'Cancelled before it started.'));
  }
}
