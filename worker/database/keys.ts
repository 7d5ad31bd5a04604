import type { KeyOwner, KeyPurpose, StoredDataKey } from '../keys/data-key.ts';
import type { Recipe } from '../keys/kek-source.ts';
import type { StoredKek } from '../keys/key-encryption-key.ts';
import type { Database } from './database.ts';
import { query, readNothing } from './query.ts';

/** All key-encryption keys, the oldest first. */
export async function findKeks(database: Database): Promise<readonly StoredKek[]> {
  const [keks] = await database.transaction([
    query('select key_id, recipe, canary from app.find_key_encryption_keys()', [], (rows) =>
      rows.map((row) => ({
        keyId: row.key_id as string,
        recipe: row.recipe as Recipe,
        canary: row.canary as string,
      })),
    ),
  ]);
  return keks;
}

/** Stores a key where there is none; where another isolate was faster, does nothing. */
export async function addFirstKek(database: Database, { keyId, recipe, canary }: StoredKek): Promise<void> {
  const params = [keyId, JSON.stringify(recipe), canary];
  await database.transaction([
    query('select app.system_add_first_key_encryption_key($1, $2, $3)', params, readNothing),
  ]);
}

/** The data keys of a tenant or of the platform, the oldest first. */
export async function findDataKeys(database: Database, owner: KeyOwner): Promise<readonly StoredDataKey[]> {
  const [keys] = await database.transaction([
    query('select key_id, purpose, wrapped from app.find_data_keys($1)', [owner], (rows) =>
      rows.map((row) => ({
        keyId: row.key_id as string,
        purpose: row.purpose as KeyPurpose,
        wrapped: row.wrapped as string,
      })),
    ),
  ]);
  return keys;
}

/** Stores a data key where its owner has none for the purpose; where another isolate was faster, does nothing. */
export async function addFirstDataKey(
  database: Database,
  owner: KeyOwner,
  { keyId, purpose, wrapped }: StoredDataKey,
): Promise<void> {
  const params = [owner, purpose, keyId, wrapped];
  await database.transaction([
    query('select app.system_add_first_data_key($1, $2, $3, $4)', params, readNothing),
  ]);
}
