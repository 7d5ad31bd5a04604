import { limit } from '../../../protocol/limits.ts';
import type { HeardExecutor } from './executor-sockets.ts';
import { isHeld, type Lease } from './lease.ts';
import type { Pool } from './pool.ts';
import { runsBefore } from './runs-before.ts';
import { whyWaiting } from './why-waiting.ts';

/** An active run as a person sees it. Times are ms since 1970. */
export interface LiveState {
  readonly state: 'queued' | 'leased' | 'running';
  /** How many of the pool's runs are given a slot before it, by turns; null where it has one. */
  readonly ahead: number | null;
  /** Why that is not all that it waits for, as half a sentence. */
  readonly waitsFor: string | null;
  readonly attempt: number;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly cancelRequested: boolean;
}

/** What `lease` looks like among `leases`, which are oldest first, executors, and who was served when. Pure. */
export function liveState(
  leases: readonly Lease[],
  lease: Lease,
  heard: readonly HeardExecutor[],
  servedAt: Pool['servedAt'],
): LiveState {
  const isWaiting = lease.phase === 'queued' || lease.phase === 'retrying';
  const waiting = leases.filter(({ run, phase }) => phase === 'queued' || run === lease.run);
  return {
    state: isWaiting ? 'queued' : lease.phase === 'leased' ? 'leased' : 'running',
    ahead: isWaiting ? runsBefore(waiting, lease.run, servedAt) : null,
    waitsFor: isWaiting ? whyWaiting(heard, lease, shareOf(leases, lease)) : null,
    attempt: lease.fence,
    queuedAt: lease.queuedAt,
    startedAt: lease.startedAt,
    cancelRequested: lease.cancelRequested,
  };
}

function shareOf(leases: readonly Lease[], { tenant, own, ephemeral }: Lease) {
  const isAlike = (lease: Lease) => lease.tenant === tenant && lease.ephemeral === ephemeral;
  return {
    held: leases.filter((lease) => isAlike(lease) && isHeld(lease)).length,
    max: own ? Number.POSITIVE_INFINITY : limit('running_runs'),
  };
}
