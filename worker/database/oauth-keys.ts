import type { Database } from './database.ts';
import { query, readNothing } from './query.ts';

/** A key that verifies now. `privateKey` is an envelope. */
export interface PublishedKey {
  readonly keyId: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateKey: string;
  /** Unix seconds. */
  readonly signsFrom: number;
}

/** The published keys, in the order in which they sign. */
export async function findKeys(database: Database): Promise<readonly PublishedKey[]> {
  const [keys] = await database.transaction([
    query('select key_id, public_jwk, private_key, signs_from from app.find_oauth_keys()', [], (rows) =>
      rows.map((row) => ({
        keyId: row.key_id as string,
        publicJwk: row.public_jwk as Record<string, unknown>,
        privateKey: row.private_key as string,
        signsFrom: row.signs_from as number,
      })),
    ),
  ]);
  return keys;
}

/** Stores a key where none is published; where another was faster, does nothing. */
export async function addFirstKey(
  database: Database,
  key: Pick<PublishedKey, 'keyId' | 'publicJwk' | 'privateKey'>,
): Promise<void> {
  await database.transaction([
    query(
      'select app.system_add_first_oauth_key($1, $2, $3)',
      [key.keyId, JSON.stringify(key.publicJwk), key.privateKey],
      readNothing,
    ),
  ]);
}
