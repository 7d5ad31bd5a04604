import type { ExecutorId } from '../../../protocol/ids.ts';
import type { ToExecutor } from '../../../protocol/messages.ts';
import { log } from '../../log.ts';
import { acknowledge, refuseOldFence } from './acknowledge.ts';
import { askLater } from './ask-later.ts';
import { assignQueued } from './assign-queued.ts';
import { CLOSE } from './executor-sockets.ts';
import { forget } from './forget.ts';
import type { Lease, PendingOutcome } from './lease.ts';
import type { Pool } from './pool.ts';
import { type RecordAnswer, record } from './record.ts';
import { systemOutcome } from './system-outcome.ts';
import { tellOf } from './tell-of.ts';
import type { Ended } from './waiters.ts';

/**
 * Ends a run: the outcome is written, then its executor may forget the run, then whoever waits learns of it. The slot is
 * free from the first line on. Where the database does not answer, the outcome is kept on disk and offered again.
 */
export async function settle(pool: Pool, given: Lease, pending: PendingOutcome): Promise<void> {
  const lease = pool.leases.put({ ...given, phase: 'recording', pending, retryAt: null });
  assignQueued(pool);
  // An inspection is no run: who asked for it decides who sees what it found.
  if (lease.ephemeral) return end(pool, lease, { step: 'ended', outcome: pending.outcome, withheld: false });
  const answer = await record(await pool.platform(), lease, pending, pool.now());
  if (pool.leases.get(lease.run)?.pending === pending) await conclude(pool, lease, pending, answer);
}

/** Ends a run without an executor's word: `message` says why. */
export function settleAsSystem(
  pool: Pool,
  lease: Lease,
  state: 'cancelled' | 'lost',
  message: string,
): Promise<void> {
  return settle(pool, lease, { outcome: systemOutcome(state, message, lease.image), by: 'system' });
}

async function conclude(
  pool: Pool,
  lease: Lease,
  pending: PendingOutcome,
  answer: RecordAnswer,
): Promise<void> {
  switch (answer.step) {
    case 'recorded':
      return end(pool, lease, { step: 'ended', outcome: pending.outcome, withheld: answer.withheld });
    case 'finished':
      return end(pool, lease, { step: 'ended', outcome: answer.outcome, withheld: answer.withheld });
    case 'elsewhere':
      return goOnAt(pool, lease, pending, answer.fence);
    case 'absent':
      return end(pool, lease, { step: 'refused', reason: 'there is no such run' });
    case 'not_admitted':
      if (lease.executor !== null) pool.sockets.close(lease.executor, CLOSE.revoked);
      return beginAgain(pool, lease, 'its executor was revoked');
    case 'unstorable': {
      log('error', 'executor-pool', {
        message: 'outcome refused',
        run: lease.run,
        sqlstate: answer.sqlstate,
      });
      if (pending.by === 'system') return askLater(pool, lease);
      return settleAsSystem(pool, lease, 'lost', 'The run ended, but its result could not be stored.');
    }
    case 'unavailable':
      return askLater(pool, lease);
  }
}

function end(pool: Pool, lease: Lease, ended: Ended): void {
  forget(pool, lease);
  if (lease.executor !== null) acknowledge(to(pool, lease.executor), lease);
  pool.waiters.resolve(lease.run, ended);
  tellOf(pool, lease);
}

function to(pool: Pool, executor: ExecutorId): (message: ToExecutor) => boolean {
  return (message) => pool.sockets.send(executor, message);
}

/**
 * A crash made this pool forget that it had opened a later attempt: what it said itself holds for that one too, and what
 * an executor made of the earlier one does not.
 */
async function goOnAt(pool: Pool, lease: Lease, pending: PendingOutcome, later: number): Promise<void> {
  if (pending.by === 'system') return settle(pool, { ...lease, fence: later }, pending);
  if (lease.executor !== null) refuseOldFence(to(pool, lease.executor), lease.executor, lease);
  beginAgain(pool, lease, 'the pool restarted');
}

/** The next wake finds the attempt over, as it does when an executor dies. */
function beginAgain(pool: Pool, lease: Lease, reason: string): void {
  pool.leases.put({ ...lease, phase: 'retrying', pending: null, retryAt: pool.now(), reason });
  pool.wakeAt(pool.now());
}
