import { limit } from '../../protocol/limits.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';

/** Takes one of the starts of a sandbox that a tenant has a minute, for a run or for looking at data; else refuses. */
export async function takeRunStart(platform: Platform, tenant: string): Promise<void> {
  const { TENANT_GATE } = platform.env;
  const retryAfterSeconds = await TENANT_GATE.get(TENANT_GATE.idFromName(tenant)).startRun();
  if (retryAfterSeconds === null) return;
  throw new Refusal(
    'rate_limited',
    `The tenant starts more than ${limit('run_starts_per_minute')} runs a minute.`,
    {
      retryAfterSeconds,
      details: { limit: 'run_starts_per_minute', value: limit('run_starts_per_minute') },
    },
  );
}
