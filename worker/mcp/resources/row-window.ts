import { withParameter } from '../uri-template.ts';

/** What of a table a page shows. */
export interface RowWindow {
  readonly skipped: number;
  readonly shown: number;
  /** Rows in all. */
  readonly total: number;
  readonly columns: number;
  /** Columns in all. */
  readonly columnCount: number;
}

/** What a client must know that was given a page of rows; the next one by its URI, for a client that cannot page. Pure. */
export function rowsNotice(
  { skipped, shown, total, columns, columnCount }: RowWindow,
  uri: string,
): { readonly notice?: string } {
  const last = skipped + shown;
  const said = [
    ...(columns < columnCount ? [`These are the first ${columns} of ${columnCount} columns.`] : []),
    ...(shown === 0 && skipped > 0 ? [`There are ${total} rows, all before this offset.`] : []),
    ...(shown > 0 && last < total
      ? [
          `These are rows ${skipped + 1} to ${last} of ${total}. The next ones are at ${withParameter(uri, 'offset', last)}`,
        ]
      : []),
  ];
  return said.length === 0 ? {} : { notice: said.join(' ') };
}
