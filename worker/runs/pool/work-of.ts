import { selectRunsOfPool } from '../../database/runs.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { systemPrincipal } from '../../tenants/system-principal.ts';
import type { Lease } from './lease.ts';
import { logUnexpected } from './log-unexpected.ts';
import type { Pool, Work } from './pool.ts';

/** What a run needs beside its lease: from memory, or from the database where this pool forgot it in an eviction. */
export async function workOf(pool: Pool, lease: Lease): Promise<Work | 'absent' | 'unavailable'> {
  const known = pool.work.get(lease.run);
  if (known !== undefined) return known;
  const { database } = await pool.platform();
  try {
    const [[row]] = await withTenant(database, systemPrincipal(lease.tenant), [
      selectRunsOfPool([lease.run]),
    ] as const);
    if (row === undefined || row.outcome !== null) return 'absent';
    const work: Work = { manifest: row.manifest, inline: {}, isFollowed: false };
    // The run may be over by now: nobody would forget its work again.
    if (pool.leases.get(lease.run) !== undefined) pool.work.set(lease.run, work);
    return work;
  } catch (error) {
    logUnexpected(error, lease);
    return 'unavailable';
  }
}
