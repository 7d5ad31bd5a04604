import { hasLabels } from '../protocol/labels.ts';
import { limit } from '../protocol/limits.ts';
import type { FromExecutor, ToExecutor } from '../protocol/messages.ts';
import type { Lease } from '../worker/runs/pool/lease.ts';
import { isHeld } from '../worker/runs/pool/lease.ts';
import type { Diary } from './agent.ts';
import type { Scene } from './faults.ts';
import type { Invariant, Violation } from './invariants.ts';
import { judgeEnd } from './judge-end.ts';
import { Words } from './words.ts';

/** Scheduling, messages on their way and a queue behind other runs, beyond what the limits of a lease allow. */
const SLACK_MS = 10_000;
/** What a pool notes of a word is as old as this at most. */
const HEARD_SLACK_MS = 1_000;
/** The sweep runs each minute and looks at what is older than lease plus grace. */
const SWEEP_MS = 60_000;

/** What this looks at in a real pool while it is in memory. */
interface SeenPool {
  readonly name: string;
  readonly leases: { all(): Lease[] };
}

/** Looks at a world after each event and at its end, and notes what may not be. */
export class Watch {
  readonly violations: Violation[] = [];
  readonly words = new Words();
  private readonly scene: Scene;
  private readonly diary: Diary;
  private readonly beganAt: number;
  /** Since when an unfinished run is worked on by nobody, by run. */
  private readonly idleSince = new Map<string, number>();
  /** Attempts that were seen to be given to an executor. */
  private readonly given = new Set<string>();
  /** Cordoned executors of which their pool has said that it knows it. */
  private readonly told = new Set<string>();
  /** By run, the last attempt that may be made at it since its pool knows that it is cancelled. */
  private readonly lastFences = new Map<string, number>();
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
    this.checkPlaces(leases);
    this.checkHeld(leases);
    this.checkCancelled(leases);
    if (Number.isFinite(this.calmAt)) this.checkProgress(new Set(pools.map(({ name }) => name)), leases);
  }

  /** A pool knows that an executor is cordoned. */
  onTold(executor: string): void {
    this.told.add(executor);
  }

  /** A pool hears from an executor. */
  onHeard(executor: string, text: string): void {
    this.words.toPool(executor, JSON.parse(text) as FromExecutor, this.clockOf(executor));
  }

  /** An executor is told something. */
  onMessage(executor: string, message: ToExecutor): void {
    this.words.toExecutor(executor, message);
    if (message.type !== 'recorded') return;
    const row = this.store.rows.get(message.run);
    const lease = this.leases().find(({ run }) => run === message.run);
    if (message.code === 'old_fence' && row !== undefined && row.fence <= message.fence)
      this.note(
        'no false word',
        `${message.run} ${message.fence} was said to be old and is the last attempt`,
      );
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
    const { scene, diary, beganAt, calmAt } = this;
    const found = judgeEnd({ scene, diary, leases: this.leases(), beganAt, calmAt });
    for (const { invariant, what } of found) this.note(invariant, what);
  }

  private get store() {
    return this.scene.deployment.database.store;
  }

  /** Those that are in memory. */
  private pools(): SeenPool[] {
    const { deployment } = this.scene;
    return this.store.pools.flatMap((name) => {
      const { instance } = deployment.host('EXECUTOR_POOL', name);
      const { pool } = (instance ?? {}) as { readonly pool?: Pick<SeenPool, 'leases'> };
      return pool === undefined ? [] : [{ name, leases: pool.leases }];
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
  private checkPlaces(leases: readonly Lease[]): void {
    for (const executor of this.told)
      if (!this.store.executors.get(executor)?.isCordoned) this.told.delete(executor);
    for (const lease of leases) {
      if (!isHeld(lease) || lease.phase !== 'leased') continue;
      const attempt = `${lease.run} ${lease.fence} ${lease.executor} ${lease.leasedAt}`;
      if (this.given.has(attempt)) continue;
      this.given.add(attempt);
      this.checkPlace(lease);
    }
  }

  private checkPlace({ run, tenant, executor, labels, cancelRequested }: Lease & { executor: string }): void {
    const { executors } = this.scene;
    const host = executors.find(({ id }) => id === executor);
    const placed = this.store.executors.get(executor)?.pool === this.store.placeOf(tenant).pool;
    if (host === undefined || !placed) this.note('placed', `${run} went to ${executor} of another pool`);
    else if (!hasLabels(host.plan.labels, labels))
      this.note('placed', `${run} went to ${executor} without its labels`);
    else if (host.skew > 0)
      this.note('placed', `${run} went to ${executor}, which speaks a version of tomorrow`);
    if (this.told.has(executor))
      this.note('placed', `${run} went to ${executor}, which is known to be cordoned`);
    if (host?.isDraining && this.words.hasSaidItDrains(executor))
      this.note('placed', `${run} went to ${executor}, which has said that it takes none`);
    if (cancelRequested) this.note('cancelled', `${run} went to ${executor} although it is cancelled`);
    const silentMs = this.words.silentMs(executor, this.clockOf(executor));
    if (silentMs > limit('lease_ms') + HEARD_SLACK_MS)
      this.note('heard', `${run} went to ${executor}, silent for ${Math.round(silentMs)} ms`);
  }

  /** True time, and how far the clock of an executor's pool is off. */
  private clockOf(executor: string) {
    const { deployment } = this.scene;
    const { clockOffsetMs } = deployment.host(
      'EXECUTOR_POOL',
      this.store.executors.get(executor)?.pool ?? '',
    );
    return { at: deployment.world.now, clockOffsetMs };
  }

  private checkHeld(leases: readonly Lease[]): void {
    const held = leases.filter(isHeld);
    for (const { run, fence, executor, phase } of held)
      if (phase === 'running' && !this.words.wasSent(executor, run, fence))
        this.note('held', `${executor} is taken to work on ${run} ${fence}, which it was never sent`);
    for (const gone of this.words.takeGoodbyes())
      for (const { run, executor } of held)
        if (executor === gone) this.note('held', `${run} is still with ${executor}, which said goodbye`);
  }

  private checkCancelled(leases: readonly Lease[]): void {
    for (const { run, fence, phase, cancelRequested } of leases) {
      // A pool that crashed may have forgotten it.
      if (!cancelRequested) {
        this.lastFences.delete(run);
        continue;
      }
      // The next attempt may have been asked for before.
      const last = this.lastFences.get(run) ?? fence + (phase === 'retrying' ? 1 : 0);
      this.lastFences.set(run, last);
      if (fence > last && phase !== 'recording')
        this.note('cancelled', `${run} is at its attempt ${fence} although it was cancelled at ${last}`);
    }
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

  private note(invariant: Invariant, what: string): void {
    if (this.violations.some((known) => known.invariant === invariant && known.what === what)) return;
    const atMs = Math.round(this.scene.deployment.world.now - this.beganAt);
    this.violations.push({ invariant, atMs, what });
  }
}
