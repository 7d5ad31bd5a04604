import type { NamedPage } from '../../database/project-members.ts';
import { decodeCursor } from '../../tenants/cursor.ts';
import { type Page, pageOf } from '../../tenants/page.ts';

export interface NamedPageWish {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Where the page begins that a cursor asks for; with one row more than it shows, which tells whether there is another. */
export function behind({ cursor, limit }: NamedPageWish): NamedPage {
  const [name, id] =
    cursor === undefined ? ['', ''] : decodeCursor(cursor, ['', ''] as readonly [string, string]);
  return { after: { name, id }, limit: limit + 1 };
}

/** The page that `found` begins, of rows in order of their names in lower case and ids. */
export function pageByName<Row extends { readonly name: string }>(
  found: readonly Row[],
  limit: number,
  idOf: (row: Row) => string,
): Page<Row> {
  return pageOf(found, limit, (row) => [row.name.toLowerCase(), idOf(row)]);
}
