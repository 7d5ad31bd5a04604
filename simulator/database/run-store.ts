import { createHash } from 'node:crypto';
import { newId } from '../../protocol/ids.ts';
import { hasLabels, type Labels } from '../../protocol/labels.ts';
import type { Offer } from '../../protocol/messages.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import type { Placement } from '../../worker/database/placement.ts';
import type { Executed } from '../../worker/database/run-attempts.ts';
import {
  type AuditEvent,
  beginCancel,
  type Caller,
  nextFence,
  type RunRow,
  recordOutcome,
  type Step,
} from './run-rows.ts';

type Answer = Readonly<Record<string, unknown>>;

/** What `app.queue_run` is asked, as far as a run's life depends on it. */
interface QueueRequest {
  readonly run: string;
  readonly project: string;
  readonly kind: 'model' | 'scratch';
  readonly entry: string;
  readonly scratch: { readonly sha256: string; readonly bytes: number } | null;
  readonly parameters: unknown;
  readonly limits: unknown;
  readonly seeds: object;
  readonly queued_max: number;
  readonly idempotency: { readonly key: string; readonly arguments_sha256: string } | null;
  readonly placement?: Placement;
}

export interface StoredExecutor {
  readonly pool: string;
  /** What it offered when it connected last. */
  readonly image: string | null;
  readonly labels: Labels;
  readonly isRevoked: boolean;
  readonly isCordoned: boolean;
}

const MODEL_FILE = { path: 'model.py', sha256: 'f'.repeat(64), bytes: 3 };
const COMMIT = 'c'.repeat(40);

/**
 * The runs of all tenants as the migrations' functions keep them: a model, as small as the life of a run allows. A test
 * holds it against the real functions.
 */
export class RunStore {
  /** The pool of the platform. */
  readonly pool = newId('pool', 0, new Uint8Array(10));
  /** By tenant, the pool of one with hosts of its own, which uses no others. */
  private readonly ownPools = new Map<string, string>();
  readonly rows = new Map<string, RunRow>();
  readonly audit: AuditEvent[] = [];
  readonly executors = new Map<string, StoredExecutor>();
  readonly keks: Record<string, unknown>[] = [];
  readonly dataKeys: Record<string, unknown>[] = [];
  /** False: the word of any attempt counts at any time, to see whether a simulation notices. */
  checksFences = true;
  private readonly answered = new Map<string, { readonly arguments: string; readonly answer: Answer }>();
  private readonly unfinished = new Map<string, Set<string>>();

  unfinishedOf(tenant: string): ReadonlySet<string> {
    return this.unfinished.get(tenant) ?? new Set();
  }

  /** How many runs of all tenants have not ended. */
  get unfinishedCount(): number {
    return [...this.unfinished.values()].reduce((sum, runs) => sum + runs.size, 0);
  }

  /** All pools, the platform's first. */
  get pools(): readonly string[] {
    return [this.pool, ...this.ownPools.values()];
  }

  openPool(owner: string): string {
    const pool = newId('pool', this.pools.length, new Uint8Array(10));
    this.ownPools.set(owner, pool);
    return pool;
  }

  /** Registers an executor, which has connected to nothing yet. */
  enrol(executor: string, pool: string = this.pool): void {
    this.executors.set(executor, { pool, image: null, labels: {}, isRevoked: false, isCordoned: false });
  }

  /** Where what a tenant starts is placed. */
  placeOf(tenant: string): { readonly pool: string; readonly own: boolean } {
    const own = this.ownPools.get(tenant);
    return { pool: own ?? this.pool, own: own !== undefined };
  }

  queue(request: QueueRequest, caller: Caller, now: number): Answer {
    const { run, idempotency } = request;
    const key = `${caller.tenant} ${caller.user} ${idempotency?.key}`;
    const seen = idempotency === null ? undefined : this.answered.get(key);
    if (seen !== undefined && seen.arguments === idempotency?.arguments_sha256)
      return { ...seen.answer, replayed: true };
    if (seen !== undefined) return { ok: false, code: 'idempotency_conflict' };
    const { labels = {} } = request.placement ?? {};
    const { pool, own: isOwn } = this.placeOf(caller.tenant);
    const image = this.newestImage(pool, labels);
    if (image === null) return this.refuse('no_executor', 'no_executor', {}, now);
    const manifest = manifestOf(request, image);
    const manifestText = JSON.stringify(manifest);
    const own = [...this.unfinishedOf(caller.tenant)].sort();
    const identical = own.find((id) => {
      const row = this.rows.get(id);
      return row?.kind === 'model' && request.kind === 'model' && row.manifestText === manifestText;
    });
    if (identical !== undefined) {
      this.note('run.start', identical, 'ok', { deduplicated: true }, now);
      return this.remember(key, idempotency, { ok: true, run: identical, deduplicated: true });
    }
    if (own.length >= request.queued_max)
      return this.refuse(
        'limit_exceeded',
        'queue_full',
        { limit: 'queued_runs', value: request.queued_max },
        now,
      );
    const { project, kind } = request;
    this.keep({
      ...{
        tenant: caller.tenant,
        run,
        project,
        pool,
        own: isOwn,
        labels,
        kind,
        manifest,
        manifestText,
        state: 'queued',
        fence: 1,
      },
      ...{ createdAt: now, user: caller.user, finishedAt: null, outcome: null, execution: null },
    });
    this.note('run.start', run, 'ok', { project, kind }, now);
    this.remember(key, idempotency, { ok: true, run });
    const revoked = [...this.executors].filter(([, executor]) => executor.isRevoked).map(([id]) => id);
    const place = { pool, own: isOwn, labels };
    return { ok: true, run, fence: 1, manifest, withheld: false, ...place, revoked_executors: revoked };
  }

  nextFence(run: string, asked: Parameters<typeof nextFence>[2], caller: Caller, now: number): Answer {
    return this.take(run, nextFence(this.rows.get(run), caller, asked), now);
  }

  recordOutcome(
    run: string,
    given: { readonly fence: number; readonly outcome: Outcome; readonly execution: Executed },
    caller: Caller,
    now: number,
  ): Answer {
    const poolOfCaller = this.executors.get(caller.credential)?.pool ?? null;
    const row = this.rows.get(run);
    const world = { now, poolOfCaller };
    if (this.checksFences || row === undefined)
      return this.take(run, recordOutcome(row, caller, given, world), now);
    const open: RunRow = { ...row, state: 'queued', fence: given.fence };
    return this.take(run, recordOutcome(open, caller, given, world), now);
  }

  beginCancel(run: string, caller: Caller, now: number): Answer {
    return this.take(run, beginCancel(this.rows.get(run), caller), now);
  }

  /** Why an executor may not act for a tenant now; null where it may. */
  executorRefusal(executor: string, tenant: string): 'unknown' | 'revoked' | null {
    const known = this.executors.get(executor);
    if (known === undefined) return 'unknown';
    if (known.isRevoked) return 'revoked';
    return this.unfinishedOf(tenant).size > 0 ? null : 'unknown';
  }

  revoke(executor: string): void {
    const known = this.executors.get(executor);
    if (known !== undefined) this.executors.set(executor, { ...known, isRevoked: true });
  }

  cordon(executor: string, isCordoned: boolean): void {
    const known = this.executors.get(executor);
    if (known !== undefined) this.executors.set(executor, { ...known, isCordoned });
  }

  connected(executor: string, offer: Pick<Offer, 'image' | 'labels'>): Answer {
    const known = this.executors.get(executor);
    if (known === undefined || known.isRevoked) return { ok: false, reason: 'revoked' };
    const { image, labels = {} } = offer;
    this.executors.set(executor, { ...known, image, labels });
    return { ok: true, cordoned: known.isCordoned };
  }

  /** What `app.system_sweep_pool` tells a pool: whom it may not hear, and runs that it may have lost. */
  sweep(
    pool: string,
    heard: readonly string[],
    { olderThanMs, runsMax }: { readonly olderThanMs: number; readonly runsMax: number },
    now: number,
  ): Answer {
    const revoked = heard.filter((executor) => this.executors.get(executor)?.isRevoked === true);
    const cordoned = heard.filter((executor) => this.executors.get(executor)?.isCordoned === true);
    const unfinished = this.unfinishedRuns(olderThanMs, now)
      .filter((row) => row.pool === pool)
      .slice(0, runsMax)
      .map(({ tenant, run }) => ({ tenant, run }));
    return { revoked, cordoned, unfinished };
  }

  /** Those of `runs` that an executor may go on with. */
  recall(executor: string, runs: readonly string[]): readonly Answer[] {
    const known = this.executors.get(executor);
    if (known?.isRevoked !== false) return [];
    return runs.flatMap((id) => {
      const row = this.rows.get(id);
      return row?.state === 'queued' && row.pool === known.pool ? [recalled(row)] : [];
    });
  }

  /** Oldest first. */
  private unfinishedRuns(olderThanMs: number, now: number): RunRow[] {
    const rows = [...this.unfinished.values()].flatMap((runs) => [...runs].map((run) => this.rows.get(run)));
    return rows
      .filter((row): row is RunRow => row !== undefined && row.createdAt < now - olderThanMs)
      .sort((left, right) => left.createdAt - right.createdAt);
  }

  private newestImage(pool: string, labels: Labels): string | null {
    const offers = [...this.executors.values()].filter(
      (each) =>
        each.pool === pool && !each.isRevoked && each.image !== null && hasLabels(each.labels, labels),
    );
    return offers[0]?.image ?? null;
  }

  private take(run: string, step: Step, now: number): Answer {
    if (step.row !== undefined) this.keep(step.row);
    if (step.event !== undefined)
      this.note(step.event.action, run, step.event.outcome, step.event.details, now);
    return step.answer;
  }

  private keep(row: RunRow): void {
    this.rows.set(row.run, row);
    const unfinished = this.unfinished.get(row.tenant) ?? new Set();
    this.unfinished.set(row.tenant, unfinished);
    if (row.state === 'queued') unfinished.add(row.run);
    else unfinished.delete(row.run);
  }

  private refuse(code: string, reason: string, details: object, now: number): Answer {
    this.note('run.start', null, 'refused', { code, reason }, now);
    return { ok: false, code, reason, details };
  }

  private remember(key: string, idempotency: QueueRequest['idempotency'], answer: Answer): Answer {
    if (idempotency !== null) this.answered.set(key, { arguments: idempotency.arguments_sha256, answer });
    return answer;
  }

  private note(
    action: AuditEvent['action'],
    target: string | null,
    outcome: AuditEvent['outcome'],
    details: AuditEvent['details'],
    at: number,
  ): void {
    this.audit.push({ at, action, target, outcome, details });
  }
}

function manifestOf(request: QueueRequest, image: string) {
  const { kind, project, entry, scratch, parameters, limits, seeds } = request;
  const files = scratch === null ? [MODEL_FILE] : [{ path: entry, ...scratch }];
  return {
    ...{ version: 1, kind, project, commit: scratch === null ? COMMIT : null, entry, files, data: [] },
    ...{ parameters, image, absent: [], limits, seeds: { ...seeds, source_date_epoch: 315_532_800 } },
  };
}

function recalled({ tenant, run, fence, manifest, createdAt, user, labels, own }: RunRow): Answer {
  const { image, limits } = manifest;
  const { wall_ms } = limits as { readonly wall_ms: number };
  return { tenant, run, fence, image, wall_ms, queued_at: createdAt, user, labels, own };
}

/** As the database names manifests; only that equal ones have equal names matters here. */
export function manifestSha256({ manifestText }: RunRow): string {
  return createHash('sha256').update(manifestText).digest('hex');
}
