import type { RunId, TenantId } from '../../protocol/ids.ts';
import type { Labels } from '../../protocol/labels.ts';
import { limit } from '../../protocol/limits.ts';
import type { Manifest } from '../../protocol/manifest.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import { onlyRow, type Query, query } from './query.ts';

/** What must be known of a run to report its end. */
export interface AtItsEnd {
  /** Withheld from agents; one of its sources may have been restricted since it was queued. */
  readonly withheld: boolean;
}

/** What became of an outcome that was offered. */
export type Recorded =
  | ({ readonly step: 'recorded' } & AtItsEnd)
  /** Another outcome stands. */
  | ({ readonly step: 'finished'; readonly outcome: Outcome } & AtItsEnd)
  /** The run is at another attempt by now. */
  | { readonly step: 'elsewhere'; readonly fence: number }
  | { readonly step: 'absent' };

/** Who ran a run, and how long ago it was leased and started: the database turns these into times of its own clock. */
export interface Executed {
  readonly executor: string | null;
  readonly leased_ago_ms: number | null;
  readonly started_ago_ms: number | null;
}

/** Ends a run, if `fence` is the open attempt at it and it has not ended. Executors and the system may. */
export function recordOutcome(
  run: string,
  fence: number,
  outcome: Outcome,
  executed: Executed,
): Query<Recorded> {
  return query(
    'select app.system_record_outcome($1, $2, $3, $4) as answer',
    [run, fence, JSON.stringify(outcome), JSON.stringify(executed)],
    (rows): Recorded => {
      const answer = onlyRow(rows).answer as {
        ok: boolean;
        recorded?: boolean;
        fence?: number;
        outcome?: Outcome | null;
        withheld?: boolean;
      };
      const withheld = answer.withheld !== false;
      if (!answer.ok) return { step: 'absent' };
      if (answer.recorded === true) return { step: 'recorded', withheld };
      if (answer.outcome) return { step: 'finished', outcome: answer.outcome, withheld };
      return { step: 'elsewhere', fence: answer.fence ?? 0 };
    },
  );
}

export type NextAttempt =
  | {
      readonly step: 'again';
      readonly fence: number;
      readonly manifest: Manifest;
      /** When it was queued first, ms since 1970 by the database's clock. */
      readonly queued_at: number;
      readonly user: string;
      readonly labels: Labels;
      readonly own: boolean;
    }
  | { readonly step: 'exhausted'; readonly fence: number; readonly image: string }
  | ({ readonly step: 'finished'; readonly outcome: Outcome } & AtItsEnd)
  | { readonly step: 'elsewhere'; readonly fence: number }
  | { readonly step: 'absent' };

/** An unfinished run, as far as its lease needs it. */
export interface RecalledRun {
  readonly tenant: TenantId;
  readonly run: RunId;
  /** The attempt that is open. */
  readonly fence: number;
  readonly image: string;
  readonly wall_ms: number;
  /** Ms since 1970 by the database's clock. */
  readonly queued_at: number;
  readonly user: string | null;
  readonly labels: Labels;
  readonly own: boolean;
}

/** Those of `runs` that are unfinished and belong to the pool of this executor. */
export function recallRuns(executor: string, runs: readonly string[]): Query<readonly RecalledRun[]> {
  return query(
    'select app.system_recall_runs($1, $2) as answer',
    [executor, runs],
    (rows) => (onlyRow(rows).answer as { readonly unfinished: readonly RecalledRun[] }).unfinished,
  );
}

/** How an attempt ended that has no outcome; it stands in the audit log. */
export interface AttemptOver {
  readonly executor: string | null;
  readonly reason: string;
}

/** Opens the next attempt at an unfinished run, if `fence` (null: whatever is open) is the present one. The system alone may. */
export function nextFence(run: string, fence: number | null, over: AttemptOver): Query<NextAttempt> {
  return query(
    'select app.system_next_fence($1, $2, $3, $4) as answer',
    [run, fence, limit('run_attempts'), JSON.stringify(over)],
    (rows) => {
      const answer = onlyRow(rows).answer as { ok: boolean } & NextAttempt;
      return answer.ok ? answer : { step: 'absent' };
    },
  );
}
