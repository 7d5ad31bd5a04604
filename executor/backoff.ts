/** How long to wait before dial `attempt` (from 1): exponential with full jitter, so that a fleet does not return as one. */
export function backoffMs(
  attempt: number,
  random: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  const most = Math.min(bounds.max, bounds.min * 2 ** Math.min(attempt - 1, 16));
  return Math.round(bounds.min / 2 + random * (most - bounds.min / 2));
}
