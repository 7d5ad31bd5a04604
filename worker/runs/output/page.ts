import { showable } from './showable.ts';

/** A cell that a page shows; text that is longer is cut. */
export type Cell = string | number | boolean | null;

export interface TablePage {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Rows in all. */
  readonly total: number;
}

export const CELL_CHARS_MAX = 300;
/** Characters of all cells of a page: an answer is read by an agent. */
export const PAGE_CHARS_MAX = 64 * 1024;

/** The rows from `offset`, at most `limit` and not more than an answer holds (one at least). Pure. */
export function tablePage(
  table: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] },
  offset: number,
  limit: number,
): TablePage {
  const rows: string[][] = [];
  let chars = 0;
  for (const row of table.rows.slice(offset, offset + limit)) {
    const shown = row.map((cell) =>
      cell.length > CELL_CHARS_MAX ? `${cell.slice(0, CELL_CHARS_MAX)}…` : cell,
    );
    chars += shown.reduce((sum, cell) => sum + cell.length + 3, 0);
    if (chars > PAGE_CHARS_MAX && rows.length > 0) break;
    rows.push(shown);
  }
  return { columns: table.columns, rows, total: table.rows.length };
}

/** Names and cells as they are shown. Pure. */
export function showablePage({ columns, rows, total }: TablePage): TablePage {
  const cell = (value: Cell) => (typeof value === 'string' ? showable(value) : value);
  return { columns: columns.map(showable), rows: rows.map((row) => row.map(cell)), total };
}
