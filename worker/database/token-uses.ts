import type { TokenUse } from '../tokens/token-use.ts';
import { isoOf } from './moment.ts';
import { type Query, query, readNothing } from './query.ts';

/** Adds entries to the request log of the entered tenant, and a row for `dropped` others. Only the system may. */
export function recordTokenUses(uses: readonly TokenUse[], dropped: number): Query<void> {
  return query('select app.system_record_token_uses($1, $2)', [JSON.stringify(uses), dropped], readNothing);
}

/** Forgets entries of the request log whose 90 days are over. */
export function sweepTokenUses(): Query<void> {
  return query('select app.system_sweep_token_uses()', [], readNothing);
}

/** An entry of the request log. */
export interface LoggedRequest {
  readonly requestId: string;
  /** ISO 8601. */
  readonly occurredAt: string;
  readonly credentialKind: 'api_token' | 'oauth' | null;
  readonly credentialId: string | null;
  /** What the token or the agent is called. */
  readonly credentialName: string | null;
  readonly userId: string | null;
  readonly userName: string | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly latencyMs: number | null;
  /** What a tool, resource or prompt answered, as JSON. */
  readonly answerBytes: number | null;
  /** `dropped`: this entry stands for others that found no room. */
  readonly outcome: 'ok' | 'refused' | 'failed' | 'dropped';
  readonly reason: string | null;
  /** For how many. */
  readonly dropped: number | null;
  /** The trace that the client said it is part of: 32 hexadecimal digits. */
  readonly traceId: string | null;
}

export interface RequestFilter {
  readonly user?: string | undefined;
  /** The id of a token or of an agent's grant. */
  readonly credential?: string | undefined;
  /** The id of a trace. */
  readonly trace?: string | undefined;
  /** Only what was not answered as asked. */
  readonly refused?: boolean | undefined;
  /** ISO 8601, inclusive. */
  readonly from?: string | undefined;
  /** ISO 8601, exclusive. */
  readonly until?: string | undefined;
}

/** Entries, newest first: for admins and owners those of the tenant, else one's own; nothing but for a session. */
export function selectRequests(
  filter: RequestFilter,
  asked: { readonly before?: string | null; readonly rowsMax: number },
): Query<readonly LoggedRequest[]> {
  const params = [JSON.stringify(filter), asked.before ?? null, asked.rowsMax];
  return query('select * from app.system_list_requests($1, $2, $3)', params, (rows) =>
    rows.map((row) => ({
      requestId: row.request_id as string,
      occurredAt: isoOf(row.occurred_at),
      credentialKind: row.credential_kind as LoggedRequest['credentialKind'],
      credentialId: row.credential_id as string | null,
      credentialName: row.credential_name as string | null,
      userId: row.user_id as string | null,
      userName: row.user_name as string | null,
      method: row.method as string | null,
      target: row.target as string | null,
      address: row.address as string | null,
      userAgent: row.user_agent as string | null,
      latencyMs: row.latency_ms as number | null,
      answerBytes: row.answer_bytes === null ? null : Number(row.answer_bytes),
      outcome: row.outcome as LoggedRequest['outcome'],
      reason: row.reason as string | null,
      dropped: row.dropped as number | null,
      traceId: row.trace_id as string | null,
    })),
  );
}
