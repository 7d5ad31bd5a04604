import { limit } from '../../../protocol/limits.ts';
import type { FromExecutor } from '../../../protocol/messages.ts';
import { PROTOCOL_VERSION, refuseVersion } from '../../../protocol/version.ts';
import { DatabaseUnavailable } from '../../database/database.ts';
import { type Connected, recordConnection } from '../../database/executors.ts';
import { type RecalledRun, recallRuns } from '../../database/run-attempts.ts';
import { assignQueued } from './assign-queued.ts';
import { attemptOver } from './attempt-over.ts';
import { CLOSE, close, closeForVersion, sendOn } from './executor-sockets.ts';
import { heldAt, isHeld, type Lease } from './lease.ts';
import { type Pool, SWEEP_MS } from './pool.ts';
import { recall, unknownOf } from './recall.ts';
import { sweep } from './sweep.ts';

type Hello = Extract<FromExecutor, { type: 'hello' }>;

/**
 * An executor (re)connected. Its offer is stored before it is welcomed, so that whoever sees it ready can run models;
 * what it still holds goes on, what it has lost is tried again at once, and what is not its any more it may stop.
 */
export async function greet(pool: Pool, socket: WebSocket, hello: Hello): Promise<void> {
  const refused = refuseVersion(hello.protocol);
  if (refused !== null) return close(socket, closeForVersion(refused));
  const executor = pool.sockets.executorOf(socket);
  const { asked } = pool.swept;
  const answered = await storeOffer(pool, executor, hello);
  // Closed meanwhile, by a later socket of this executor or for it: what it held then says nothing of now.
  if (socket.readyState !== WebSocket.OPEN) return;
  if (answered === 'unavailable') return close(socket, CLOSE.later);
  const [stored, unfinished] = answered;
  if (!stored.ok) return close(socket, CLOSE[stored.reason]);
  const name = pool.sockets.poolName() ?? '';
  // Before the welcome, after which it says the outcomes that it kept.
  recall(pool, name, executor, hello.holding, unfinished);
  const { protocol, draining = false } = hello;
  const { image, slots, engine, labels = {} } = hello.offer;
  pool.sockets.noteHeard(socket, pool.now());
  pool.sockets.greet(
    socket,
    { image, slots, engine, labels, protocol },
    { draining, cordoned: stored.cordoned },
  );
  sendOn(socket, { type: 'welcome', protocol: Math.min(protocol, PROTOCOL_VERSION), executor });
  pool.wakeAt(pool.now() + SWEEP_MS);
  // What an operator said meanwhile was told of those that had been greeted.
  if (pool.swept.asked > asked) pool.inBackground(sweep(pool, name));
  await reconcile(pool, socket, executor, hello.holding);
  assignQueued(pool);
}

/** Stores what the executor offers, and asks of the runs that it holds and this pool does not know. */
async function storeOffer(
  pool: Pool,
  executor: string,
  { offer, holding }: Hello,
): Promise<readonly [Connected, readonly RecalledRun[]] | 'unavailable'> {
  const { database } = await pool.platform();
  try {
    return await database.transaction([
      recordConnection(executor, offer),
      recallRuns(executor, unknownOf(pool, holding)),
    ] as const);
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return 'unavailable';
    throw error;
  }
}

async function reconcile(
  pool: Pool,
  socket: WebSocket,
  executor: string,
  holding: Hello['holding'],
): Promise<void> {
  const own = pool.leases.all().filter((lease) => lease.executor === executor);
  for (const { run, fence } of holding) {
    if (!own.some((lease) => lease.run === run && lease.fence === fence))
      sendOn(socket, { type: 'cancel', run, fence });
  }
  extendLeases(pool, executor, holding);
  const forgotten = own.filter(
    (lease) => isHeld(lease) && !holding.some(({ run, fence }) => run === lease.run && fence === lease.fence),
  );
  await Promise.all(forgotten.map((lease) => attemptOver(pool, lease, 'its executor restarted')));
}

/** A lease lives on for as long as its executor names it in time. */
export function extendLeases(
  pool: Pool,
  executor: string,
  holding: readonly Pick<Lease, 'run' | 'fence'>[],
): void {
  const leaseUntil = pool.now() + limit('lease_ms');
  for (const { run, fence } of holding) {
    const lease = heldAt(pool.leases.get(run), fence);
    if (lease?.executor !== executor) continue;
    pool.leases.put({ ...lease, leaseUntil });
    if (lease.cancelRequested) pool.sockets.send(lease.executor, { type: 'cancel', run, fence });
  }
}
