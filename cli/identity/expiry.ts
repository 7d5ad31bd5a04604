import { InvalidArgumentError } from 'commander';

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LIFETIME_MS_MAX = 3650 * UNIT_MS.d;

/** How long a token lives of which nobody says how long. */
export const LIFETIME_MS_DEFAULT = 90 * UNIT_MS.d;

/** "30m", "1h", "90d" as milliseconds. */
export function parseLifetime(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,6})([mhd])$/.exec(text) ?? [];
  const lifetimeMs = Number(count) * (UNIT_MS[unit as keyof typeof UNIT_MS] ?? 0);
  if (lifetimeMs === 0 || lifetimeMs > LIFETIME_MS_MAX) {
    throw new InvalidArgumentError('expected a time like 30m, 1h or 90d, of ten years at most.');
  }
  return lifetimeMs;
}

/** The same, or "never" as null. */
export function parseLifetimeOrNever(text: string): number | null {
  return text === 'never' ? null : parseLifetime(text);
}
