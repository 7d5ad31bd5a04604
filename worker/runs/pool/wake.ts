import { assignQueued } from './assign-queued.ts';
import { attemptOver } from './attempt-over.ts';
import { dueAt, judge, withinReach } from './expire.ts';
import type { Lease } from './lease.ts';
import type { Pool } from './pool.ts';
import { settle, settleAsSystem } from './settle.ts';
import { whyStranded } from './why-waiting.ts';

/** What time alone brings: leases that ran out, and a database that is asked again. Sets the next alarm. */
export async function wake(pool: Pool): Promise<void> {
  const now = pool.now();
  for (const lease of pool.leases.all()) {
    const reached = withinReach(lease, now);
    if (reached !== lease) pool.leases.put(reached);
  }
  await Promise.all(pool.leases.all().map((lease) => act(pool, lease, now)));
  assignQueued(pool);
  const next = Math.min(...pool.leases.all().map(dueAt));
  if (Number.isFinite(next)) pool.wakeAt(Math.max(next, now + 100));
}

async function act(pool: Pool, lease: Lease, now: number): Promise<void> {
  switch (judge(lease, now)) {
    case 'keep':
      return;
    case 'attempt_over':
      if (lease.executor !== null) {
        pool.sockets.send(lease.executor, { type: 'cancel', run: lease.run, fence: lease.fence });
      }
      return attemptOver(pool, lease, 'its executor fell silent');
    case 'stranded': {
      const why = whyStranded(pool.sockets.heard(now), lease) ?? 'no executor could take it';
      return settleAsSystem(pool, lease, 'lost', `Lost: it waited ten minutes, and ${why}.`);
    }
    case 'ask_again':
      if (lease.pending !== null) return settle(pool, lease, lease.pending);
      return attemptOver(pool, lease, lease.reason ?? 'its executor fell silent');
  }
}
