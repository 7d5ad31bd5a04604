export interface Difference {
  /** Where in the value, as `growth.products[2].price`. */
  readonly at: string;
  /** Absent on that side: undefined. */
  readonly a: unknown;
  readonly b: unknown;
}

/** Every place at which two JSON values differ, outermost first, by the order of keys in `a`. Pure. */
export function compareJson(a: unknown, b: unknown, at = ''): Difference[] {
  if (Object.is(a, b)) return [];
  if (isContainer(a) && isContainer(b) && Array.isArray(a) === Array.isArray(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].flatMap((key) => compareJson(a[key], b[key], placeOf(at, key, Array.isArray(a))));
  }
  return [{ at, a, b }];
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function placeOf(at: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${at}[${key}]`;
  return at === '' ? key : `${at}.${key}`;
}
