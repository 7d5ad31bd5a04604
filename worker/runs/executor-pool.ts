import { DurableObject } from 'cloudflare:workers';
import type { ExecutorId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import type { Env } from '../env.ts';
import { answerClose } from '../http/answer-close.ts';
import { log } from '../log.ts';
import { platformOf } from '../platform.ts';
import { adopt, type Orphan } from './pool/adopt.ts';
import { cancel } from './pool/cancel.ts';
import { CLOSE, ExecutorSockets, type HeardExecutor } from './pool/executor-sockets.ts';
import { farewell } from './pool/farewell.ts';
import { handleMessage } from './pool/handle-message.ts';
import { LastFences } from './pool/last-fences.ts';
import { heldAt, isHeld } from './pool/lease.ts';
import { LeaseTable } from './pool/lease-table.ts';
import { NonceTable } from './pool/nonce-table.ts';
import type { FirstOutput, Pool } from './pool/pool.ts';
import { type Submission, submit, type WaitAnswer, wait } from './pool/submit.ts';
import { sweep } from './pool/sweep.ts';
import { tick } from './pool/tick.ts';
import { Waiters } from './pool/waiters.ts';
import { workOf } from './pool/work-of.ts';
import { feedOf } from './pool-of.ts';

/** What one attempt may upload: its outputs and both streams, with room for a repeated upload. */
const UPLOAD_BYTES_MAX = 2 * (limit('run_harvest_bytes') + 2 * limit('run_stream_bytes'));

/** An alarm this late is taken for lost. */
const OVERDUE_MS = 30_000;

/** A run that ends sooner is never written to the disk. */
const SAVE_AFTER_MS = 250;

/** A pool as an operator sees it. */
export interface PoolStatus {
  readonly executors: readonly (HeardExecutor & { readonly held: number })[];
  readonly queued: number;
}

/**
 * One a pool: the sockets that its executors dial, their slots, and the leases of unfinished runs. It decides who runs
 * what and writes each outcome, once; the verbs in `pool/` say how.
 */
export class ExecutorPool extends DurableObject<Env> {
  private readonly pool: Pool;
  private readonly nonces: NonceTable;
  private alarmAt = Number.POSITIVE_INFINITY;
  private isAlarmSaved = true;
  private saving: ReturnType<typeof setTimeout> | undefined;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.nonces = new NonceTable(context.storage.sql);
    this.pool = {
      leases: new LeaseTable(context.storage.sql, () => this.saveSoon()),
      lastFences: new LastFences(context.storage.sql),
      sockets: new ExecutorSockets(context),
      waiters: new Waiters(),
      listeners: new Waiters(),
      work: new Map(),
      servedAt: new Map(),
      swept: { at: Date.now(), asked: 0, heeded: 0 },
      platform: () => platformOf(env),
      now: () => Date.now(),
      wakeAt: (atMs) => this.wakeAt(atMs),
      feeds: {
        end: (run, fence) => feedOf(env, run).end(fence),
        finish: (run) => feedOf(env, run).finish(),
      },
      inBackground: (work) => context.waitUntil(work.catch(logFailure)),
    };
    // What was in flight to the database when the object stopped is asked again.
    if (this.pool.leases.all().length > 0) this.wakeAt(Date.now() + 100);
  }

  /** Queues a run and waits for its end, at most `waitMs`. */
  submit(submission: Submission, waitMs: number): Promise<WaitAnswer> {
    return submit(this.pool, submission, waitMs);
  }

  wait(run: string, waitMs: number): Promise<WaitAnswer> {
    return wait(this.pool, run, waitMs);
  }

  /** The first output of a run that was submitted as followed, whose executor has not dialled its feed; null where none came within `waitMs`. */
  async firstOutput(run: string, waitMs: number): Promise<FirstOutput | null> {
    const lease = this.pool.leases.get(run);
    if (lease === undefined) return 'over';
    return lease.hasFeed ? 'on_feed' : this.pool.listeners.wait(run, waitMs);
  }

  /** Cancels a run that the caller may cancel, and waits for its end. */
  cancel(run: string, waitMs: number): Promise<WaitAnswer> {
    const answer = wait(this.pool, run, waitMs);
    cancel(this.pool, run);
    return answer;
  }

  async adopt(orphans: readonly Orphan[]): Promise<void> {
    for (const orphan of orphans) await adopt(this.pool, orphan);
  }

  /** Whether the holder of this attempt may upload `bytes` more. False once the attempt is over. */
  admitUpload(run: string, fence: number, bytes: number): boolean {
    const lease = heldAt(this.pool.leases.get(run), fence);
    if (lease === null) return false;
    const uploadedBytes = lease.uploadedBytes + bytes;
    if (uploadedBytes > UPLOAD_BYTES_MAX) return false;
    this.pool.leases.put({ ...lease, uploadedBytes });
    return true;
  }

  /** Of an upload that was admitted nothing was read, so it does not count. */
  returnUpload(run: string, fence: number, bytes: number): void {
    const lease = this.pool.leases.get(run);
    if (lease?.fence === fence)
      this.pool.leases.put({ ...lease, uploadedBytes: Math.max(0, lease.uploadedBytes - bytes) });
  }

  /** Whether the holder of this attempt may read a blob: whether it is an input of its run. */
  async reads(
    run: string,
    fence: number,
    sha256: string,
  ): Promise<'input' | 'other' | 'over' | 'unavailable'> {
    const lease = heldAt(this.pool.leases.get(run), fence);
    if (lease === null) return 'over';
    const work = await workOf(this.pool, lease);
    if (work === 'absent') return 'over';
    if (work === 'unavailable') return work;
    const { files, data } = work.manifest;
    return [...files, ...data].some((each) => each.sha256 === sha256) ? 'input' : 'other';
  }

  /** Whether the holder of this attempt may open its feed; that it did is remembered, to drop the feed with the run. */
  admitFeed(run: string, fence: number): boolean {
    const lease = heldAt(this.pool.leases.get(run), fence);
    if (lease === null) return false;
    if (!lease.hasFeed) this.pool.leases.put({ ...lease, hasFeed: true });
    this.pool.listeners.resolve(run, 'on_feed');
    return true;
  }

  /** Whatever socket an executor's old key opened is closed; the runs are kept for the rest of their leases. */
  keyChanged(executor: string): void {
    this.pool.sockets.close(executor, CLOSE.keyChanged);
  }

  /** Does what is due, asks the database what `name`, this pool, cannot know by itself, and says how it stands. */
  async sweep(name: string): Promise<PoolStatus> {
    await sweep(this.pool, name);
    await tick(this.pool);
    return this.status();
  }

  status(): PoolStatus {
    const leases = this.pool.leases.all();
    return {
      executors: this.pool.sockets.heard(Date.now()).map((heard) => ({
        ...heard,
        held: leases.filter((lease) => isHeld(lease) && lease.executor === heard.executor).length,
      })),
      queued: leases.filter(({ phase }) => phase === 'queued').length,
    };
  }

  /** The upgrade of an executor whose signature the Worker has checked; refuses a nonce that was used. */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const executor = searchParams.get('executor') as ExecutorId;
    if (!this.nonces.use(`${executor} ${searchParams.get('nonce')}`, Date.now()))
      return new Response(null, { status: 409 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.pool.sockets.accept(server, executor, searchParams.get('pool') ?? '', Date.now());
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await handleMessage(this.pool, socket, message);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    answerClose(socket, code);
    await farewell(this.pool, socket, code);
  }

  override async alarm(): Promise<void> {
    this.alarmAt = Number.POSITIVE_INFINITY;
    this.isAlarmSaved = true;
    await tick(this.pool);
  }

  private wakeAt(atMs: number): void {
    // An alarm that is overdue may be lost: the next wish sets one again.
    if (atMs >= this.alarmAt && this.alarmAt > Date.now() - OVERDUE_MS) return;
    this.alarmAt = atMs;
    this.isAlarmSaved = false;
    this.saveSoon();
  }

  private saveSoon(): void {
    this.saving ??= setTimeout(() => {
      this.saving = undefined;
      this.pool.leases.flush();
      if (!this.isAlarmSaved) this.ctx.waitUntil(this.ctx.storage.setAlarm(this.alarmAt).catch(logFailure));
      this.isAlarmSaved = true;
    }, SAVE_AFTER_MS);
  }
}

function logFailure(error: unknown): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log('error', 'executor-pool', { message });
}
