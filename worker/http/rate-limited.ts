import { limit } from '../../protocol/limits.ts';
import type { RateName } from './rate-limit-fields.ts';
import { Refusal } from './refusal.ts';

/** The refusal of one call too many of a rate; its response says the rate in `RateLimit` and `Retry-After`. */
export function rateLimited(
  name: RateName,
  message: string,
  more: { readonly retryAfterSeconds: number; readonly hint?: string },
): Refusal {
  return new Refusal('rate_limited', message, { ...more, details: { limit: name, value: limit(name) } });
}

/** The same words and fields whether an account or an address has to wait, so that the caller cannot tell which. */
export function tooManyAttempts(retryAfterSeconds: number): Refusal {
  const wait =
    retryAfterSeconds < 90 ? `${retryAfterSeconds} seconds` : `${Math.ceil(retryAfterSeconds / 60)} minutes`;
  return rateLimited('failed_logins_per_minute', `Too many attempts. Try again in ${wait}.`, {
    retryAfterSeconds,
  });
}
