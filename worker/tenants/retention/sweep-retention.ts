import { expireRows, tenantsToExpire } from '../../database/retention.ts';
import { log } from '../../log.ts';
import type { Platform } from '../../platform.ts';
import { findUnnamed } from './find-unnamed.ts';
import { removeUnnamed } from './remove-unnamed.ts';

const TENANTS_MAX = 20;
/** Of all tenants of a turn: with two requests to the store for each, within what one invocation may make. */
const BLOBS_MAX = 200;
/** Of a kind, in one transaction. */
const ROWS_MAX = 500;
/** Of one turn; the cron comes again in a minute. */
const TIME_MS = 20_000;
/** Far below the hour after which a claim of a blob is free: then no request to remove it may be on its way any more. */
const REMOVAL_MS = 5 * 60_000;

/**
 * Once a minute: removes what is over its time, of some tenants each of which is looked at once a day, and blobs that nothing has
 * named since. A step is one transaction, so it may be killed anywhere: the next turn goes on there.
 */
export async function sweepRetention(platform: Pick<Platform, 'database' | 'env'>): Promise<void> {
  const until = Date.now() + TIME_MS;
  const [tenants] = await platform.database.transaction([tenantsToExpire(TENANTS_MAX)] as const);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), REMOVAL_MS);
  try {
    await sweepEach(platform, tenants, until, over.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function sweepEach(
  platform: Pick<Platform, 'database' | 'env'>,
  tenants: readonly string[],
  until: number,
  signal: AbortSignal,
): Promise<void> {
  let blobsLeft = BLOBS_MAX;
  for (const tenant of tenants) {
    if (Date.now() > until) return;
    try {
      while (!(await platform.database.transaction([expireRows(tenant, ROWS_MAX)] as const))[0])
        if (Date.now() > until) return;
      await findUnnamed(platform, tenant);
      if (blobsLeft > 0) blobsLeft -= await removeUnnamed(platform, tenant, blobsLeft, signal);
    } catch (error) {
      log('error', 'sweep-retention', { tenant, error: String(error) });
    }
  }
}
