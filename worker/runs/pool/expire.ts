import { limit } from '../../../protocol/limits.ts';
import type { Lease } from './lease.ts';

/** Beyond its wall time a run may take this long to fetch its inputs, harvest and upload. */
const OVERHEAD_MS = 120_000;
/** How long a queued run waits while no connected executor could take it. */
export const STRANDED_MS = 10 * 60_000;
const BACKOFF_MS_MAX = 30_000;

export type Verdict = 'keep' | 'attempt_over' | 'stranded' | 'ask_again';

/** What time alone does to a lease. Pure. */
export function judge(lease: Lease, now: number): Verdict {
  return dueAt(lease) > now ? 'keep' : verdictWhenDue(lease);
}

/** When {@link judge} will say something else than `keep`; Infinity where time changes nothing. */
export function dueAt(lease: Lease): number {
  switch (lease.phase) {
    case 'queued':
      return lease.strandedSince === null ? Number.POSITIVE_INFINITY : lease.strandedSince + STRANDED_MS;
    case 'leased':
    case 'running':
      return Math.min(
        (lease.leaseUntil ?? 0) + limit('lease_grace_ms'),
        (lease.leasedAt ?? 0) + lease.wallMs + OVERHEAD_MS,
      );
    case 'retrying':
    case 'recording':
      return lease.retryAt ?? Number.POSITIVE_INFINITY;
  }
}

/**
 * The lease with no time further ahead than the clock could have set it: a clock that was wrong by minutes and goes back
 * must not keep a run from being tried again for as long. The same object where nothing is. Pure.
 */
export function withinReach(lease: Lease, now: number): Lease {
  const { leaseUntil, leasedAt, strandedSince, retryAt } = lease;
  const reached = {
    leaseUntil: atMost(leaseUntil, now + limit('lease_ms')),
    leasedAt: atMost(leasedAt, now),
    strandedSince: atMost(strandedSince, now),
    retryAt: atMost(retryAt, now + BACKOFF_MS_MAX),
  };
  const isReached =
    reached.leaseUntil === leaseUntil &&
    reached.leasedAt === leasedAt &&
    reached.strandedSince === strandedSince &&
    reached.retryAt === retryAt;
  return isReached ? lease : { ...lease, ...reached };
}

function atMost(time: number | null, latest: number): number | null {
  return time === null ? null : Math.min(time, latest);
}

function verdictWhenDue(lease: Lease): Verdict {
  switch (lease.phase) {
    case 'queued':
      return 'stranded';
    case 'leased':
    case 'running':
      return 'attempt_over';
    case 'retrying':
    case 'recording':
      return 'ask_again';
  }
}

/** How long to leave the database alone after it failed for the `failures`-th time in a row. */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MS_MAX, 500 * 2 ** Math.min(failures, 6));
}
