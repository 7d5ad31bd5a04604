/** A moment of RFC 3339 as Postgres reads it: in UTC, of the years 1 to 9999; null for any other text. */
export function readMoment(text: string): string | null {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1 || at.getUTCFullYear() > 9999) return null;
  return at.toISOString();
}
