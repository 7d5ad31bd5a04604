/** Less is no wrong clock: the Date header has whole seconds, and a refusal takes its time. */
export const CLOCK_TOLERANCE_SECONDS = 2;

/** The worker's clock minus ours by the Date header of a 401 (RFC 9110, section 6.6.1), to the second. */
export function offsetFrom(
  status: number | undefined,
  date: string | undefined,
  nowMs: number,
): number | null {
  if (status !== 401 || date === undefined) return null;
  const theirs = Date.parse(date);
  return Number.isNaN(theirs) ? null : Math.round((theirs - nowMs) / 1000);
}
