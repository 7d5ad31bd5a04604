import { type CatalogueFinding, selectFindings } from './catalogue.ts';
import { type Database, DatabaseError } from './database.ts';
import { query } from './query.ts';

/** What must be known of the database before anything is served. */
export interface StartupFacts {
  readonly findings: readonly CatalogueFinding[];
  /** Names of those that were applied, as `0201-startup-facts.sql`, in order. */
  readonly migrations: readonly string[];
  /** How old each key is, in days; null where there is none yet. */
  readonly keyDays: Readonly<Record<AgingKey, number | null>>;
}

/** What has to be rotated: the newest key that signs access tokens, CONTEXT_KEY, SEAL_KEY, and the newest key-encryption key. */
export type AgingKey = 'signing' | 'context' | 'seal' | 'encryption';

const UNDEFINED_FUNCTION = '42883';
const UNDEFINED_SCHEMA = '3F000';

/**
 * Reads them in one request, which notes the SEAL_KEY by its SHA-256; null where the database cannot say them: its migrations are missing.
 *
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function readStartupFacts(
  database: Database,
  sealKeySha256: string,
): Promise<StartupFacts | null> {
  try {
    const [findings, { migrations, ...keyDays }, seal] = await database.transaction([
      selectFindings(),
      selectFacts(),
      noteSealKey(sealKeySha256),
    ]);
    // A database of before does not name them.
    return migrations === null ? null : { findings, migrations, keyDays: { ...keyDays, seal } };
  } catch (error) {
    const { sqlstate } = error instanceof DatabaseError ? error : { sqlstate: null };
    if (sqlstate === UNDEFINED_FUNCTION || sqlstate === UNDEFINED_SCHEMA) return null;
    throw error;
  }
}

function selectFacts() {
  return query('select * from app.startup_facts()', [], ([row]) => ({
    migrations: (row?.migrations ?? null) as readonly string[] | null,
    signing: (row?.signing_key_days ?? null) as number | null,
    context: (row?.context_key_days ?? null) as number | null,
    encryption: (row?.encryption_key_days ?? null) as number | null,
  }));
}

function noteSealKey(sha256: string) {
  return query('select app.system_note_seal_key($1) as days', [sha256], ([row]) => row?.days as number);
}
