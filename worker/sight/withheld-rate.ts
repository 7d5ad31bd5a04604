import { limit } from '../../protocol/limits.ts';
import { rateLimited } from '../http/rate-limited.ts';
import type { Refusal } from '../http/refusal.ts';

const HINTS = {
  run: 'Name other data (data: [] is none) to run without it.',
  import:
    'Leave in one file what belongs together: each import is a start, also one of a name that is not there.',
} as const;

/** The refusal of one start too many, where the end of a run tells an agent something of data that it may not see. */
export function withheldRate(retryAfterSeconds: number, start: 'run' | 'import'): Refusal {
  return rateLimited(
    'withheld_starts_per_minute',
    `The tenant starts more than ${limit('withheld_starts_per_minute')} runs a minute on data of which agents see the schema only; an import of what such a run left counts as one.`,
    { retryAfterSeconds, hint: HINTS[start] },
  );
}
