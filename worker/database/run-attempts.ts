import { limit } from '../../protocol/limits.ts';
import type { Manifest } from '../../protocol/manifest.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { Execution } from './runs.ts';

/** What became of an outcome that was offered. */
export type Recorded =
  | { readonly step: 'recorded' }
  /** Another outcome stands. */
  | { readonly step: 'finished'; readonly outcome: Outcome }
  /** The run is at another attempt by now. */
  | { readonly step: 'elsewhere'; readonly fence: number }
  | { readonly step: 'absent' };

/** Ends a run, if `fence` is the open attempt at it and it has not ended. Executors and the system may. */
export function recordOutcome(
  run: string,
  fence: number,
  outcome: Outcome,
  execution: Execution,
): Query<Recorded> {
  return query(
    'select app.system_record_outcome($1, $2, $3, $4) as answer',
    [run, fence, JSON.stringify(outcome), JSON.stringify(execution)],
    (rows): Recorded => {
      const answer = onlyRow(rows).answer as {
        ok: boolean;
        recorded?: boolean;
        fence?: number;
        outcome?: Outcome | null;
      };
      if (!answer.ok) return { step: 'absent' };
      if (answer.recorded === true) return { step: 'recorded' };
      if (answer.outcome) return { step: 'finished', outcome: answer.outcome };
      return { step: 'elsewhere', fence: answer.fence ?? 0 };
    },
  );
}

export type NextAttempt =
  | {
      readonly step: 'again';
      readonly fence: number;
      readonly manifest: Manifest;
      readonly queued_at: string;
    }
  | { readonly step: 'exhausted'; readonly fence: number; readonly image: string }
  | { readonly step: 'finished'; readonly outcome: Outcome }
  | { readonly step: 'elsewhere'; readonly fence: number }
  | { readonly step: 'absent' };

/** Opens the next attempt at an unfinished run, if `fence` (null: whatever is open) is the present one. The system alone may. */
export function nextFence(run: string, fence: number | null): Query<NextAttempt> {
  return query(
    'select app.system_next_fence($1, $2, $3) as answer',
    [run, fence, limit('run_attempts')],
    (rows) => {
      const answer = onlyRow(rows).answer as { ok: boolean } & NextAttempt;
      return answer.ok ? answer : { step: 'absent' };
    },
  );
}

export interface UnfinishedRun {
  readonly tenant: string;
  readonly run: string;
  readonly pool: string;
}

/** Unfinished runs of all tenants that were queued more than `olderThanMs` ago, oldest first. */
export function unfinishedRuns(olderThanMs: number, runsMax: number): Query<readonly UnfinishedRun[]> {
  return query(
    `select tenant_id, run_id, pool_id from app.system_unfinished_runs($1 * interval '1 ms', $2)`,
    [olderThanMs, runsMax],
    (rows) =>
      rows.map((row) => ({
        tenant: row.tenant_id as string,
        run: row.run_id as string,
        pool: row.pool_id as string,
      })),
  );
}
