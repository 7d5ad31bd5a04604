import { callFunction } from './call-function.ts';
import { type Query, query } from './query.ts';

export interface TenantClient {
  readonly clientId: string;
  readonly name: string;
  readonly origin: 'registered' | 'document' | 'operator' | null;
  readonly people: number;
  readonly agents: number;
  readonly lastUsedAt: string | null;
  /** When an admin of the tenant blocked it; null where nobody did. */
  readonly blockedAt: string | null;
}

/** The clients to which people of the entered tenant gave access that lasts, and those that are blocked there, by id. */
export function selectClients(): Query<readonly TenantClient[]> {
  const sql = `
    select client_id, name, origin, people::integer, agents::integer, to_json(last_used_at) #>> '{}' as last_used_at,
           to_json(blocked_at) #>> '{}' as blocked_at
      from app.tenant_clients() order by client_id`;
  return query(sql, [], (rows) =>
    rows.map((row) => ({
      clientId: row.client_id as string,
      name: row.name as string,
      origin: row.origin as TenantClient['origin'],
      people: row.people as number,
      agents: row.agents as number,
      lastUsedAt: row.last_used_at as string | null,
      blockedAt: row.blocked_at as string | null,
    })),
  );
}

/** Ends every agent of a client in the entered tenant. Refuses with `insufficient_role` or `not_found`. */
export function endClientRow(clientId: string) {
  return callFunction<{ ended: number }>('app.system_end_client($1)', [clientId]);
}

/** Blocks a client in the entered tenant and ends its agents, or takes the block away. Refuses with `insufficient_role` or `not_found`. */
export function blockClientRow(clientId: string, blocked: boolean) {
  return callFunction<{ changed: boolean; ended: number }>('app.system_block_client($1, $2)', [
    clientId,
    blocked,
  ]);
}
