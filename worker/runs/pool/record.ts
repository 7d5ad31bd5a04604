import { DatabaseError, EntryRefused } from '../../database/database.ts';
import { type Recorded, recordOutcome } from '../../database/run-attempts.ts';
import { selectRunsOfPool } from '../../database/runs.ts';
import { withTenant } from '../../database/with-tenant.ts';
import type { Platform } from '../../platform.ts';
import { systemPrincipal } from '../../tenants/system-principal.ts';
import { executorPrincipal } from '../executor-principal.ts';
import type { Lease, PendingOutcome } from './lease.ts';
import { logUnexpected } from './log-unexpected.ts';

export type RecordAnswer =
  | Recorded
  /** The executor may not speak for this run (any more). */
  | { readonly step: 'not_admitted' }
  /** The database cannot hold this outcome, whatever is tried. */
  | { readonly step: 'unstorable'; readonly sqlstate: string }
  | { readonly step: 'unavailable' };

/** Offers an outcome to the database in one request; `now` is the pool's clock. Every expected end is a value. */
export async function record(
  platform: Platform,
  lease: Lease,
  pending: PendingOutcome,
  now: number,
): Promise<RecordAnswer> {
  try {
    return await offer(platform, lease, pending, now);
  } catch (error) {
    if (error instanceof DatabaseError) return { step: 'unstorable', sqlstate: error.sqlstate };
    if (!(error instanceof EntryRefused)) return unavailable(error, lease);
    return error.reason === 'tenant_suspended' && lease.executor !== null
      ? record(platform, lease, { ...pending, by: 'system' }, now)
      : whatStands(platform, lease);
  }
}

async function offer(
  platform: Platform,
  lease: Lease,
  pending: PendingOutcome,
  now: number,
): Promise<Recorded> {
  const { tenant, executor } = lease;
  const isSystem = pending.by === 'system' || executor === null;
  const principal = isSystem ? systemPrincipal(tenant) : executorPrincipal(tenant, executor);
  const executed = {
    executor,
    leased_ago_ms: lease.leasedAt === null ? null : now - lease.leasedAt,
    started_ago_ms: lease.startedAt === null ? null : now - lease.startedAt,
  };
  const [recorded] = await withTenant(platform.database, principal, [
    recordOutcome(lease.run, lease.fence, pending.outcome, executed),
  ] as const);
  return recorded;
}

/** The executor was not admitted: because the run has ended already, or because it was revoked. */
async function whatStands(platform: Platform, lease: Lease): Promise<RecordAnswer> {
  try {
    const [[row]] = await withTenant(platform.database, systemPrincipal(lease.tenant), [
      selectRunsOfPool([lease.run]),
    ] as const);
    if (row === undefined) return { step: 'absent' };
    const { outcome, withheld } = row;
    return outcome === null ? { step: 'not_admitted' } : { step: 'finished', outcome, withheld };
  } catch (error) {
    return unavailable(error, lease);
  }
}

function unavailable(error: unknown, lease: Lease): RecordAnswer {
  logUnexpected(error, lease);
  return { step: 'unavailable' };
}
