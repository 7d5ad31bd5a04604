import type { ExecutorId } from '../../protocol/ids.ts';
import type { Manifest } from '../../protocol/manifest.ts';
import type { RecordedOutcome } from '../../protocol/outcome.ts';
import type { TerminalState } from '../../protocol/run-state.ts';
import type { AgentSees } from '../sight/agent-sees.ts';
import { type Unseen, unseen } from '../sight/unseen.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import { callFunction } from './call-function.ts';
import type { Place, Placement, PlacementRefusal } from './placement.ts';
import type { ProjectRoleRefusal } from './projects.ts';
import { onlyRow, type Query, query, type Row, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** What `app.queue_run` is asked; the names are its own. */
export interface QueueRequest {
  readonly run: string;
  readonly placement: Placement;
  readonly project: string;
  readonly kind: 'model' | 'scratch';
  readonly ref: string | null;
  readonly entry: string;
  readonly scratch: { readonly sha256: string; readonly bytes: number } | null;
  readonly data: readonly string[] | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly limits: Manifest['limits'];
  readonly seeds: Omit<Manifest['seeds'], 'source_date_epoch'>;
  readonly queued_max: number;
  readonly withheld_max: number;
  readonly idempotency: Idempotency | null;
}

export type QueueRefusal =
  | { readonly reason: 'no_project'; readonly details: { readonly project: string } }
  | { readonly reason: 'no_right'; readonly details: ProjectRoleRefusal }
  | { readonly reason: 'archived'; readonly details: { readonly project: string } }
  | {
      readonly reason: 'no_commits' | 'no_commit';
      readonly details: { readonly project: string; readonly ref: string | null };
    }
  | {
      readonly reason: 'no_file';
      readonly details: {
        readonly path: string;
        readonly commit: string;
        readonly python_files: readonly string[];
      };
    }
  | {
      readonly reason: 'no_data';
      readonly details: { readonly missing: readonly string[]; readonly available: readonly string[] };
    }
  | PlacementRefusal
  | {
      readonly reason: 'queue_full';
      readonly details: { readonly limit: 'queued_runs'; readonly value: number };
    }
  | { readonly reason: 'withheld_rate'; readonly details: { readonly retry_after_seconds: number } }
  | { readonly reason: 'idempotency_conflict' };

export type Queued =
  /** A new run, to be submitted to its pool. */
  | {
      readonly step: 'new';
      readonly run: string;
      readonly fence: number;
      readonly manifest: Manifest;
      /** Agents see neither what it leaves nor what it says. */
      readonly withheld: boolean;
      readonly place: Place;
      readonly revokedExecutors: readonly ExecutorId[];
    }
  /** The run of an earlier call with this idempotency key, or an identical one that is active. */
  | { readonly step: 'known'; readonly run: string; readonly deduplicated: boolean }
  | ({ readonly step: 'refused' } & QueueRefusal);

export function queueRun(request: QueueRequest): Query<Queued> {
  return query('select app.queue_run($1) as answer', [JSON.stringify(request)], readQueuedRow);
}

/**
 * {@link queueRun} for a caller who waits for the end: its commit does not wait for the disk. Whoever is answered before
 * the run has ended has {@link flushCommits} first.
 */
export function queueAwaitedRun(request: QueueRequest): Query<Queued> {
  return query('select app.queue_awaited_run($1) as answer', [JSON.stringify(request)], readQueuedRow);
}

/** When its transaction is over, it and all that was committed before it is on the disk. */
export function flushCommits(): Query<void> {
  return query('select app.flush_commits()', [], readNothing);
}

function readQueuedRow(rows: readonly Row[]): Queued {
  return readQueued(onlyRow(rows).answer as Row);
}

function readQueued(answer: Row): Queued {
  if (answer.ok !== true) {
    const { reason, code, details } = answer;
    return { step: 'refused', reason: reason ?? code, details } as Queued;
  }
  if (answer.manifest === undefined) {
    return { step: 'known', run: answer.run as string, deduplicated: answer.deduplicated === true };
  }
  return {
    step: 'new',
    run: answer.run as string,
    fence: answer.fence as number,
    manifest: answer.manifest as Manifest,
    withheld: answer.withheld !== false,
    place: { pool: answer.pool, own: answer.own, labels: answer.labels } as Place,
    revokedExecutors: answer.revoked_executors as ExecutorId[],
  };
}

/** Who ran a run, and when, in ms since 1970 by the database's clock. */
export interface Execution {
  readonly executor: string | null;
  readonly leased_at: number | null;
  readonly started_at: number | null;
}

export interface RunRow {
  readonly run: string;
  /** From the caller. */
  readonly withheld: boolean;
  /** Whether agents see all of it. */
  readonly agentSees: AgentSees;
  readonly project: string;
  readonly projectName: string;
  readonly pool: string;
  readonly manifest: Manifest;
  readonly manifestSha256: string;
  readonly state: 'queued' | TerminalState;
  readonly fence: number;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly outcome: RecordedOutcome | null;
  readonly execution: Execution | null;
}

const UTC_MS = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;
const COLUMNS = `r.run_id, r.project_id, r.project_name, r.pool_id, r.manifest, r.manifest_sha256, r.state, r.fence,
  to_char(r.created_at at time zone 'UTC', ${UTC_MS}) as created_at,
  to_char(r.finished_at at time zone 'UTC', ${UTC_MS}) as finished_at, r.outcome, r.execution,
  r.withheld as withheld_from_agents, r.withheld and not caller.is_person as withheld`;
/** Asked once a statement. Rows of runs leave this folder closed (`Unseen`), and only `worker/sight/` opens them. */
const CALLER = '(select app.is_in_session() as is_person) as caller';

/** A run whose place and state may be read, but nothing that it printed or left. */
export type FoundRun = Unseen<RunRow, 'run' | 'project' | 'pool' | 'state' | 'withheld'>;

const SELECT_RUNS = `select ${COLUMNS} from app.runs_by_id($1) as r cross join ${CALLER}`;

/** Runs by id, in no order; an id that is absent or another tenant's gives no row. */
export function selectRuns(runs: readonly string[]): Query<readonly FoundRun[]> {
  return query(SELECT_RUNS, [runs], (rows) => rows.map((row) => unseen(readRun(row))));
}

/** The same for the pool that runs them, which tells nobody what is in them but the executor. */
export function selectRunsOfPool(runs: readonly string[]): Query<readonly RunRow[]> {
  return query(SELECT_RUNS, [runs], (rows) => rows.map(readRun));
}

/** Whether the caller may see what a run left. */
export function selectMayOpen(run: string): Query<boolean> {
  return query('select app.may_open_run($1) as seen', [run], (rows) => Boolean(onlyRow(rows).seen));
}

export interface RunSummary {
  readonly run: string;
  /** From the caller. */
  readonly withheld: boolean;
  /** Whether agents see all of it. */
  readonly agentSees: AgentSees;
  readonly entry: string;
  readonly kind: 'model' | 'scratch';
  readonly commit: string | null;
  readonly state: 'queued' | TerminalState;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly message: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputs: number;
}

export interface RunPage {
  readonly total: number;
  readonly runs: readonly Unseen<RunSummary, 'run'>[];
}

/** A project's runs, newest first, before a run id; null where there is no such project. */
export function selectRunPage(page: {
  readonly project: string;
  readonly states: readonly string[] | null;
  readonly before: string | null;
  readonly limit: number;
}): Query<RunPage | null> {
  return query(
    `select p.project_id,
            (select count(*)::int from app.runs as r
              where r.project_id = p.project_id and ($2::text[] is null or r.state = any($2))) as total,
            (select coalesce(jsonb_agg(page), '[]') from (
               select r.run_id as run, r.entry, r.kind, r.commit_id as commit, r.state,
                      to_char(r.created_at at time zone 'UTC', ${UTC_MS}) as "createdAt",
                      to_char(r.finished_at at time zone 'UTC', ${UTC_MS}) as "finishedAt",
                      r.outcome -> 'message' as message, r.manifest -> 'parameters' as parameters,
                      coalesce(jsonb_array_length(r.outcome -> 'outputs'), 0)
                        + coalesce(jsonb_array_length(r.outcome #> '{expired,outputs}'), 0) as outputs,
                      case when r.withheld then 'schema_only' else 'full' end as "agentSees",
                      r.withheld and not caller.is_person as withheld
                 from app.runs as r cross join ${CALLER}
                where r.project_id = p.project_id and ($2::text[] is null or r.state = any($2))
                  and ($3::text is null or r.run_id < $3)
                order by r.run_id desc limit $4) as page) as runs
       from app.projects as p where p.project_id = app.project_id($1)`,
    [page.project, page.states, page.before, page.limit],
    ([row]) => (row === undefined ? null : { total: row.total as number, runs: row.runs as RunPage['runs'] }),
  );
}

export type CancelBegun = {
  readonly pool: string;
  readonly state: 'queued' | TerminalState;
  readonly fence: number;
};

/** Records that the caller wants the run cancelled; refuses with `not_found` or `insufficient_role`. */
export function beginCancel(run: string): Query<SqlAnswer<CancelBegun>> {
  return callFunction('app.begin_cancel($1)', [run]);
}

function readRun(row: Row): RunRow {
  return {
    run: row.run_id as string,
    withheld: row.withheld !== false,
    agentSees: row.withheld_from_agents === false ? 'full' : 'schema_only',
    project: row.project_id as string,
    projectName: row.project_name as string,
    pool: row.pool_id as string,
    manifest: row.manifest as Manifest,
    manifestSha256: row.manifest_sha256 as string,
    state: row.state as RunRow['state'],
    fence: row.fence as number,
    createdAt: row.created_at as string,
    finishedAt: row.finished_at as string | null,
    outcome: row.outcome as RecordedOutcome | null,
    execution: row.execution as Execution | null,
  };
}
