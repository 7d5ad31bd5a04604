import type { RunId, TenantId } from '../../../protocol/ids.ts';
import { nextFence } from '../../database/run-attempts.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { systemPrincipal } from '../../tenants/system-principal.ts';
import { assignQueued } from './assign-queued.ts';
import { newLease } from './lease.ts';
import type { Pool } from './pool.ts';
import { settle } from './settle.ts';
import { systemOutcome } from './system-outcome.ts';

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
  if (answer.step !== 'again' && answer.step !== 'exhausted') return;
  const again = answer.step === 'again' ? answer : null;
  const lease = newLease({
    pool: name,
    own: again?.own ?? false,
    labels: again?.labels ?? {},
    user: again?.user ?? null,
    run,
    tenant,
    fence: answer.fence,
    ephemeral: false,
    image: answer.step === 'again' ? answer.manifest.image : answer.image,
    wallMs: again?.manifest.limits.wall_ms ?? 0,
    queuedAt: again?.queued_at ?? pool.now(),
  });
  pool.leases.put(lease);
  if (answer.step === 'exhausted') {
    const outcome = systemOutcome('lost', 'Lost: no executor finished it.', lease.image);
    return settle(pool, lease, { outcome, by: 'system' });
  }
  pool.work.set(run, { manifest: answer.manifest, inline: {}, isFollowed: false });
  assignQueued(pool);
}
