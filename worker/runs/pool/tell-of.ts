import type { Lease } from './lease.ts';
import type { Pool } from './pool.ts';

/** Tells who listens that a run is at another point than before. An inspection is nobody's run. */
export function tellOf(pool: Pool, { ephemeral, tenant, run }: Lease): void {
  if (ephemeral) return;
  pool.inBackground(pool.platform().then(({ publish }) => publish(tenant, { kind: 'run', run })));
}
