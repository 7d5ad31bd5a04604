import { onlyRow, type Query, query } from './query.ts';

/** How often the same was refused to the same address before it was known who asks. */
export interface Refused {
  /** Method and pattern of a route, as `POST /oauth/token`; never a path, which is a client's text. */
  readonly route: string;
  readonly status: number;
  /** Of IPv6 its network of 64 bits; `unknown` where nobody vouches for it. */
  readonly address: string;
  readonly count: number;
}

/**
 * Adds a row to the platform's log, which takes one a minute: null, or after how many seconds it takes the next. `total` counts
 * those as well that are not among `refused`.
 */
export function noteRefusals(refused: readonly Refused[], total: number): Query<number | null> {
  return query(
    'select app.system_note_refusals($1, $2) as wait',
    [JSON.stringify(refused), total],
    (rows) => onlyRow(rows).wait as number | null,
  );
}

/** Removes what was refused more than 400 days ago; how many rows. */
export function forgetRefusals(): Query<number> {
  return query('select app.system_forget_refusals() as removed', [], (rows) => Number(onlyRow(rows).removed));
}
