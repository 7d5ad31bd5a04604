import type { Labels } from '../../protocol/labels.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import type { TerminalState } from '../../protocol/run-state.ts';
import type { Executed } from '../../worker/database/run-attempts.ts';
import type { Execution } from '../../worker/database/runs.ts';

/** A row of `app.runs`, as far as its life depends on it. */
export interface RunRow {
  readonly tenant: string;
  readonly run: string;
  readonly project: string;
  readonly pool: string;
  /** The pool is the tenant's own. */
  readonly own: boolean;
  readonly labels: Labels;
  readonly kind: 'model' | 'scratch';
  readonly manifest: { readonly image: string; readonly [part: string]: unknown };
  readonly manifestText: string;
  readonly state: 'queued' | TerminalState;
  readonly fence: number;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly outcome: Outcome | null;
  /** Who queued it. */
  readonly user: string | null;
  readonly execution: Execution | null;
}

/** Who entered a tenant. */
export interface Caller {
  readonly tenant: string;
  readonly user: string | null;
  readonly kind: string;
  readonly credential: string;
}

export interface AuditEvent {
  readonly at: number;
  readonly action: 'run.start' | 'run.retry' | 'run.give_up' | 'run.finish' | 'run.cancel';
  readonly target: string | null;
  readonly outcome: 'ok' | 'refused';
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a function of the database does to one row: its answer, and the row and the events that it leaves. */
export interface Step {
  readonly answer: Readonly<Record<string, unknown>>;
  readonly row?: RunRow;
  readonly event?: Omit<AuditEvent, 'at' | 'target'>;
}

function executionOf({ executor, leased_ago_ms, started_ago_ms }: Executed, now: number): Execution {
  const before = (agoMs: number | null): number | null =>
    agoMs === null ? null : Math.round(now - Math.max(0, agoMs));
  return { executor, leased_at: before(leased_ago_ms), started_at: before(started_ago_ms) };
}

/** The model has no data, so agents see every run. */
const SEEN = { withheld: false };

const NOT_FOUND: Step = { answer: { ok: false, code: 'not_found' } };

/** `app.system_record_outcome`: the end of a run, for the holder of its fence, once. `poolOf` is the executor's pool. Pure. */
export function recordOutcome(
  row: RunRow | undefined,
  caller: Caller,
  given: { readonly fence: number; readonly outcome: Outcome; readonly execution: Executed },
  world: { readonly now: number; readonly poolOfCaller: string | null },
): Step {
  if (caller.kind !== 'executor' && caller.kind !== 'system') return NOT_FOUND;
  if (row === undefined || row.tenant !== caller.tenant) return NOT_FOUND;
  const { fence, outcome } = given;
  const execution = executionOf(given.execution, world.now);
  const isPools = caller.kind === 'system' || row.pool === world.poolOfCaller;
  if (row.fence !== fence || row.state !== 'queued' || !isPools)
    return { answer: { ok: true, recorded: false, fence: row.fence, outcome: row.outcome, ...SEEN } };
  return {
    answer: { ok: true, recorded: true, ...SEEN },
    row: { ...row, state: outcome.state, outcome, execution, finishedAt: world.now },
    event: {
      action: 'run.finish',
      outcome: 'ok',
      details: {
        state: outcome.state,
        fence,
        limit: outcome.limit,
        timings: outcome.timings,
        outputs: outcome.outputs.length,
        execution,
      },
    },
  };
}

/** `app.system_next_fence`: the next attempt at an unfinished run, if `fence` (null: any) is the open one. Pure. */
export function nextFence(
  row: RunRow | undefined,
  caller: Caller,
  asked: { readonly fence: number | null; readonly attemptsMax: number; readonly over: object },
): Step {
  const { fence, attemptsMax, over } = asked;
  if (caller.kind !== 'system' || row === undefined || row.tenant !== caller.tenant) return NOT_FOUND;
  if (row.state !== 'queued')
    return { answer: { ok: true, step: 'finished', outcome: row.outcome, ...SEEN } };
  if (fence !== null && row.fence !== fence)
    return { answer: { ok: true, step: 'elsewhere', fence: row.fence } };
  if (row.fence >= attemptsMax)
    return {
      answer: { ok: true, step: 'exhausted', fence: row.fence, image: row.manifest.image },
      event: { action: 'run.give_up', outcome: 'ok', details: { ...over, fence: row.fence } },
    };
  const next = row.fence + 1;
  return {
    answer: {
      ok: true,
      step: 'again',
      fence: next,
      manifest: row.manifest,
      ...{ queued_at: row.createdAt, user: row.user, labels: row.labels, own: row.own },
    },
    row: { ...row, fence: next },
    event: { action: 'run.retry', outcome: 'ok', details: { ...over, fence: next } },
  };
}

/** `app.begin_cancel`: who wants a run cancelled is recorded, and where it is told. Pure. */
export function beginCancel(row: RunRow | undefined, caller: Caller): Step {
  if (row === undefined || row.tenant !== caller.tenant) return NOT_FOUND;
  return {
    answer: { ok: true, pool: row.pool, state: row.state, fence: row.fence },
    event: {
      action: 'run.cancel',
      outcome: row.state === 'queued' ? 'ok' : 'refused',
      details: { state: row.state },
    },
  };
}
