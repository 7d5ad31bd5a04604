import { callFunction } from './call-function.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** A webhook as the admins of its tenant see it. */
export interface AuditSink {
  readonly sink: string;
  readonly url: string;
  readonly created_at: string;
  /** The first entry that was not taken yet, and how many wait. */
  readonly next_entry: number;
  readonly waiting: number;
  /** How often in a row the batch at its front was not taken, and why the last time. */
  readonly failures: number;
  readonly last_failure: string | null;
  /** Entries from `from` up to, and without, `until` that were given up; the newest 100 ranges. */
  readonly dead_letters: readonly {
    readonly from: number;
    readonly until: number;
    readonly reason: string;
    readonly at: string;
  }[];
}

/** What is to be sent to a webhook now. Nobody else sends to it for two minutes. */
export interface ClaimedBatch {
  readonly tenant: string;
  readonly sink: string;
  readonly url: string;
  readonly from: number;
  /** JSON texts `{"entry":0,"event":{...}}`, in order, without a gap. */
  readonly entries: readonly string[];
}

export function addAuditSink(sink: string, url: string): Query<SqlAnswer<object>> {
  return callFunction('app.system_add_audit_sink($1, $2)', [sink, url]);
}

export function endAuditSink(sink: string): Query<SqlAnswer<object>> {
  return callFunction('app.system_end_audit_sink($1)', [sink]);
}

export function listAuditSinks(): Query<readonly AuditSink[]> {
  return query(
    'select app.system_list_audit_sinks() as sinks',
    [],
    (rows) => onlyRow(rows).sinks as readonly AuditSink[],
  );
}

export function claimAuditSinks(entriesMax: number): Query<readonly ClaimedBatch[]> {
  return query(
    'select app.system_claim_audit_sinks($1) as claimed',
    [entriesMax],
    (rows) => onlyRow(rows).claimed as readonly ClaimedBatch[],
  );
}

/** Says what became of a batch: taken where `failure` is null, else tried again, a dead letter after so many attempts. */
export function settleAuditSink(
  { tenant, sink, from, entries }: ClaimedBatch,
  failure: string | null,
  attemptsMax: number,
): Query<void> {
  const params = [tenant, sink, from, from + entries.length, failure, attemptsMax];
  return query('select app.system_settle_audit_sink($1, $2, $3, $4, $5, $6)', params, readNothing);
}
