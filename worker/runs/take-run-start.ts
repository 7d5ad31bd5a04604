import { limit } from '../../protocol/limits.ts';
import { EntryRefused } from '../database/database.ts';
import { rateLimited } from '../http/rate-limited.ts';
import type { Platform } from '../platform.ts';
import { tenantGateOf } from '../tenants/gate-of.ts';

/** Takes one of the starts of a sandbox that a tenant has a minute, for a run or for looking at data; else refuses. */
export async function takeRunStart(platform: Platform, tenant: string): Promise<void> {
  const retryAfterSeconds = await tenantGateOf(platform.env, tenant).startRun();
  if (retryAfterSeconds === null) return;
  throw rateLimited(
    'run_starts_per_minute',
    `The tenant starts more than ${limit('run_starts_per_minute')} runs a minute.`,
    { retryAfterSeconds },
  );
}

/**
 * Takes a start for `work`, and gives it back where the database does not let the caller in: who may start no run (a
 * revoked token, a viewer) takes none from those who may.
 */
export async function withRunStart<Result>(
  platform: Platform,
  tenant: string,
  work: () => Promise<Result>,
): Promise<Result> {
  await takeRunStart(platform, tenant);
  try {
    return await work();
  } catch (error) {
    if (error instanceof EntryRefused) await tenantGateOf(platform.env, tenant).returnRunStart();
    throw error;
  }
}
