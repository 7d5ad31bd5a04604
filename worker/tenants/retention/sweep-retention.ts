import { expireRows, tenantsToExpire } from '../../database/retention.ts';
import { log } from '../../log.ts';
import type { Platform } from '../../platform.ts';
import { removeUnnamed } from './remove-unnamed.ts';

const TENANTS_MAX = 20;
/** Of a kind, in one transaction. */
const ROWS_MAX = 500;
/** Of one turn; the cron comes again in a minute. */
const TIME_MS = 20_000;

/**
 * Once a minute: removes what is over its time, of some tenants each of which is looked at once a day, and blobs that nothing has
 * named since. A step is one transaction, so it may be killed anywhere: the next turn goes on there.
 */
export async function sweepRetention(platform: Pick<Platform, 'database' | 'env'>): Promise<void> {
  const until = Date.now() + TIME_MS;
  const [tenants] = await platform.database.transaction([tenantsToExpire(TENANTS_MAX)] as const);
  for (const tenant of tenants) {
    if (Date.now() > until) return;
    try {
      while (!(await platform.database.transaction([expireRows(tenant, ROWS_MAX)] as const))[0])
        if (Date.now() > until) return;
      await removeUnnamed(platform, tenant);
    } catch (error) {
      log('error', 'sweep-retention', { tenant, error: String(error) });
    }
  }
}
