import type { Client, ClientMetadata } from '../oauth/client.ts';
import { callFunction } from './call-function.ts';
import type { Database } from './database.ts';
import { onlyRow, query } from './query.ts';

/** A stored client, and whether it may still be used: `fresh` is false for an expired registration or an old document. */
export interface StoredClient extends Client {
  readonly revoked: boolean;
  readonly fresh: boolean;
}

export async function findStoredClient(database: Database, clientId: string): Promise<StoredClient | null> {
  const [client] = await database.transaction([
    query('select app.find_oauth_client($1) as client', [clientId], (rows) => {
      const found = onlyRow(rows).client as Record<string, unknown> | null;
      return found === null
        ? null
        : {
            id: found.client_id as string,
            origin: found.origin as Client['origin'],
            name: found.name as string,
            metadata: found.metadata as ClientMetadata,
            secretSha256: found.secret_sha256 as string | null,
            revoked: found.revoked as boolean,
            fresh: found.fresh as boolean,
          };
    }),
  ]);
  return client;
}

/** Stores a registration, or what a metadata document says now; it lives so many seconds unless it is used. */
export async function storeClient(
  database: Database,
  client: Client,
  lifetimeSeconds: number,
): Promise<void> {
  const [answer] = await database.transaction([
    callFunction<object>('app.system_store_oauth_client($1, $2, $3, $4, $5, make_interval(secs => $6))', [
      client.id,
      client.origin,
      client.name,
      JSON.stringify(client.metadata),
      client.secretSha256,
      lifetimeSeconds,
    ]),
  ]);
  if (!answer.ok) throw new Error(`the client was not stored: ${answer.code}`);
}
