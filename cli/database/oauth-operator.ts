import type { Id, TenantId, UserId } from '../../protocol/ids.ts';
import type { StoredKey } from '../../worker/oauth/keys/make-key.ts';
import { answerOf } from './answer-of.ts';
import { withClient } from './with-client.ts';

export interface ServiceClient {
  readonly client: Id<'client'>;
  readonly grant: Id<'grant'>;
  readonly name: string;
  readonly metadata: object;
  /** SHA-256 in hex. */
  readonly secretSha256: string;
  readonly tenant: TenantId;
  /** The member in whose name it works. */
  readonly user: UserId;
  readonly scopes: readonly string[];
  readonly resource: string;
}

/** Publishes a signing key; the earlier ones go when it has signed for the overlap. Returns how many those are. */
export async function rotateOAuthKey(
  ownerUrl: string,
  key: StoredKey,
  {
    signsAfterSeconds,
    overlapSeconds,
  }: { readonly signsAfterSeconds: number; readonly overlapSeconds: number },
): Promise<number> {
  const answer = await call<{ retired: number }>(
    ownerUrl,
    'select app.rotate_oauth_key($1, $2, $3, make_interval(secs => $4), make_interval(secs => $5)) as answer',
    [key.keyId, JSON.stringify(key.publicJwk), key.privateKey, signsAfterSeconds, overlapSeconds],
  );
  return answer.retired;
}

/** Registers a confidential client. False where the person is no member of the tenant. */
export async function createServiceClient(ownerUrl: string, client: ServiceClient): Promise<boolean> {
  const answer = await call(
    ownerUrl,
    'select app.create_service_client($1, $2, $3, $4, $5, $6, $7, $8, $9) as answer',
    [
      client.client,
      client.name,
      JSON.stringify(client.metadata),
      client.secretSha256,
      client.tenant,
      client.user,
      client.grant,
      client.scopes,
      client.resource,
    ],
  );
  return answer.ok;
}

/** Ends a client and every grant to it. False where no such client is alive. */
export async function revokeOAuthClient(ownerUrl: string, clientId: string): Promise<boolean> {
  return (await call(ownerUrl, 'select app.revoke_oauth_client($1) as answer', [clientId])).ok;
}

function call<Answer = object>(
  ownerUrl: string,
  sql: string,
  values: readonly unknown[],
): Promise<Answer & { readonly ok: boolean }> {
  return withClient(ownerUrl, (client) => answerOf(client, sql, values));
}
