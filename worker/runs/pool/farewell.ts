import { recordGone } from '../../database/executors.ts';
import { assignQueued } from './assign-queued.ts';
import { attemptOver } from './attempt-over.ts';
import { isHeld } from './lease.ts';
import type { Pool } from './pool.ts';

/** A normal closure (RFC 6455, section 7.4.1): the executor stops and has given up its runs. */
const NORMAL = 1000;

/**
 * A socket is closed. An executor that said goodbye gets its runs taken at once; one that was merely cut off keeps them
 * for the rest of its leases, in which it may come back.
 */
export async function farewell(pool: Pool, socket: WebSocket, code: number): Promise<void> {
  const executor = pool.sockets.executorOf(socket);
  if (code === NORMAL && !pool.sockets.isConnected(executor)) {
    const left = pool.leases.all().filter((lease) => isHeld(lease) && lease.executor === executor);
    await Promise.all(left.map((lease) => attemptOver(pool, lease, 'its executor was stopped')));
  }
  assignQueued(pool);
  if (!pool.sockets.isConnected(executor)) pool.inBackground(noteGone(pool, executor));
}

/** New runs are placed where an executor is connected; that it is gone is learned by the next sweep, if not by this. */
async function noteGone(pool: Pool, executor: string): Promise<void> {
  const { database } = await pool.platform();
  await database.transaction([recordGone(executor)]);
}
