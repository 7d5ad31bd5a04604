import { withClient } from './with-client.ts';

export interface AuditEventRow {
  readonly occurredAt: Date;
  readonly action: string;
  readonly outcome: string;
  readonly targetId: string | null;
}

const EVENTS_MAX = 1000;

/**
 * The audit events of a tenant from `since` on, oldest first, at most 1,000. Row security binds the owner too, so it
 * becomes the role for backups, which reads everything and writes nothing.
 *
 * @param ownerUrl the login of `causeway_owner`
 */
export function readAuditEvents(
  ownerUrl: string,
  tenant: string,
  since: Date,
): Promise<readonly AuditEventRow[]> {
  return withClient(ownerUrl, async (client) => {
    await client.query('set role causeway_backup');
    const { rows } = await client.query<AuditEventRow>(
      `select occurred_at as "occurredAt", action, outcome, target_id as "targetId"
         from app.audit_events where tenant_id = $1 and occurred_at >= $2 order by position limit $3`,
      [tenant, since, EVENTS_MAX],
    );
    return rows;
  });
}
