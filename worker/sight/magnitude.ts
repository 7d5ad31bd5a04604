/** A count as no more than its order of magnitude: `0`, `1 to 9`, `10 to 99`, …; from a million on there is no more. Pure. */
export function magnitude(count: number): string {
  if (count < 1) return '0';
  if (count >= 1_000_000) return '1000000 or more';
  const digits = String(Math.floor(count)).length;
  return `${10 ** (digits - 1)} to ${10 ** digits - 1}`;
}
