import { hasLabels } from '../protocol/labels.ts';
import { limit } from '../protocol/limits.ts';
import type { ToExecutor } from '../protocol/messages.ts';
import type { HeardExecutor } from '../worker/runs/pool/executor-sockets.ts';
import type { Lease } from '../worker/runs/pool/lease.ts';
import { isHeld } from '../worker/runs/pool/lease.ts';
import type { Diary } from './agent.ts';
import type { Scene } from './faults.ts';
import type { Invariant, Violation } from './invariants.ts';
import { signatureOf } from './simulated-executor.ts';

/** Scheduling, messages on their way and a queue behind other runs, beyond what the limits of a lease allow. */
const SLACK_MS = 10_000;
/** What a pool notes of a word is as old as this at most. */
const HEARD_SLACK_MS = 1_000;
/** The sweep runs each minute and looks at what is older than lease plus grace. */
const SWEEP_MS = 60_000;
const CALL_SLACK_MS = 120_000;
/** From the Worker's word that a run may start to its row, in bad weather and with calls that are repeated. */
const ROW_SLACK_MS = 20_000;
/** From the end of a run to an agent that waits for it, in calm weather. */
const TOLD_MS = 10_000;

/** What this looks at in a real pool while it is in memory. */
interface SeenPool {
  readonly name: string;
  /** By its own clock. */
  readonly now: number;
  readonly leases: { all(): Lease[] };
  readonly sockets: { heard(now: number): HeardExecutor[] };
}

/** Looks at a world after each event and at its end, and notes what may not be. */
export class Watch {
  readonly violations: Violation[] = [];
  private readonly scene: Scene;
  private readonly diary: Diary;
  private readonly beganAt: number;
  /** Since when an unfinished run is worked on by nobody, by run. */
  private readonly idleSince = new Map<string, number>();
  /** When an executor was last heard by its pool, and how far that one's clock was off then. */
  private readonly heardAt = new Map<string, { readonly at: number; readonly clockOffsetMs: number }>();
  /** Attempts that were seen to be given to an executor. */
  private readonly given = new Set<string>();
  /** Cordoned executors of which their pool has said that it knows it. */
  private readonly told = new Set<string>();
  /** Executors that their pools gave runs when it was looked last. */
  private open = new Set<string>();
  private calmAt = Number.POSITIVE_INFINITY;

  constructor(scene: Scene, diary: Diary) {
    this.scene = scene;
    this.diary = diary;
    this.beganAt = scene.deployment.world.now;
  }

  /** The faults are over. */
  calm(): void {
    this.calmAt = this.scene.deployment.world.now;
  }

  afterEach(): void {
    const pools = this.pools();
    if (pools.length === 0) return;
    const leases = pools.flatMap((pool) => pool.leases.all());
    this.checkQuotas(leases);
    this.checkPlaces(pools, leases);
    if (Number.isFinite(this.calmAt)) this.checkProgress(new Set(pools.map(({ name }) => name)), leases);
  }

  /** A pool knows that an executor is cordoned. */
  onTold(executor: string): void {
    this.told.add(executor);
  }

  /** A pool hears from an executor. */
  onHeard(executor: string): void {
    const pool = this.store.executors.get(executor)?.pool ?? '';
    const { clockOffsetMs } = this.scene.deployment.host('EXECUTOR_POOL', pool);
    this.heardAt.set(executor, { at: this.scene.deployment.world.now, clockOffsetMs });
  }

  /** An executor is told something. */
  onMessage(message: ToExecutor): void {
    if (message.type !== 'recorded') return;
    const row = this.store.rows.get(message.run);
    const lease = this.leases().find(({ run }) => run === message.run);
    // An attempt that was given up may be forgotten: nobody takes its outcome any more.
    const isAwaited = lease?.fence === message.fence && (isHeld(lease) || lease.pending?.by === 'executor');
    if (row?.state === 'queued' && row.fence === message.fence && isAwaited)
      this.note('no false word', `${message.run} ${message.fence} was said to be recorded and is not`);
  }

  /** Whether nobody waits for anything. */
  isIdle(): boolean {
    return (
      this.diary.calls.every(({ answeredAt }) => answeredAt !== null) &&
      [...this.store.rows.values()].every(({ state }) => state !== 'queued') &&
      this.leases().length === 0 &&
      this.scene.executors.every(({ working }) => working.size === 0)
    );
  }

  /** Nothing moves any more. */
  atEnd(): void {
    this.checkOutcomes();
    this.checkAudit();
    this.checkTold();
    this.checkLeft();
    this.checkRates();
  }

  private get store() {
    return this.scene.deployment.database.store;
  }

  /** Those that are in memory. */
  private pools(): SeenPool[] {
    const { deployment } = this.scene;
    return this.store.pools.flatMap((name) => {
      const { instance, clockOffsetMs } = deployment.host('EXECUTOR_POOL', name);
      const { pool } = (instance ?? {}) as { readonly pool?: Pick<SeenPool, 'leases' | 'sockets'> };
      const now = deployment.world.now + clockOffsetMs;
      return pool === undefined ? [] : [{ name, now, leases: pool.leases, sockets: pool.sockets }];
    });
  }

  private leases(): readonly Lease[] {
    return this.pools().flatMap((pool) => pool.leases.all());
  }

  private checkQuotas(leases: readonly Lease[]): void {
    const held = leases.filter(isHeld);
    for (const { id, plan } of this.scene.executors) {
      const count = held.filter(({ executor }) => executor === id).length;
      if (count > plan.slots) this.note('quotas', `${id} holds ${count} runs with ${plan.slots} slots`);
    }
    const shared = held.filter(({ own }) => !own);
    const byLane = Map.groupBy(shared, ({ tenant, ephemeral }) => `${tenant} ${ephemeral}`);
    for (const [lane, runs] of byLane)
      if (runs.length > limit('running_runs')) this.note('quotas', `${lane} holds ${runs.length} slots`);
  }

  /** Looks at each attempt once, when its pool gives it to an executor: whether it might go there. */
  private checkPlaces(pools: readonly SeenPool[], leases: readonly Lease[]): void {
    const before = this.open;
    this.open = new Set(
      pools.flatMap(({ sockets, now }) =>
        sockets.heard(now).flatMap(({ executor, open }) => (open ? [executor] : [])),
      ),
    );
    for (const executor of this.told)
      if (!this.store.executors.get(executor)?.isCordoned) this.told.delete(executor);
    for (const lease of leases) {
      if (!isHeld(lease) || lease.phase !== 'leased') continue;
      const attempt = `${lease.run} ${lease.fence} ${lease.executor} ${lease.leasedAt}`;
      if (this.given.has(attempt)) continue;
      this.given.add(attempt);
      this.checkPlace(lease, before.has(lease.executor) || this.open.has(lease.executor));
    }
  }

  private checkPlace({ run, tenant, executor, labels }: Lease & { executor: string }, isOpen: boolean): void {
    const { deployment, executors } = this.scene;
    const host = executors.find(({ id }) => id === executor);
    const placed = this.store.executors.get(executor)?.pool === this.store.placeOf(tenant).pool;
    if (host === undefined || !placed) this.note('placed', `${run} went to ${executor} of another pool`);
    else if (!hasLabels(host.plan.labels, labels))
      this.note('placed', `${run} went to ${executor} without its labels`);
    else if (host.skew > 0)
      this.note('placed', `${run} went to ${executor}, which speaks a version of tomorrow`);
    if (this.told.has(executor))
      this.note('placed', `${run} went to ${executor}, which is known to be cordoned`);
    if (!isOpen) this.note('placed', `${run} went to ${executor}, which takes none`);
    const pool = deployment.host('EXECUTOR_POOL', this.store.placeOf(tenant).pool);
    const heard = this.heardAt.get(executor);
    const silentMs = deployment.world.now - (heard?.at ?? 0);
    if (heard?.clockOffsetMs === pool.clockOffsetMs && silentMs > limit('lease_ms') + HEARD_SLACK_MS)
      this.note('heard', `${run} went to ${executor}, silent for ${Math.round(silentMs)} ms`);
  }

  /** What the log says of a tenant's starts, in each span of time, against what a bucket that fills evenly lets through. */
  private checkRates(): void {
    const perMinute = limit('run_starts_per_minute');
    const starts = this.store.audit.filter(
      ({ action, outcome, details }) =>
        action === 'run.start' && outcome === 'ok' && details.deduplicated !== true,
    );
    const tenantOf = (run: string | null) => this.store.rows.get(run ?? '')?.tenant;
    for (const [tenant, events] of Map.groupBy(starts, ({ target }) => tenantOf(target)))
      events.forEach(({ at }, first) => {
        const last = events.findLastIndex((event) => event.at <= at + 60_000);
        const mayBe = perMinute + ((events[last]?.at ?? at) - at + ROW_SLACK_MS) * (perMinute / 60_000);
        if (last - first + 1 > mayBe)
          this.note('rates', `${tenant} started ${last - first + 1} runs within a minute`);
      });
  }

  /** A run is worked on, or it waits for a slot that another one has, or somebody soon sees that it is not. */
  private checkProgress(awake: ReadonlySet<string>, leases: readonly Lease[]): void {
    const { world } = this.scene.deployment;
    const working = new Set(this.scene.executors.flatMap((executor) => [...executor.working]));
    const byRun = new Map(leases.map((lease) => [lease.run as string, lease]));
    const queueMoves = leases.some(({ run, fence }) => working.has(`${run} ${fence}`));
    for (const { run, state, pool } of this.store.rows.values()) {
      if (!awake.has(pool)) continue;
      const lease = byRun.get(run);
      const isFine =
        state !== 'queued' ||
        (lease !== undefined && working.has(`${run} ${lease.fence}`)) ||
        (lease?.phase === 'queued' && queueMoves);
      if (isFine) {
        this.idleSince.delete(run);
        continue;
      }
      const since = this.idleSince.get(run) ?? world.now;
      this.idleSince.set(run, since);
      const mayMs = limit('lease_ms') + limit('lease_grace_ms') + SLACK_MS + SWEEP_MS;
      if (world.now - since > mayMs) {
        this.note('in time', `${run} is worked on by nobody (${lease?.phase ?? 'unknown to its pool'})`);
        this.idleSince.delete(run);
      }
    }
  }

  private checkOutcomes(): void {
    for (const row of this.store.rows.values()) {
      const finishes = this.store.audit.filter(
        ({ action, target }) => action === 'run.finish' && target === row.run,
      );
      if (row.state === 'queued') this.note('in time', `${row.run} never ended`);
      else if (finishes.length !== 1) this.note('one outcome', `${row.run} ended ${finishes.length} times`);
      const signed = row.outcome?.stdout.inline ?? '';
      const executor = (row.execution as { executor: string | null } | null)?.executor ?? '';
      if (signed !== '' && signed !== signatureOf(row.run, row.fence, executor))
        this.note('one outcome', `${row.run} at fence ${row.fence} of ${executor} has the outcome ${signed}`);
      if (finishes.some(({ details }) => details.fence !== row.fence))
        this.note('one outcome', `${row.run} ended with another fence than its own`);
    }
  }

  private checkAudit(): void {
    for (const row of this.store.rows.values()) {
      const events = this.store.audit.filter(({ target }) => target === row.run);
      const count = (action: string): number =>
        events.filter((event) => event.action === action && event.details.deduplicated !== true).length;
      if (count('run.start') !== 1 || count('run.retry') !== row.fence - 1)
        this.note(
          'recorded',
          `${row.run} at fence ${row.fence} has ${count('run.retry')} retries in the log`,
        );
    }
  }

  private checkTold(): void {
    for (const { run, knownAt, outcome, at } of this.diary.told) {
      const row = this.store.rows.get(run);
      const recorded = row?.outcome;
      const endedAt = row?.finishedAt ?? 0;
      const lateMs = at - Math.max(endedAt, knownAt);
      if (endedAt > this.calmAt && lateMs > TOLD_MS)
        this.note('answers', `of the end of ${run} its agent learned ${Math.round(lateMs)} ms later`);
      if (recorded?.stdout.inline !== outcome.stdout.inline || recorded.state !== outcome.state)
        this.note(
          'no false word',
          `an agent was told ${outcome.state} of ${run}, which is ${recorded?.state}`,
        );
    }
  }

  private checkLeft(): void {
    for (const lease of this.leases()) this.note('slots', `the pool still has ${lease.run} (${lease.phase})`);
    for (const { id, working } of this.scene.executors)
      if (working.size > 0) this.note('slots', `${id} still works on ${[...working].join(', ')}`);
    for (const { what, at, waitMs, answeredAt } of this.diary.calls) {
      const tookMs = (answeredAt ?? Number.POSITIVE_INFINITY) - at;
      if (tookMs > waitMs + CALL_SLACK_MS)
        this.note('answers', `${what} at ${Math.round(at - this.beganAt)} ms took ${Math.round(tookMs)} ms`);
    }
  }

  private note(invariant: Invariant, what: string): void {
    if (this.violations.some((known) => known.invariant === invariant && known.what === what)) return;
    const atMs = Math.round(this.scene.deployment.world.now - this.beganAt);
    this.violations.push({ invariant, atMs, what });
  }
}
