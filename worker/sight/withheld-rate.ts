import { limit } from '../../protocol/limits.ts';
import { rateLimited } from '../http/rate-limited.ts';
import type { Refusal } from '../http/refusal.ts';

/** The refusal of one start too many, where the end of a run tells an agent something of data that it may not see. */
export function withheldRate(retryAfterSeconds: number): Refusal {
  return rateLimited(
    'withheld_starts_per_minute',
    `The tenant starts more than ${limit('withheld_starts_per_minute')} runs a minute on data of which agents see the schema only.`,
    { retryAfterSeconds, hint: 'Name other data (data: [] is none) to run without it.' },
  );
}
