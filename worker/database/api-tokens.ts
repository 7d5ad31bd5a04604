import type { Database } from './database.ts';
import { type Query, query } from './query.ts';

/** What the secret of a presented token is checked against, and whose token it is. */
export type StoredApiToken = { readonly argon2id: string; readonly userId: string };

/**
 * Finds a token by the ids that it carries, before anyone has entered its tenant. A revoked or expired token is found
 * too: `app.enter` refuses it with its reason, and only to a caller who knew the secret.
 *
 * @returns null where that tenant has no such token
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function findApiToken(
  database: Database,
  presented: { readonly tenant: string; readonly token: string },
): Promise<StoredApiToken | null> {
  const [found] = await database.transaction([selectApiToken(presented.token)]);
  return found !== null && found.tenantId === presented.tenant ? found : null;
}

function selectApiToken(tokenId: string): Query<(StoredApiToken & { readonly tenantId: string }) | null> {
  return query('select tenant_id, user_id, argon2id_hash from app.find_api_token($1)', [tokenId], ([row]) =>
    row === undefined
      ? null
      : {
          tenantId: row.tenant_id as string,
          userId: row.user_id as string,
          argon2id: row.argon2id_hash as string,
        },
  );
}
