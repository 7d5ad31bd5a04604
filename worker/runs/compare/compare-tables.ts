import type { Table } from '../output/read-csv.ts';

/** How one numeric column differs between two tables. */
export interface ColumnDifference {
  readonly column: string;
  readonly sum_a: number;
  readonly sum_b: number;
  /** Over rows in the same place; null where the tables have different numbers of rows. */
  readonly largest_difference: number | null;
}

export interface TableDifference {
  readonly rows_a: number;
  readonly rows_b: number;
  readonly columns_only_a: readonly string[];
  readonly columns_only_b: readonly string[];
  /** Numeric columns of both that differ. */
  readonly columns: readonly ColumnDifference[];
}

const NUMBER = /^\s*[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

/** Compares tables by column name and by place of the row; a column is numeric where every filled cell of it is. Pure. */
export function compareTables(a: Table, b: Table, columnsMax: number): TableDifference {
  const shared = a.columns.filter((name) => b.columns.includes(name));
  const columns = shared.flatMap((column): ColumnDifference[] => {
    const left = numbersOf(a, column);
    const right = numbersOf(b, column);
    if (left === null || right === null || equal(left, right)) return [];
    const difference = {
      column,
      sum_a: sum(left),
      sum_b: sum(right),
      largest_difference: left.length === right.length ? largestDifference(left, right) : null,
    };
    // JSON has no infinity, to which a sum may overflow.
    return Number.isFinite(difference.sum_a + difference.sum_b) ? [difference] : [];
  });
  return {
    rows_a: a.rows.length,
    rows_b: b.rows.length,
    columns_only_a: a.columns.filter((name) => !b.columns.includes(name)),
    columns_only_b: b.columns.filter((name) => !a.columns.includes(name)),
    columns: columns.slice(0, columnsMax),
  };
}

/** The column's numbers with 0 for empty cells, or null where it holds something else or nothing. */
function numbersOf(table: Table, column: string): number[] | null {
  const index = table.columns.indexOf(column);
  const cells = table.rows.map((row) => row[index] ?? '');
  if (!cells.every((cell) => cell === '' || NUMBER.test(cell)) || cells.every((cell) => cell === ''))
    return null;
  const numbers = cells.map(Number);
  return numbers.every(Number.isFinite) ? numbers : null;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function sum(values: readonly number[]): number {
  return rounded(values.reduce((total, value) => total + value, 0));
}

/** Twelve significant digits: enough to see what changed, without the noise of adding doubles. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return rounded(a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? 0))), 0));
}
