import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** Calls a SQL function that answers one jsonb: its result with `ok: true`, or a refusal as data. */
export function callFunction<Result>(call: string, params: readonly unknown[]): Query<SqlAnswer<Result>> {
  return query(`select ${call} as answer`, params, (rows) => onlyRow(rows).answer as SqlAnswer<Result>);
}
