import type { ExecutorId, RunId, TenantId } from '../../../protocol/ids.ts';
import type { Labels } from '../../../protocol/labels.ts';
import type { Outcome } from '../../../protocol/outcome.ts';

/**
 * - `queued`: waits for a slot.
 * - `leased`: sent to an executor; `running`: the executor said that the program started.
 * - `retrying`: the attempt is over without an outcome; the database is asked for the next fence.
 * - `recording`: it has an outcome that the database has not taken yet.
 */
export type Phase = 'queued' | 'leased' | 'running' | 'retrying' | 'recording';

/**
 * What a pool knows of one unfinished run. Times are ms since 1970 by the pool's clock, and are compared with nothing else;
 * `queuedAt` alone is the database's, and decides who is before whom.
 */
export interface Lease {
  readonly pool: string;
  readonly run: RunId;
  readonly tenant: TenantId;
  /** Whose run it is; null where nobody's. */
  readonly user: string | null;
  /** The pool is the tenant's own, whose slots are not shared out. */
  readonly own: boolean;
  /** What its executor must have. */
  readonly labels: Labels;
  readonly fence: number;
  readonly phase: Phase;
  /** An inspection: it has no row in the database, is not written to disk and not tried again. */
  readonly ephemeral: boolean;
  /** The image that it is pinned to; null where any will do (an inspection). */
  readonly image: string | null;
  readonly wallMs: number;
  readonly queuedAt: number;
  readonly executor: ExecutorId | null;
  /** Whose attempts at it ended without an outcome. */
  readonly tried: readonly ExecutorId[];
  readonly leasedAt: number | null;
  readonly startedAt: number | null;
  readonly leaseUntil: number | null;
  readonly cancelRequested: boolean;
  /** Since when no connected executor could take it. */
  readonly strandedSince: number | null;
  readonly pending: PendingOutcome | null;
  /** When the database is asked again, after it did not answer. */
  readonly retryAt: number | null;
  readonly failures: number;
  /** Why an earlier attempt ended without an outcome. */
  readonly reason: string | null;
  readonly uploadedBytes: number;
  /** An executor has opened the run's feed. */
  readonly hasFeed: boolean;
}

export interface PendingOutcome {
  readonly outcome: Outcome;
  readonly by: 'executor' | 'system';
}

/** A lease whose attempt an executor works on. */
export type HeldLease = Lease & { readonly executor: ExecutorId };

/** Takes up a slot of its executor. */
export function isHeld(lease: Lease): lease is HeldLease {
  return lease.executor !== null && (lease.phase === 'leased' || lease.phase === 'running');
}

/** The lease, where some executor works on this very attempt. */
export function heldAt(lease: Lease | undefined, fence: number): HeldLease | null {
  return lease !== undefined && lease.fence === fence && isHeld(lease) ? lease : null;
}

/** The lease of an attempt that reached no executor: it waits again under the same fence, which nobody has seen. */
export function unsent(lease: Lease): Lease {
  return { ...lease, phase: 'queued', executor: null, leasedAt: null, leaseUntil: null };
}

/** A lease as it stood on the disk: whatever the database was being asked is asked again, and at once. */
export function revived(lease: Lease): Lease {
  const isAsking = lease.phase === 'retrying' || lease.phase === 'recording';
  // A version before this one wrote leases without these.
  const absent = { user: null, own: false, labels: {}, hasFeed: false, tried: [] };
  const whole = { ...absent, ...lease };
  return isAsking ? { ...whole, retryAt: 0 } : whole;
}

/** The lease of a run that has just come, before any executor has it. */
export function newLease(
  given: Pick<
    Lease,
    | 'pool'
    | 'run'
    | 'tenant'
    | 'user'
    | 'own'
    | 'labels'
    | 'fence'
    | 'ephemeral'
    | 'image'
    | 'wallMs'
    | 'queuedAt'
  >,
): Lease {
  return {
    ...given,
    phase: 'queued',
    executor: null,
    tried: [],
    leasedAt: null,
    startedAt: null,
    leaseUntil: null,
    cancelRequested: false,
    strandedSince: null,
    pending: null,
    retryAt: null,
    failures: 0,
    reason: null,
    uploadedBytes: 0,
    hasFeed: false,
  };
}
