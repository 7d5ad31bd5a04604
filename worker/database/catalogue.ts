import { type Query, query } from './query.ts';

/** Something in the database that breaks the rules of tenancy, as `app.check_catalogue()` found it. */
export type CatalogueFinding = {
  readonly severity: 'error' | 'warning';
  /** Stable, snake_case. */
  readonly code: string;
  readonly object: string;
  /** One sentence: what is wrong, and the remedy. */
  readonly message: string;
};

/** The findings. With one of severity `error` nothing may be served. */
export function selectFindings(): Query<readonly CatalogueFinding[]> {
  return query('select severity, code, object, message from app.check_catalogue()', [], (rows) =>
    rows.map((row) => ({
      severity: row.severity as CatalogueFinding['severity'],
      code: row.code as string,
      object: row.object as string,
      message: row.message as string,
    })),
  );
}
