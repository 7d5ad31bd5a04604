import { limit } from '../protocol/limits.ts';
import type { ToExecutor } from '../protocol/messages.ts';
import type { Lease } from '../worker/runs/pool/lease.ts';
import { isHeld } from '../worker/runs/pool/lease.ts';
import type { Diary } from './agent.ts';
import type { Scene } from './faults.ts';
import type { Invariant, Violation } from './invariants.ts';
import { signatureOf } from './simulated-executor.ts';

/** Scheduling, messages on their way and a queue behind other runs, beyond what the limits of a lease allow. */
const SLACK_MS = 10_000;
/** The sweep runs each minute and looks at what is older than lease plus grace. */
const SWEEP_MS = 60_000;
const CALL_SLACK_MS = 120_000;
/** From the end of a run to an agent that waits for it, in calm weather. */
const TOLD_MS = 10_000;

/** Looks at a world after each event and at its end, and notes what may not be. */
export class Watch {
  readonly violations: Violation[] = [];
  private readonly scene: Scene;
  private readonly diary: Diary;
  private readonly beganAt: number;
  /** Since when an unfinished run is worked on by nobody, by run. */
  private readonly idleSince = new Map<string, number>();
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
    const leases = this.leases();
    if (leases === null) return;
    this.checkQuotas(leases);
    if (Number.isFinite(this.calmAt)) this.checkProgress(leases);
  }

  /** An executor is told something. */
  onMessage(message: ToExecutor): void {
    if (message.type !== 'recorded') return;
    const row = this.store.rows.get(message.run);
    const lease = this.leases()?.find(({ run }) => run === message.run);
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
      (this.leases() ?? []).length === 0 &&
      this.scene.executors.every(({ working }) => working.size === 0)
    );
  }

  /** Nothing moves any more. */
  atEnd(): void {
    this.checkOutcomes();
    this.checkAudit();
    this.checkTold();
    this.checkLeft();
  }

  private get store() {
    return this.scene.deployment.database.store;
  }

  private leases(): readonly Lease[] | null {
    const { deployment, pool } = this.scene;
    const instance = deployment.host('EXECUTOR_POOL', pool).instance as {
      readonly pool: { readonly leases: { all(): Lease[] } };
    } | null;
    return instance === null ? null : instance.pool.leases.all();
  }

  private checkQuotas(leases: readonly Lease[]): void {
    const held = leases.filter(isHeld);
    for (const { id, slots } of this.scene.executors) {
      const count = held.filter(({ executor }) => executor === id).length;
      if (count > slots) this.note('quotas', `${id} holds ${count} runs with ${slots} slots`);
    }
    const byLane = Map.groupBy(held, ({ tenant, ephemeral }) => `${tenant} ${ephemeral}`);
    for (const [lane, runs] of byLane)
      if (runs.length > limit('running_runs')) this.note('quotas', `${lane} holds ${runs.length} slots`);
  }

  /** A run is worked on, or it waits for a slot that another one has, or somebody soon sees that it is not. */
  private checkProgress(leases: readonly Lease[]): void {
    const { world } = this.scene.deployment;
    const working = new Set(this.scene.executors.flatMap((executor) => [...executor.working]));
    const byRun = new Map(leases.map((lease) => [lease.run as string, lease]));
    const queueMoves = leases.some(({ run, fence }) => working.has(`${run} ${fence}`));
    for (const { run, state } of this.store.rows.values()) {
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
    for (const { run, outcome, at } of this.diary.told) {
      const row = this.store.rows.get(run);
      const recorded = row?.outcome;
      const endedAt = row?.finishedAt ?? 0;
      if (endedAt > this.calmAt && at > endedAt + TOLD_MS)
        this.note('answers', `of the end of ${run} its agent learned ${Math.round(at - endedAt)} ms later`);
      if (recorded?.stdout.inline !== outcome.stdout.inline || recorded.state !== outcome.state)
        this.note(
          'no false word',
          `an agent was told ${outcome.state} of ${run}, which is ${recorded?.state}`,
        );
    }
  }

  private checkLeft(): void {
    for (const lease of this.leases() ?? [])
      this.note('slots', `the pool still has ${lease.run} (${lease.phase})`);
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
