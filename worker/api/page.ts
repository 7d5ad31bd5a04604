import type { z } from 'zod';
import { decodeCursor } from '../tenants/cursor.ts';
import { type Page, pageOf } from '../tenants/page.ts';
import type { pageQuery } from './schemas.ts';

export type PageQuery = z.output<typeof pageQuery>;

/** The id behind which a page begins; '' for the first. */
export function beforeOf({ cursor }: PageQuery): string {
  return cursor === undefined ? '' : decodeCursor(cursor, [''] as const)[0];
}

/** What a list says of itself beside its rows. */
export function pageFacts<Row>({ truncated, cursor }: Page<Row>, total: number) {
  return { total, truncated, cursor };
}

/** A page of a list that is short enough to be read whole; by its key, the last one first. */
export function pageOfAll<Row>(
  all: readonly Row[],
  query: PageQuery,
  keyOf: (row: Row) => string,
): Page<Row> & { readonly total: number } {
  const before = beforeOf(query);
  const lastFirst = all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1));
  const behind = lastFirst.filter((row) => before === '' || keyOf(row) < before);
  return { total: all.length, ...pageOf(behind, query.limit, keyOf) };
}
