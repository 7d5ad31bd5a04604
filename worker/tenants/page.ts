import { decodeCursor, encodeCursor } from './cursor.ts';

/** A part of a list, with what is needed to go on. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly truncated: boolean;
  /** What the next call passes; null on the last page. */
  readonly cursor: string | null;
}

/** The page that `found` begins. `found` was read with one row more than `limit`: that row shows whether there is a next page. */
export function pageOf<Row>(
  found: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string | readonly string[],
): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (found.length <= rows.length || last === undefined) return { rows, truncated: false, cursor: null };
  const key = keyOf(last);
  return { rows, truncated: true, cursor: encodeCursor(typeof key === 'string' ? [key] : key) };
}

/** The key after which a page begins, in a list whose key is one text; null for the first page. Refuses what is no cursor. */
export function keyOfCursor(cursor: string | undefined): string | null {
  return cursor === undefined ? null : decodeCursor(cursor, [''] as const)[0];
}
