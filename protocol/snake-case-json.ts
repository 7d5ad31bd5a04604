const CAMEL_CASE = /^[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+$/;
/** Properties of which the members are data, named by tenants, operators or a record that was signed. */
const HOLD_DATA: ReadonlySet<string> = new Set(['labels', 'details', 'parameters']);

/**
 * JSON for a program: properties in snake_case, as tools and API have them, however the code calls them. What others named
 * (settings in capitals, all that a property of data holds) is left as it is. Pure.
 */
export function snakeCaseJson(value: unknown, indent?: number): string {
  return JSON.stringify(renamed(value), null, indent);
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      snakeCase(name),
      HOLD_DATA.has(name) ? inner : renamed(inner),
    ]),
  );
}

function snakeCase(name: string): string {
  return CAMEL_CASE.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
}

/** A moment is an object too, and says itself how it is written. */
function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('toJSON' in value);
}
