import { type CatalogueFinding, selectFindings } from './catalogue.ts';
import { type Database, DatabaseError } from './database.ts';
import { query } from './query.ts';

/** What must be known of the database before anything is served. */
export interface StartupFacts {
  readonly findings: readonly CatalogueFinding[];
  /** `0201-startup-facts.sql`; null where none was applied. */
  readonly newestMigration: string | null;
  /** Of the newest key that signs access tokens; null before the first. */
  readonly signingKeyDays: number | null;
}

const UNDEFINED_FUNCTION = '42883';
const UNDEFINED_SCHEMA = '3F000';

/**
 * Reads them in one request; null where the database has no such functions: its migrations are missing.
 *
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function readStartupFacts(database: Database): Promise<StartupFacts | null> {
  try {
    const [findings, facts] = await database.transaction([selectFindings(), selectFacts()]);
    return { findings, ...facts };
  } catch (error) {
    const { sqlstate } = error instanceof DatabaseError ? error : { sqlstate: null };
    if (sqlstate === UNDEFINED_FUNCTION || sqlstate === UNDEFINED_SCHEMA) return null;
    throw error;
  }
}

function selectFacts() {
  return query('select newest_migration, signing_key_days from app.startup_facts()', [], ([row]) => ({
    newestMigration: (row?.newest_migration ?? null) as string | null,
    signingKeyDays: (row?.signing_key_days ?? null) as number | null,
  }));
}
