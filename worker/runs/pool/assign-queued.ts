import type { ExecutorId } from '../../../protocol/ids.ts';
import { limit } from '../../../protocol/limits.ts';
import { assign, type Situation, tenantLane, turnsOf } from './assign.ts';
import type { HeardExecutor } from './executor-sockets.ts';
import { STRANDED_MS } from './expire.ts';
import { forget } from './forget.ts';
import { type HeldLease, heldAt, isHeld, type Lease, unsent } from './lease.ts';
import { makeJob } from './make-job.ts';
import type { Pool } from './pool.ts';
import { whyStranded } from './why-waiting.ts';
import { workOf } from './work-of.ts';

const ASK_AGAIN_MS = 2_000;

/** Gives free slots to waiting runs. What is decided is decided at once; sending goes on in the background. */
export function assignQueued(pool: Pool): void {
  const now = pool.now();
  const leases = pool.leases.all();
  if (leases.length === 0) pool.servedAt.clear();
  if (!leases.some(({ phase }) => phase === 'queued')) return;
  const executors = pool.sockets.heard(now);
  for (const { run, tenant, user, executor, turn } of assign(situationOf(pool, leases, executors))) {
    const image = executors.find((candidate) => candidate.executor === executor)?.image;
    const lease = pool.leases.get(run);
    if (lease === undefined || image === undefined) continue;
    for (const name of turnsOf({ tenant, user })) pool.servedAt.set(name, turn);
    const leased = pool.leases.put({
      ...lease,
      phase: 'leased',
      executor: executor as ExecutorId,
      leasedAt: now,
      leaseUntil: now + limit('lease_ms'),
      strandedSince: null,
    });
    if (leased.fence > 1) pool.leases.flush();
    pool.wakeAt(now + limit('lease_ms') + limit('lease_grace_ms'));
    pool.inBackground(send(pool, leased, image));
  }
  noteStranded(pool, executors, now);
}

function situationOf(pool: Pool, leases: readonly Lease[], executors: readonly HeardExecutor[]): Situation {
  const held = new Map<string, number>();
  const taken = new Map<string, number>();
  for (const lease of leases.filter(isHeld)) {
    const lane = tenantLane(waitingOf(lease));
    held.set(lane, (held.get(lane) ?? 0) + 1);
    taken.set(lease.executor, (taken.get(lease.executor) ?? 0) + 1);
  }
  return {
    waiting: leases.filter(({ phase }) => phase === 'queued').map(waitingOf),
    hosts: executors
      .filter(({ open }) => open)
      .map(({ executor, image, labels, slots }) => ({
        executor,
        image,
        labels,
        free: slots - (taken.get(executor) ?? 0),
      })),
    held,
    servedAt: pool.servedAt,
    heldMaxPerTenant: limit('running_runs'),
  };
}

function waitingOf(lease: Lease) {
  return {
    run: lease.run,
    tenant: lease.tenant,
    user: lease.user,
    lane: lease.ephemeral ? 'inspect' : 'run',
    own: lease.own,
    image: lease.image,
    labels: lease.labels,
    tried: lease.tried,
  } as const;
}

/** Sends the job; where the executor is gone by now the run waits again. */
async function send(pool: Pool, lease: Lease, image: string): Promise<void> {
  const loaded = await workOf(pool, lease);
  const asked = stillAssigned(pool, lease);
  if (asked === null) return;
  if (loaded === 'unavailable') {
    takeBack(pool, asked);
    return pool.wakeAt(pool.now() + ASK_AGAIN_MS);
  }
  if (loaded === 'absent') return forget(pool, asked);
  const { sealKey } = await pool.platform();
  const job = await makeJob(sealKey, lease, loaded, image);
  const current = stillAssigned(pool, lease);
  if (current === null) return;
  if (!pool.sockets.send(current.executor, job)) {
    takeBack(pool, current);
    return assignQueued(pool);
  }
  if (current.cancelRequested)
    pool.sockets.send(current.executor, { type: 'cancel', run: lease.run, fence: lease.fence });
}

/** The lease as it is by now; null where its run is not to be sent any more as it was assigned. */
function stillAssigned(pool: Pool, { run, fence, executor }: Lease): HeldLease | null {
  const current = heldAt(pool.leases.get(run), fence);
  return current?.executor === executor ? current : null;
}

/** Gives the slot back. A run that was cancelled meanwhile is ended by the next wake. */
function takeBack(pool: Pool, lease: Lease): void {
  const back = unsent(lease);
  if (!lease.cancelRequested) return void pool.leases.put(back);
  pool.leases.put({ ...back, phase: 'retrying', retryAt: pool.now() });
  pool.wakeAt(pool.now());
}

/** Notes since when no connected executor suits a run, though it took no new ones at the moment. */
function noteStranded(pool: Pool, executors: readonly HeardExecutor[], now: number): void {
  for (const lease of pool.leases.all().filter(({ phase }) => phase === 'queued')) {
    const stranded = whyStranded(executors, lease) !== null;
    if (stranded === (lease.strandedSince !== null)) continue;
    pool.leases.put({ ...lease, strandedSince: stranded ? now : null });
    if (stranded) pool.wakeAt(now + STRANDED_MS);
  }
}
