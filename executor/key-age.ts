const DAY_MS = 24 * 3600_000;
/** An executor's key is overdue after so long, where its operator says nothing else. */
export const KEY_DAYS_MAX = 400;

/**
 * How old a key is, in whole days by this host's clock; null where nobody knows: it was made before key files said when, or
 * by a clock that was more than a day ahead of this one. Pure.
 */
export function keyDays(madeAt: string | undefined, nowMs: number): number | null {
  const ageMs = nowMs - Date.parse(madeAt ?? '');
  return ageMs >= -DAY_MS ? Math.max(0, Math.floor(ageMs / DAY_MS)) : null;
}

/** Whether a key is to be exchanged for another: three quarters of its time are over, or nobody knows how many. Pure. */
export function isDueForExchange(days: number | null, daysMax: number): boolean {
  return days === null || days >= daysMax * 0.75;
}
