import { type Query, query } from './query.ts';

export type CatalogueFinding = {
  readonly severity: 'error' | 'warning';
  /** Stable, snake_case. */
  readonly code: string;
  readonly object: string;
  /** One sentence: what is wrong and the remedy. */
  readonly message: string;
};

/** What in the database breaks the tenancy rules. With a finding of severity `error` nothing may be served. */
export function checkCatalogue(): Query<readonly CatalogueFinding[]> {
  return query('select severity, code, object, message from app.check_catalogue()', [], (rows) =>
    rows.map((row) => ({
      severity: row.severity as 'error' | 'warning',
      code: row.code as string,
      object: row.object as string,
      message: row.message as string,
    })),
  );
}
