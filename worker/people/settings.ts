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

/** Settings that are whole numbers: what holds where nothing is set, and the bounds of what may be. */
export const WHOLE_NUMBERS = {
  LOGIN_FAILURES_MAX: { absent: 5, least: 3, most: 100 },
  LOGIN_ADDRESS_FAILURES_MAX: { absent: 50, least: 10, most: 10_000 },
  SESSION_IDLE_MINUTES: { absent: 12 * 60, least: 5, most: 7 * 24 * 60 },
  SESSION_ABSOLUTE_HOURS: { absent: 7 * 24, least: 1, most: 30 * 24 },
} as const;
export type WholeNumberName = keyof typeof WHOLE_NUMBERS;

export function lockoutRules(
  env: Pick<Env, 'LOGIN_FAILURES_MAX' | 'LOGIN_ADDRESS_FAILURES_MAX'>,
): LockoutRules {
  return {
    accountFailures: whole(env, 'LOGIN_FAILURES_MAX'),
    addressFailures: whole(env, 'LOGIN_ADDRESS_FAILURES_MAX'),
    baseSeconds: LOCKOUT_BASE_SECONDS,
    maxSeconds: LOCKOUT_MAX_SECONDS,
  };
}

export function sessionLimits(
  env: Pick<Env, 'SESSION_IDLE_MINUTES' | 'SESSION_ABSOLUTE_HOURS'>,
): SessionLimits {
  return {
    idleSeconds: 60 * whole(env, 'SESSION_IDLE_MINUTES'),
    absoluteSeconds: 3600 * whole(env, 'SESSION_ABSOLUTE_HOURS'),
  };
}

/** What a setting says, or what holds where it says nothing; null where it is no whole number within its bounds. Pure. */
export function wholeNumberOf<Name extends WholeNumberName>(
  env: { readonly [name in Name]?: string | undefined },
  name: Name,
): number | null {
  const { absent, least, most } = WHOLE_NUMBERS[name];
  const text = env[name];
  if (text === undefined || text === '') return absent;
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? value : null;
}

/** The same; throws where it is none, so that nothing is served by chance. */
function whole<Name extends WholeNumberName>(
  env: { readonly [name in Name]?: string | undefined },
  name: Name,
): number {
  const value = wholeNumberOf(env, name);
  const { least, most } = WHOLE_NUMBERS[name];
  if (value === null) throw new Error(`${name} must be a whole number from ${least} to ${most}`);
  return value;
}
