import { type Pool, SWEEP_MS } from './pool.ts';
import { sweep } from './sweep.ts';
import { wake } from './wake.ts';

/** The alarm: what time alone brings, and once a minute what only the database knows. */
export async function tick(pool: Pool): Promise<void> {
  const name = pool.leases.all()[0]?.pool ?? pool.sockets.poolName();
  const isDue = pool.now() >= pool.swept.at + SWEEP_MS;
  if (name !== null && isDue) pool.inBackground(sweep(pool, name));
  await wake(pool);
  if (name !== null) pool.wakeAt(isDue ? pool.now() + SWEEP_MS : pool.swept.at + SWEEP_MS);
}
