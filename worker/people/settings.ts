import type { Env } from '../env.ts';

/** How many failures are free, and how the wait grows after them. */
export interface LockoutRules {
  readonly accountFailures: number;
  readonly addressFailures: number;
  readonly baseSeconds: number;
  readonly maxSeconds: number;
}

export interface SessionLimits {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
}

/** After the free failures an attempt waits 30 s, then 1, 2, 4 ... minutes, an hour at most. */
const LOCKOUT_BASE_SECONDS = 30;
const LOCKOUT_MAX_SECONDS = 3600;

export function lockoutRules(
  env: Pick<Env, 'LOGIN_FAILURES_MAX' | 'LOGIN_ADDRESS_FAILURES_MAX'>,
): LockoutRules {
  return {
    accountFailures: whole(env, 'LOGIN_FAILURES_MAX', { absent: 5, least: 3, most: 100 }),
    addressFailures: whole(env, 'LOGIN_ADDRESS_FAILURES_MAX', { absent: 50, least: 10, most: 10_000 }),
    baseSeconds: LOCKOUT_BASE_SECONDS,
    maxSeconds: LOCKOUT_MAX_SECONDS,
  };
}

export function sessionLimits(
  env: Pick<Env, 'SESSION_IDLE_MINUTES' | 'SESSION_ABSOLUTE_HOURS'>,
): SessionLimits {
  return {
    idleSeconds: 60 * whole(env, 'SESSION_IDLE_MINUTES', { absent: 12 * 60, least: 5, most: 7 * 24 * 60 }),
    absoluteSeconds: 3600 * whole(env, 'SESSION_ABSOLUTE_HOURS', { absent: 7 * 24, least: 1, most: 30 * 24 }),
  };
}

/** A whole number within its bounds; throws where an operator set something else, so that nothing is served by chance. */
function whole<Name extends string>(
  env: { readonly [name in Name]?: string },
  name: Name,
  { absent, least, most }: { readonly absent: number; readonly least: number; readonly most: number },
): number {
  const text = env[name];
  if (text === undefined || text === '') return absent;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a whole number from ${least} to ${most}`);
}
