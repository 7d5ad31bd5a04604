/** A row as the driver gives it: column name to value, types parsed by the driver's defaults. */
export type Row = { readonly [column: string]: unknown };

/**
 * One SQL statement as data: what is sent, and how its rows become a result. Nothing runs until a {@link Database}
 * sends it, alone or with others in one transaction.
 */
export type Query<Result> = {
  readonly text: string;
  readonly params: readonly unknown[];
  readonly read: (rows: readonly Row[]) => Result;
};

/** What a list of queries gives, position by position. */
export type ResultsOf<Queries extends readonly Query<unknown>[]> = {
  -readonly [Index in keyof Queries]: Queries[Index] extends Query<infer Result> ? Result : never;
};

/** Makes a {@link Query}. `params` are `$1`, `$2`, ... and reach the driver as given. */
export function query<Result>(
  text: string,
  params: readonly unknown[],
  read: (rows: readonly Row[]) => Result,
): Query<Result> {
  return { text, params, read };
}

/** A reader for statements whose rows are of no interest. */
export function readNothing(): void {}

/**
 * The only row of a statement that always gives exactly one.
 *
 * @throws Error when there is another number of rows, which is a bug in the statement
 */
export function onlyRow(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length !== 1) throw new Error(`expected one row, got ${rows.length}`);
  return row;
}

/**
 * Reads a page of which each row carries the `total` of the whole list. A page without rows still has one for that, in
 * which `key`, and all else, is null.
 */
export function countedRows<Read>(
  rows: readonly Row[],
  key: string,
  read: (row: Row) => Read,
): { readonly total: number; readonly rows: readonly Read[] } {
  const total = (rows[0]?.total as number | undefined) ?? 0;
  return { total, rows: rows.filter((row) => row[key] !== null).map(read) };
}
