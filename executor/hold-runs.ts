import type { FromExecutor, Job, RefusalCode } from '../protocol/messages.ts';
import type { Outcome } from '../protocol/outcome.ts';

/** A run and the number of the attempt at it. */
export interface Lease {
  readonly run: Job['run'];
  readonly fence: number;
}

/** Running, or ended with an outcome that the pool has not confirmed as recorded. */
interface Held {
  readonly lease: Lease;
  outcome: Outcome | null;
}

export type OnJob =
  | { readonly act: 'start' }
  /** An older attempt at the same run is still here: it is given up first. */
  | { readonly act: 'replace'; readonly held: Lease }
  /** The same message again. */
  | { readonly act: 'ignore' }
  | { readonly act: 'resend'; readonly message: FromExecutor };

/** Outcomes kept for a pool that does not answer; beyond it the oldest is forgotten and its run is tried again elsewhere. */
const UNRECORDED_MAX = 256;

/**
 * The runs of this executor as the pool knows them: what to tell the pool, and what its messages mean. It only keeps
 * the books and starts or stops nothing.
 */
export function holdRuns() {
  const held = new Map<string, Held>();

  const outcomeMessage = ({ lease, outcome }: Held): FromExecutor[] =>
    outcome === null ? [] : [{ type: 'outcome', ...lease, outcome }];

  return {
    holding: (): Lease[] => [...held.values()].map(({ lease }) => lease),
    /** To be sent again after a new welcome. */
    unrecorded: (): FromExecutor[] => [...held.values()].flatMap(outcomeMessage),

    onJob(lease: Lease): OnJob {
      const before = held.get(lease.run);
      if (before !== undefined && before.lease.fence >= lease.fence) {
        const [message] = before.lease.fence === lease.fence ? outcomeMessage(before) : [];
        return message === undefined ? { act: 'ignore' } : { act: 'resend', message };
      }
      held.set(lease.run, { lease: { run: lease.run, fence: lease.fence }, outcome: null });
      return before?.outcome === null ? { act: 'replace', held: before.lease } : { act: 'start' };
    },
    /** The attempt that a cancellation is meant for, if it runs here. */
    cancelled(lease: Lease): Lease[] {
      const before = held.get(lease.run);
      const isMeant = before !== undefined && before.outcome === null && lease.fence >= before.lease.fence;
      return isMeant ? [before.lease] : [];
    },
    /** The message to send, or null where the attempt is no longer ours. */
    onOutcome(lease: Lease, outcome: Outcome): FromExecutor | null {
      const before = held.get(lease.run);
      if (before?.lease.fence !== lease.fence) return null;
      before.outcome = outcome;
      const finished = [...held.values()].filter((each) => each.outcome !== null);
      if (finished.length > UNRECORDED_MAX && finished[0] !== undefined) held.delete(finished[0].lease.run);
      return { type: 'outcome', ...lease, outcome };
    },
    onRefused(lease: Lease, why: { code: RefusalCode; reason: string }): FromExecutor | null {
      if (held.get(lease.run)?.lease.fence !== lease.fence) return null;
      held.delete(lease.run);
      return { type: 'refused', ...lease, code: why.code, reason: why.reason };
    },
    /** The attempt that still runs here although the pool has an outcome for its run, if there is one. */
    onRecorded(lease: Lease): Lease[] {
      const before = held.get(lease.run);
      if (before === undefined || before.lease.fence > lease.fence) return [];
      held.delete(lease.run);
      return before.outcome === null ? [before.lease] : [];
    },
    /** The leases are over: the pool has given the runs that still run to others. */
    abandonRunning(): Lease[] {
      const lost = [...held.values()].filter(({ outcome }) => outcome === null);
      for (const { lease } of lost) held.delete(lease.run);
      return lost.map(({ lease }) => lease);
    },
  };
}
