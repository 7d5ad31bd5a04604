import type { Offer } from '../../protocol/messages.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import { RAISED } from '../../worker/database/errors.ts';
import type { Caller } from './run-rows.ts';
import { manifestSha256, type RunStore } from './run-store.ts';

interface Statement {
  readonly query: string;
  readonly params: readonly (string | null)[];
}

/** The answer of a database behind Neon's HTTP protocol, as far as the driver reads it. */
export interface SqlResponse {
  readonly status: number;
  readonly body: object;
}

type Row = Readonly<Record<string, unknown>>;

interface Turn {
  readonly store: RunStore;
  readonly now: number;
  caller: Caller | null;
}

/** How far a ticket's time may be from the database's. */
const TICKET_SECONDS_MAX = 120;
/** A ticket is its signature in hexadecimal digits, and the claim. */
const SIGNATURE_CHARS = 64;

class Refused extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** Runs the statements of one request as one transaction. Statements that the model does not know are a bug of the model. */
export function answerSql(store: RunStore, body: string, now: number): SqlResponse {
  const { queries } = JSON.parse(body) as { readonly queries: readonly Statement[] };
  const turn: Turn = { store, now, caller: null };
  try {
    return {
      status: 200,
      body: { results: queries.map((statement) => encode(runStatement(turn, statement))) },
    };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const detail = JSON.stringify({ reason: error.reason, needed: [] });
    return { status: 400, body: { message: 'entry refused', code: RAISED.entry_refused, detail } };
  }
}

function runStatement(turn: Turn, { query, params }: Statement): readonly Row[] {
  const name = /\bapp\.([a-z_]+)/.exec(query)?.[1] ?? '';
  const statement = STATEMENTS[name];
  if (statement === undefined) throw new Error(`the model knows no statement like: ${query}`);
  return statement(turn, params);
}

function queueRun({ store, caller, now }: Turn, [request]: Statement['params']): readonly Row[] {
  return answer(store.queue(JSON.parse(request ?? ''), entered(caller), now));
}

const STATEMENTS: Readonly<Record<string, (turn: Turn, params: Statement['params']) => readonly Row[]>> = {
  enter: (turn, [ticket]) => enter(turn, ticket ?? ''),
  queue_run: queueRun,
  queue_awaited_run: queueRun,
  flush_commits: () => [],
  // Nothing is removed in this model.
  system_keep_blob: () => [{ keeping: 'named' }],
  begin_cancel: ({ store, caller, now }, [run]) => answer(store.beginCancel(run ?? '', entered(caller), now)),
  system_next_fence: ({ store, caller, now }, [run, fence, attemptsMax, over]) => {
    const asked = {
      fence: fence === null || fence === undefined ? null : Number(fence),
      attemptsMax: Number(attemptsMax),
      over: JSON.parse(over ?? '') as object,
    };
    return answer(store.nextFence(run ?? '', asked, entered(caller), now));
  },
  system_record_outcome: ({ store, caller, now }, [run, fence, outcome, execution]) =>
    answer(
      store.recordOutcome(
        run ?? '',
        {
          fence: Number(fence),
          outcome: JSON.parse(outcome ?? '') as Outcome,
          execution: JSON.parse(execution ?? ''),
        },
        entered(caller),
        now,
      ),
    ),
  system_sweep_pool: ({ store, now }, [pool, heard, olderThanMs, runsMax]) => {
    const bounds = { olderThanMs: Number(olderThanMs), runsMax: Number(runsMax) };
    return answer(store.sweep(pool ?? '', idsOf('exe', heard), bounds, now));
  },
  system_pools_to_sweep: ({ store }) => store.pools.map((pool) => ({ pool_id: pool })),
  system_executor_connected: ({ store }, [executor, offer]) =>
    answer(store.connected(executor ?? '', JSON.parse(offer ?? '') as Offer)),
  system_recall_runs: ({ store }, [executor, runs]) =>
    answer({ unfinished: store.recall(executor ?? '', idsOf('run', runs)) }),
  system_executor_gone: () => [{ system_executor_gone: '' }],
  find_executor: ({ store }, [executor]) => {
    const known = store.executors.get(executor ?? '');
    return known === undefined
      ? []
      : [{ pool_id: known.pool, public_key: 'A'.repeat(43), alive: !known.isRevoked }];
  },
  find_key_encryption_keys: ({ store }) => store.keks,
  system_add_first_key_encryption_key: ({ store }, [key_id, recipe, canary]) => {
    if (store.keks.length === 0) store.keks.push({ key_id, recipe: JSON.parse(recipe ?? ''), canary });
    return [{ system_add_first_key_encryption_key: '' }];
  },
  find_data_keys: ({ store }, [tenant]) => store.dataKeys.filter((key) => key.tenant === tenant),
  system_add_first_data_key: ({ store }, [tenant, purpose, key_id, wrapped]) => {
    if (!store.dataKeys.some((key) => key.tenant === tenant && key.purpose === purpose))
      store.dataKeys.push({ tenant, purpose, key_id, wrapped });
    return [{ system_add_first_data_key: '' }];
  },
  runs_by_id: ({ store, caller }, [runs]) => selectRuns(store, entered(caller), runs ?? ''),
};

function answer(value: Row): readonly Row[] {
  return [{ answer: value }];
}

function entered(caller: Caller | null): Caller {
  if (caller === null) throw new Error('a statement of a tenant without an entry');
  return caller;
}

/** `app.enter`: who the ticket names, if its time is near and, for an executor, if it may act for the tenant. */
function enter(turn: Turn, ticket: string): readonly Row[] {
  const claim = JSON.parse(ticket.slice(SIGNATURE_CHARS)) as Record<string, string | null> & { iat: number };
  if (Math.abs(turn.now / 1000 - claim.iat) > TICKET_SECONDS_MAX) throw new Refused('stale_ticket');
  const { tenant, user, kind, credential } = claim as Record<string, string>;
  if (tenant === undefined || kind === undefined || credential === undefined) throw new Refused('bad_ticket');
  const refusal = kind === 'executor' ? turn.store.executorRefusal(credential, tenant) : null;
  if (refusal !== null) throw new Refused(refusal);
  turn.caller = { tenant, user: user ?? null, kind, credential };
  const entered = {
    ...{ tenant_id: tenant, tenant_name: tenant, user_id: user ?? null, user_name: user ?? null },
    ...{ user_email: null, role: user === null ? null : 'owner', scopes: [], projects: null },
  };
  return [{ entered }];
}

/** Ids in an array as the driver writes it. */
function idsOf(prefix: string, literal: string | null | undefined): string[] {
  return literal?.match(new RegExp(`${prefix}_[0-9a-z]+`, 'g')) ?? [];
}

function selectRuns(store: RunStore, caller: Caller, literal: string): readonly Row[] {
  return idsOf('run', literal).flatMap((run) => {
    const row = store.rows.get(run);
    if (row === undefined || row.tenant !== caller.tenant) return [];
    return [
      {
        ...{ run_id: run, project_id: row.project, project_name: 'models', pool_id: row.pool },
        ...{
          manifest: row.manifest,
          manifest_sha256: manifestSha256(row),
          state: row.state,
          fence: row.fence,
        },
        created_at: new Date(row.createdAt).toISOString(),
        finished_at: row.finishedAt === null ? null : new Date(row.finishedAt).toISOString(),
        ...{ outcome: row.outcome, execution: row.execution },
        ...{ withheld_from_agents: false, withheld: false },
      },
    ];
  });
}

/** Types by Postgres' own numbers (`pg_type`), values as its text. */
function encode(rows: readonly Row[]): object {
  const fields = Object.keys(rows[0] ?? {}).map((name) => ({
    name,
    dataTypeID: typeOf(rows.find((row) => row[name] !== null)?.[name]),
  }));
  const texts = rows.map((row) => fields.map(({ name }) => textOf(row[name])));
  return { command: 'SELECT', rowCount: rows.length, fields, rows: texts, rowAsArray: true };
}

function typeOf(value: unknown): number {
  if (typeof value === 'number') return 23;
  if (typeof value === 'boolean') return 16;
  if (Array.isArray(value)) return 1009;
  return typeof value === 'object' && value !== null ? 3802 : 25;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return `{${value.join(',')}}`;
  if (typeof value === 'object') return JSON.stringify(value);
  return typeof value === 'boolean' ? (value ? 't' : 'f') : String(value);
}
