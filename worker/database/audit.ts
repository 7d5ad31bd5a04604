import type { CallEvent } from '../audit/call-record.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';

export type AuditOutcome = 'ok' | 'refused' | 'error';

export type AuditEvent = {
  /** Dotted lowercase words, noun first: `run.start`. */
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string | null;
  readonly outcome: AuditOutcome;
  /** At most 16 KiB as JSON; inputs as digests, never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
};

/**
 * Records an event in the transaction that does what it records. Who acted, by what credential, from where and when
 * are taken from the entered context and the database's clock; a caller cannot say otherwise.
 *
 * @returns a query that gives the event's id
 */
export function recordAudit(event: AuditEvent): Query<string> {
  return query(
    'select app.audit($1, $2, $3, $4, $5) as event_id',
    [event.action, event.targetKind, event.targetId, event.outcome, JSON.stringify(event.details ?? {})],
    (rows) => onlyRow(rows).event_id as string,
  );
}

/** Records what became of a call that was refused or failed; only the system may. `who` is {user, kind, credential}. */
export function auditRefusal(
  who: Readonly<Record<string, string | null>>,
  event: CallEvent,
  outcome: AuditOutcome,
  code: string,
): Query<void> {
  const params = [JSON.stringify(who), JSON.stringify(event), outcome, code];
  return query('select app.system_audit_refusal($1, $2, $3, $4)', params, readNothing);
}
