/**
 * Text that Postgres can hold in jsonb: no NUL and no unpaired surrogate (both are valid in JSON). What a program
 * printed may contain either, and must not cost it its outcome.
 */
function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return storableText(value) === value;
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => storableText(key) === key && isStorable(inner));
}

/** A copy of JSON data in which every text is storable; what cannot be held becomes U+FFFD. */
export function storable<Value>(value: Value): Value {
  return cleaned(value) as Value;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), cleaned(inner)]));
}
