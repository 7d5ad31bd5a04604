import { isHeld } from './lease.ts';
import type { Pool } from './pool.ts';
import { settle } from './settle.ts';
import { systemOutcome } from './system-outcome.ts';

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
    const outcome = systemOutcome('cancelled', 'Cancelled before it started.', marked.image);
    pool.inBackground(settle(pool, marked, { outcome, by: 'system' }));
  }
}
