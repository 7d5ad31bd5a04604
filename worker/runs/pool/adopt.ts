import type { RunId, TenantId } from '../../../protocol/ids.ts';
import { nextFence } from '../../database/run-attempts.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { systemPrincipal } from '../../tenants/system-principal.ts';
import { assignQueued } from './assign-queued.ts';
import { newLease } from './lease.ts';
import type { Pool } from './pool.ts';
import { settleAsSystem } from './settle.ts';

export interface Orphan {
  readonly pool: string;
  readonly tenant: TenantId;
  readonly run: RunId;
}

/**
 * Takes in a run that the database has as unfinished and this pool does not know: the Worker died between writing and
 * submitting it. It goes on under the next fence. A run that is known here is left alone.
 */
export async function adopt(pool: Pool, { pool: name, tenant, run }: Orphan): Promise<void> {
  if (pool.leases.get(run) !== undefined) return;
  const { database } = await pool.platform();
  const [answer] = await withTenant(database, systemPrincipal(tenant), [
    nextFence(run, null, { executor: null, reason: 'its pool did not know it' }),
  ] as const);
  if (pool.leases.get(run) !== undefined) return;
  const known = { pool: name, tenant, run, ephemeral: false };
  switch (answer.step) {
    case 'again': {
      const { fence, manifest, queued_at, user, labels, own } = answer;
      const needs = { image: manifest.image, wallMs: manifest.limits.wall_ms, user, labels, own };
      pool.leases.put(newLease({ ...known, ...needs, fence, queuedAt: queued_at }));
      pool.work.set(run, { manifest, inline: {}, isFollowed: false });
      return assignQueued(pool);
    }
    case 'exhausted': {
      const { fence, image } = answer;
      // It waits for no slot any more, so what decides where and when is nobody's question.
      const needs = { image, wallMs: 0, user: null, labels: {}, own: false };
      const lease = newLease({ ...known, ...needs, fence, queuedAt: pool.now() });
      return settleAsSystem(pool, lease, 'lost', 'Lost: no executor finished it.');
    }
  }
}
