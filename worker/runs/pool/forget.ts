import type { Lease } from './lease.ts';
import type { Pool } from './pool.ts';

/** The run is over for this pool: whatever was held for it goes, its live output too, which is in its outcome by now. */
export function forget(pool: Pool, { run }: Pick<Lease, 'run'>): void {
  const lease = pool.leases.get(run);
  if (lease === undefined) return;
  pool.leases.remove(lease);
  if (lease.fence > 1) pool.lastFences.note(run, lease.fence, pool.now());
  pool.work.delete(run);
  pool.listeners.resolve(run, 'over');
  if (lease.hasFeed) pool.inBackground(pool.feeds.finish(run));
}
