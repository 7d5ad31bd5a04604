import type { Database } from './database.ts';
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

/**
 * Checks the catalogue in one request. With a finding of severity `error` nothing may be served.
 *
 * @throws DatabaseUnavailable, DatabaseError (42883 where the migrations were never applied)
 */
export async function checkCatalogue(database: Database): Promise<readonly CatalogueFinding[]> {
  const [findings] = await database.transaction([selectFindings()]);
  return findings;
}

function selectFindings(): Query<readonly CatalogueFinding[]> {
  return query('select severity, code, object, message from app.check_catalogue()', [], (rows) =>
    rows.map((row) => ({
      severity: row.severity as CatalogueFinding['severity'],
      code: row.code as string,
      object: row.object as string,
      message: row.message as string,
    })),
  );
}
