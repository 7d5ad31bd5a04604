import { backoffMs } from './expire.ts';
import type { Lease } from './lease.ts';
import type { Pool } from './pool.ts';

/** The database did not answer, or could not: the next wake asks it the same again, later with each failure. */
export function askLater(pool: Pool, lease: Lease): void {
  const retryAt = pool.now() + backoffMs(lease.failures);
  pool.leases.put({ ...lease, retryAt, failures: lease.failures + 1 });
  pool.wakeAt(retryAt);
}
