/** A timestamp column as ISO 8601. What never ends stays `infinity`, which no Date can hold. */
export function isoOf(at: unknown): string {
  return at instanceof Date ? at.toISOString() : String(at);
}

/** The same for a column that may be null. */
export function isoOrNull(at: unknown): string | null {
  return at === null ? null : isoOf(at);
}
