import { isoOf } from './moment.ts';
import { type Query, query } from './query.ts';

/** An event as a person reads it. */
export interface AuditEntry {
  readonly eventId: string;
  /** ISO 8601. */
  readonly occurredAt: string;
  readonly userId: string | null;
  readonly userName: string | null;
  readonly credentialKind: string;
  readonly credentialId: string | null;
  /** What the token or the agent is called. */
  readonly credentialName: string | null;
  readonly clientId: string | null;
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string | null;
  readonly outcome: 'ok' | 'refused' | 'error';
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** Of the call's input as canonical JSON. */
  readonly inputSha256: string | null;
  readonly inputBytes: number | null;
  readonly details: Readonly<Record<string, unknown>>;
  /** Which entry of an export it is; null until it is sealed. */
  readonly leafIndex: number | null;
}

export interface AuditFilter {
  readonly user?: string | undefined;
  /** The id of a token, of an agent's grant, of a session. */
  readonly credential?: string | undefined;
  /** The id of an OAuth client. */
  readonly client?: string | undefined;
  /** An action, or its beginning with the point: `token.`. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: AuditEntry['outcome'] | undefined;
  readonly request?: string | undefined;
  readonly trace?: string | undefined;
  /** ISO 8601, inclusive. */
  readonly from?: string | undefined;
  /** ISO 8601, exclusive. */
  readonly until?: string | undefined;
  readonly oldest_first?: boolean | undefined;
}

/** Events behind `after`; none for anybody but an admin or owner in a session. */
export function selectAuditEvents(
  filter: AuditFilter,
  asked: { readonly after?: string | null; readonly rowsMax: number },
): Query<readonly AuditEntry[]> {
  const params = [JSON.stringify(filter), asked.after ?? null, asked.rowsMax];
  return query('select * from app.system_search_audit($1, $2, $3)', params, (rows) =>
    rows.map((row) => ({
      eventId: row.event_id as string,
      occurredAt: isoOf(row.occurred_at),
      userId: row.user_id as string | null,
      userName: row.user_name as string | null,
      credentialKind: row.credential_kind as string,
      credentialId: row.credential_id as string | null,
      credentialName: row.credential_name as string | null,
      clientId: row.client_id as string | null,
      action: row.action as string,
      targetKind: row.target_kind as string,
      targetId: row.target_id as string | null,
      outcome: row.outcome as AuditEntry['outcome'],
      requestId: row.request_id as string | null,
      traceId: row.trace_id as string | null,
      address: row.address as string | null,
      userAgent: row.user_agent as string | null,
      inputSha256: row.input_sha256 as string | null,
      inputBytes: row.input_bytes as number | null,
      details: row.details as AuditEntry['details'],
      leafIndex: row.leaf_index === null ? null : Number(row.leaf_index),
    })),
  );
}
