import type { ExecutorId, RunId, TenantId } from '../../../protocol/ids.ts';
import type { Manifest } from '../../../protocol/manifest.ts';
import type { Place } from '../../database/placement.ts';
import { assignQueued } from './assign-queued.ts';
import { attemptOver } from './attempt-over.ts';
import { cancel } from './cancel.ts';
import { cutOff } from './cut-off.ts';
import { newLease } from './lease.ts';
import { type LiveState, liveState } from './live-state.ts';
import type { Pool } from './pool.ts';
import type { Ended } from './waiters.ts';

/** A run for a pool. Its row is in the database already, unless it is ephemeral. */
export interface Submission {
  readonly place: Place;
  readonly tenant: TenantId;
  readonly user: string | null;
  readonly run: RunId;
  readonly fence: number;
  readonly manifest: Manifest;
  readonly inline: Readonly<Record<string, string>>;
  readonly ephemeral: boolean;
  /** Its caller tells a client what it prints while it runs. */
  readonly isFollowed: boolean;
  /** Executors that must get nothing more. */
  readonly revokedExecutors: readonly ExecutorId[];
}

/** What a call that waits for a run learns. */
export type WaitAnswer =
  | Ended
  | { readonly step: 'active'; readonly live: LiveState }
  /** This pool knows no such run: it has ended, or was never submitted. */
  | { readonly step: 'unknown' };

/** Takes a run into the queue and waits for its end. A run that is there already is only waited for. */
export async function submit(pool: Pool, submission: Submission, waitMs: number): Promise<WaitAnswer> {
  for (const executor of submission.revokedExecutors)
    if (pool.sockets.isConnected(executor)) pool.inBackground(cutOff(pool, executor));
  if (pool.leases.get(submission.run) === undefined) {
    const { manifest, inline, isFollowed, ephemeral } = submission;
    pool.work.set(submission.run, { manifest, inline, isFollowed });
    pool.leases.put(
      newLease({
        ...submission.place,
        run: submission.run,
        tenant: submission.tenant,
        user: submission.user,
        fence: submission.fence,
        ephemeral,
        image: ephemeral ? null : manifest.image,
        wallMs: manifest.limits.wall_ms,
        queuedAt: pool.now(),
      }),
    );
    // The waiter stands before the run can end.
    const waiting = wait(pool, submission.run, waitMs);
    assignQueued(pool);
    return submission.ephemeral ? giveUpAfter(pool, submission.run, await waiting) : waiting;
  }
  return wait(pool, submission.run, waitMs);
}

/** Waits for the end of a run, at most `waitMs`. */
export async function wait(pool: Pool, run: string, waitMs: number): Promise<WaitAnswer> {
  if (pool.leases.get(run) === undefined) return { step: 'unknown' };
  const ended = waitMs > 0 ? await pool.waiters.wait(run, waitMs) : null;
  if (ended !== null) return ended;
  const lease = pool.leases.get(run);
  if (lease === undefined) return { step: 'unknown' };
  const heard = pool.sockets.heard(pool.now());
  return { step: 'active', live: liveState(pool.leases.all(), lease, heard, pool.servedAt) };
}

/** Nobody comes back for an inspection: one that outlasts its caller is ended. */
async function giveUpAfter(pool: Pool, run: RunId, answer: WaitAnswer): Promise<WaitAnswer> {
  if (answer.step !== 'active') return answer;
  cancel(pool, run);
  const lease = pool.leases.get(run);
  if (lease !== undefined) await attemptOver(pool, lease, 'it took too long');
  return { step: 'refused', reason: 'it took too long' };
}
