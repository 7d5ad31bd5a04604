import { LIMITS, type LimitName, limit } from '../../protocol/limits.ts';

/** How much of a rate is left to its holder. */
export interface RateLeft {
  readonly remaining: number;
  /** Until the whole rate is available again; where nothing is left, until one call is. */
  readonly resetSeconds: number;
}

/** Names of limits that are rates: each is a policy of the fields below, under its own name. */
export type RateName = {
  [Name in LimitName]: (typeof LIMITS)[Name]['unit'] extends 'per minute' ? Name : never;
}[LimitName];

const WINDOW_SECONDS = 60;

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4; structured fields of RFC
 * 9651) of one rate.
 */
export function rateLimitFields(
  name: RateName,
  { remaining, resetSeconds }: RateLeft,
): Record<string, string> {
  return {
    'ratelimit-policy': `"${name}";q=${limit(name)};w=${WINDOW_SECONDS}`,
    ratelimit: `"${name}";r=${Math.max(0, Math.floor(remaining))};t=${Math.max(0, Math.ceil(resetSeconds))}`,
  };
}

/** The same of a rate of which nothing is left, with `Retry-After` (RFC 9110, section 10.2.3). */
export function retryFields(name: RateName, retryAfterSeconds: number): Record<string, string> {
  return {
    ...rateLimitFields(name, { remaining: 0, resetSeconds: retryAfterSeconds }),
    'retry-after': String(retryAfterSeconds),
  };
}

/** Whether a limit that an error names is a rate. */
export function isRateName(name: unknown): name is RateName {
  return typeof name === 'string' && name in LIMITS && LIMITS[name as LimitName].unit === 'per minute';
}
