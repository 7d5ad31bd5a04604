import { type NextAttempt, nextFence } from '../../database/run-attempts.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { systemPrincipal } from '../../tenants/system-principal.ts';
import { askLater } from './ask-later.ts';
import { assignQueued } from './assign-queued.ts';
import { forget } from './forget.ts';
import type { Lease } from './lease.ts';
import { logUnexpected } from './log-unexpected.ts';
import type { Pool } from './pool.ts';
import { settleAsSystem } from './settle.ts';

/**
 * An attempt ended without an outcome: its executor died, lost the run or could not do it. The run is tried again under
 * the next fence, three times in all; a run that was to be cancelled is cancelled, and an inspection is given up.
 */
export async function attemptOver(pool: Pool, lease: Lease, reason: string): Promise<void> {
  if (lease.ephemeral) {
    forget(pool, lease);
    pool.waiters.resolve(lease.run, { step: 'refused', reason });
    return assignQueued(pool);
  }
  if (lease.cancelRequested) return settleAsSystem(pool, lease, 'cancelled', 'Cancelled.');
  const retrying = pool.leases.put({ ...lease, phase: 'retrying', pending: null, retryAt: null, reason });
  assignQueued(pool);
  const answer = await askNextFence(pool, retrying);
  const current = pool.leases.get(lease.run);
  if (current?.phase === 'retrying' && current.fence === lease.fence)
    await conclude(pool, current, reason, answer);
}

async function askNextFence(pool: Pool, lease: Lease): Promise<NextAttempt | null> {
  const { database } = await pool.platform();
  try {
    const [answer] = await withTenant(database, systemPrincipal(lease.tenant), [
      nextFence(lease.run, lease.fence, { executor: lease.executor, reason: lease.reason ?? 'unknown' }),
    ] as const);
    return answer;
  } catch (error) {
    logUnexpected(error, lease);
    return null;
  }
}

async function conclude(pool: Pool, lease: Lease, reason: string, answer: NextAttempt | null): Promise<void> {
  switch (answer?.step) {
    case undefined:
      return askLater(pool, lease);
    case 'again': {
      const { inline = {}, isFollowed = false } = pool.work.get(lease.run) ?? {};
      pool.work.set(lease.run, { manifest: answer.manifest, inline, isFollowed });
      return goOn(pool, lease, answer.fence, reason);
    }
    case 'exhausted': {
      const message = `Lost: ${answer.fence} executors tried it and none finished; the last time ${reason}.`;
      return settleAsSystem(pool, { ...lease, fence: answer.fence }, 'lost', message);
    }
    case 'finished':
      forget(pool, lease);
      return pool.waiters.resolve(lease.run, {
        step: 'ended',
        outcome: answer.outcome,
        withheld: answer.withheld,
      });
    case 'elsewhere':
      // A pool saves a later attempt before it sends it, so one that it does not know of was sent to nobody.
      return goOn(pool, lease, answer.fence, reason);
    case 'absent':
      forget(pool, lease);
      return pool.waiters.resolve(lease.run, {
        step: 'refused',
        reason: 'there is no such run',
      });
  }
}

/** The next attempt waits for a slot, unless the run was cancelled while the database was asked for it. */
async function goOn(pool: Pool, lease: Lease, fence: number, reason: string): Promise<void> {
  const next = pool.leases.put(requeued(lease, fence));
  if (next.cancelRequested) return attemptOver(pool, next, reason);
  assignQueued(pool);
}

/** The lease of the next attempt; when it was queued first still decides its place in the queue. */
function requeued(lease: Lease, fence: number): Lease {
  return {
    ...lease,
    fence,
    phase: 'queued',
    tried: lease.executor === null ? lease.tried : [...lease.tried, lease.executor],
    executor: null,
    leasedAt: null,
    startedAt: null,
    leaseUntil: null,
    failures: 0,
    uploadedBytes: 0,
  };
}
