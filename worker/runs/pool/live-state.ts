import type { Lease } from './lease.ts';

/** An active run as a person sees it. Times are ms since 1970. */
export interface LiveState {
  readonly state: 'queued' | 'leased' | 'running';
  /** How many of the pool's runs are before it in the queue; null where it has a slot. */
  readonly ahead: number | null;
  readonly attempt: number;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly cancelRequested: boolean;
}

/** What `lease` looks like among `leases`, which are oldest first. Pure. */
export function liveState(leases: readonly Lease[], lease: Lease): LiveState {
  const isWaiting = lease.phase === 'queued' || lease.phase === 'retrying';
  const before = leases.slice(
    0,
    leases.findIndex(({ run }) => run === lease.run),
  );
  return {
    state: isWaiting ? 'queued' : lease.phase === 'leased' ? 'leased' : 'running',
    ahead: isWaiting ? before.filter(({ phase }) => phase === 'queued').length : null,
    attempt: lease.fence,
    queuedAt: lease.queuedAt,
    startedAt: lease.startedAt,
    cancelRequested: lease.cancelRequested,
  };
}
