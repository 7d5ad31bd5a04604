import type { RunId, TenantId } from '../../../protocol/ids.ts';
import type { TenantAttended } from '../../../protocol/tenant-call.ts';
import { runsToStop, tenantsToAttend } from '../../database/tenant-life.ts';
import { log } from '../../log.ts';
import type { Platform } from '../../platform.ts';
import { poolOf } from '../../runs/pool-of.ts';
import { deleteTenant } from './delete-tenant.ts';
import { removePurged } from './remove-purged.ts';

const TENANTS_MAX = 20;
const RUNS_MAX = 500;
/** Of one call: the caller of an operator's waits no longer, and the cron comes again in a minute. */
const TIME_MS = 20_000;

/** Ends the runs of a tenant that may not act, tells its streams, removes what was purged, and goes on with its deletion where one is due. */
export async function attendTenant(platform: Platform, tenant: string): Promise<TenantAttended> {
  const stopped = await stopRuns(platform, tenant);
  await removePurged(platform, tenant);
  platform.publish(tenant, { kind: 'access', user: null });
  return { step: await deleteTenant(platform, tenant, Date.now() + TIME_MS), stopped };
}

/** Once a minute: every tenant that waits for something here. One that fails does not keep the others waiting. */
export async function sweepTenants(platform: Platform): Promise<void> {
  const [tenants] = await platform.database.transaction([tenantsToAttend(TENANTS_MAX)] as const);
  for (const tenant of tenants) {
    try {
      await attendTenant(platform, tenant);
    } catch (error) {
      log('error', 'sweep-tenants', { tenant, error: String(error) });
    }
  }
}

/** Cancels what is unfinished; a run that its pool does not know is taken in first. */
async function stopRuns({ database, env }: Platform, tenant: string): Promise<number> {
  const [runs] = await database.transaction([runsToStop(tenant, RUNS_MAX)] as const);
  for (const { run, pool: name } of runs) {
    const pool = poolOf(env, name);
    if ((await pool.cancel(run, 0)).step !== 'unknown') continue;
    await pool.adopt([{ pool: name, tenant: tenant as TenantId, run: run as RunId }]);
    await pool.cancel(run, 0);
  }
  return runs.length;
}
