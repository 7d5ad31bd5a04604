import { attemptOver } from './attempt-over.ts';
import { CLOSE } from './executor-sockets.ts';
import { isHeld } from './lease.ts';
import type { Pool } from './pool.ts';

/**
 * An executor was revoked: its socket is closed, and what it holds is given to others, by which its capabilities die and
 * its live output ends.
 */
export async function cutOff(pool: Pool, executor: string): Promise<void> {
  pool.sockets.close(executor, CLOSE.revoked);
  const held = pool.leases.all().filter((lease) => isHeld(lease) && lease.executor === executor);
  await Promise.all(
    held.map(async (lease) => {
      pool.inBackground(pool.feeds.end(lease.run, lease.fence));
      await attemptOver(pool, lease, 'its executor was revoked');
    }),
  );
}
