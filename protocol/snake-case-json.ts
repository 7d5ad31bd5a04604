/** Names of our own in camelCase. Others, as settings in capitals and what tenants named, are left as they are. */
const CAMEL_CASE = /^[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+$/;

/** JSON for a program: properties in snake_case, as tools and API have them, however the code calls them. Pure. */
export function snakeCaseJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_name, inner: unknown) => (isRecord(inner) ? renamed(inner) : inner), indent);
}

function renamed(record: object): object {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      CAMEL_CASE.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name,
      value,
    ]),
  );
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
