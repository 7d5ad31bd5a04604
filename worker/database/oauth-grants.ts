import type { Call } from '../http/call.ts';
import { callFunction } from './call-function.ts';
import type { Database } from './database.ts';
import { isoOf, isoOrNull } from './moment.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';

/** What a grant gives, and whether it still does. */
export interface GrantFacts {
  readonly tenantId: string;
  readonly grantId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly resource: string;
  /** Not revoked or expired, and client, person, membership and tenant are alive too. */
  readonly alive: boolean;
}

/** Why a grant was ended. */
export type EndOfGrant = 'client' | 'code_reuse' | 'refresh_reuse';

/** A grant as SQL functions give it. */
export function readGrant(facts: Record<string, unknown>): GrantFacts {
  return {
    tenantId: facts.tenant_id as string,
    grantId: facts.grant_id as string,
    userId: facts.user_id as string,
    clientId: facts.client_id as string,
    scopes: facts.scopes as readonly string[],
    resource: facts.resource as string,
    alive: facts.alive as boolean,
  };
}

/** What the operator granted to a confidential client, or null. */
export async function findServiceGrant(database: Database, clientId: string): Promise<GrantFacts | null> {
  const [grant] = await database.transaction([
    query('select app.find_oauth_service_grant($1) as facts', [clientId], (rows) => {
      const facts = onlyRow(rows).facts as Record<string, unknown> | null;
      return facts === null ? null : readGrant(facts);
    }),
  ]);
  return grant;
}

/** Ends a grant and every token of it, before its tenant is entered; nothing where it has ended before. */
export async function revokeGrant(
  database: Database,
  grantId: string,
  because: EndOfGrant,
  call: Call,
): Promise<void> {
  await database.transaction([
    query(
      'select app.system_revoke_oauth_grant($1, $2, $3)',
      [grantId, because, callFacts(call)],
      readNothing,
    ),
  ]);
}

export interface Consent {
  readonly grantId: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly resource: string;
  /** The code by which the client fetches its tokens; null for a device, which polls. */
  readonly code: {
    readonly sha256: string;
    readonly redirect_uri: string;
    readonly challenge: string;
  } | null;
}

/** A signed-in person agrees; to be run in the tenant, entered by the session. */
export function consentToClient(consent: Consent) {
  return callFunction<{ grant_id: string }>('app.consent_to_oauth_client($1, $2, $3, $4, $5)', [
    consent.grantId,
    consent.clientId,
    consent.scopes,
    consent.resource,
    consent.code === null ? null : JSON.stringify(consent.code),
  ]);
}

/** An agent that someone let in: a living grant. */
export interface ConnectedAgent {
  readonly grantId: string;
  readonly userId: string;
  readonly userName: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly scopes: readonly string[];
  /** ISO 8601. */
  readonly createdAt: string;
  /** Of the last request that was let in, as the request log knows it a second later. */
  readonly lastUsedAt: string | null;
  /** `infinity` where it never ends, as a service's. */
  readonly expiresAt: string;
}

/** The agents of the acting person; for an admin those of the whole tenant. */
export function listConnectedAgents(): Query<readonly ConnectedAgent[]> {
  const sql = `
    select a.grant_id, a.user_id, p.name as user_name, a.client_id, a.client_name, a.scopes, a.created_at, l.last_used_at, a.expires_at
      from app.connected_agents() as a join app.tenant_people() as p using (user_id)
      left join app.token_last_uses as l on l.credential_id = a.grant_id
     order by a.created_at desc, a.grant_id`;
  return query(sql, [], (rows) =>
    rows.map((row) => ({
      grantId: row.grant_id as string,
      userId: row.user_id as string,
      userName: row.user_name as string,
      clientId: row.client_id as string,
      clientName: row.client_name as string,
      scopes: row.scopes as readonly string[],
      createdAt: isoOf(row.created_at),
      lastUsedAt: isoOrNull(row.last_used_at),
      expiresAt: isoOf(row.expires_at),
    })),
  );
}

/** Ends a connected agent from within its tenant: one's own, or as an admin anybody's. */
export function revokeConnectedAgent(grantId: string) {
  return callFunction<object>('app.revoke_oauth_grant($1)', [grantId]);
}

/** The call as audit events of the token endpoint record it. */
export function callFacts({ requestId, address, userAgent }: Call): string {
  return JSON.stringify({ request: requestId, address, agent: userAgent });
}

/** Removes codes, refresh tokens, devices and registrations that can be exchanged for nothing any more. */
export function sweepOAuth(): Query<void> {
  return query('select app.system_sweep_oauth()', [], readNothing);
}
