import { callFunction } from './call-function.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** Where entries go: somebody's webhook, bucket or log stream, or (`blobs`) the blob store of this deployment. */
export type SinkKind = 'webhook' | 's3' | 'cloudwatch' | 'blobs';

/** What a sink needs beside its address; nothing of it is secret. */
export interface SinkSettings {
  readonly region?: string;
  readonly access_key_id?: string;
  readonly log_group?: string;
  readonly log_stream?: string;
}

/** A new sink: `secret` is an envelope. */
export interface NewSink {
  readonly sink: string;
  readonly kind: Exclude<SinkKind, 'blobs'>;
  readonly url: string;
  readonly settings: SinkSettings;
  readonly secret: string | null;
}

/** A sink as the admins of its tenant see it. */
export interface AuditSink {
  readonly sink: string;
  readonly kind: SinkKind;
  readonly url: string;
  readonly settings: SinkSettings;
  readonly created_at: string;
  /** The first entry that was not taken yet, and how many wait. */
  readonly next_entry: number;
  readonly waiting: number;
  /** How often in a row the batch at its front was not taken, and why the last time. */
  readonly failures: number;
  readonly last_failure: string | null;
  /** When it is tried again, at the earliest; null where it does not fail. */
  readonly next_attempt_at: string | null;
  /** Entries from `from` up to, and without, `until` that were given up; the newest 100 ranges. */
  readonly dead_letters: readonly {
    readonly from: number;
    readonly until: number;
    readonly reason: string;
    readonly at: string;
    /** They are to be sent once more. */
    readonly is_asked_again: boolean;
  }[];
}

/** What is to be sent to a sink now. Nobody else sends to it for two minutes. */
export interface ClaimedBatch {
  readonly tenant: string;
  readonly sink: string;
  readonly kind: SinkKind;
  readonly url: string;
  readonly settings: SinkSettings;
  /** An envelope. */
  readonly secret_access_key: string | null;
  readonly from: number;
  /** How many entries there are by now, or where the dead letter ends. */
  readonly size: number;
  /** When its first entry was sealed, `2026-11-22`, UTC. */
  readonly day: string;
  readonly is_dead_letter: boolean;
  /** JSON texts `{"entry":0,"event":{...}}`, in order, without a gap. */
  readonly entries: readonly string[];
}

/** A copy of entries in the blob store. */
export interface AuditCopy {
  readonly tenant: string;
  readonly day: string;
  readonly sha256: string;
}

export function addAuditSink({ sink, kind, url, settings, secret }: NewSink): Query<SqlAnswer<object>> {
  return callFunction('app.system_add_audit_sink($1, $2, $3, $4, $5)', [
    sink,
    kind,
    url,
    JSON.stringify(settings),
    secret,
  ]);
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

/**
 * For an owner in a session: has dead letters of a sink sent once more, all or the one that begins at `from`. With all, it is
 * tried again at once where it fails (`hastened`).
 */
export function resendAudit(sink: string, from: number | null): Query<SqlAnswer<Resent>> {
  return callFunction('app.system_resend_audit($1, $2)', [sink, from]);
}

export interface Resent {
  readonly dead_letters: number;
  readonly hastened: boolean;
}

/** At most `entriesMax` of each sink, and none further once there are `bytesMax`; of one tenant alone, or (null) of all. */
export function claimAuditSinks(
  entriesMax: number,
  bytesMax: number,
  tenant: string | null = null,
): Query<readonly ClaimedBatch[]> {
  return query(
    'select app.system_claim_audit_sinks($1, $2, $3) as claimed',
    [entriesMax, bytesMax, tenant],
    (rows) => onlyRow(rows).claimed as readonly ClaimedBatch[],
  );
}

/**
 * Says what became of a batch: taken where `failure` is null, and the next one leaves after `pauseSeconds`; else tried again,
 * and a dead letter after so many attempts.
 */
export function settleAuditSink(
  { tenant, sink, from, entries }: Pick<ClaimedBatch, 'tenant' | 'sink' | 'from' | 'entries'>,
  failure: string | null,
  { attemptsMax, pauseSeconds }: { readonly attemptsMax: number; readonly pauseSeconds: number },
): Query<void> {
  const params = [tenant, sink, from, from + entries.length, failure, attemptsMax, pauseSeconds];
  return query('select app.system_settle_audit_sink($1, $2, $3, $4, $5, $6, $7)', params, readNothing);
}

/** Says what became of a dead letter that was sent again. */
export function settleDeadLetter(
  { tenant, sink, from }: Pick<ClaimedBatch, 'tenant' | 'sink' | 'from'>,
  failure: string | null,
): Query<void> {
  return query(
    'select app.system_settle_dead_letter($1, $2, $3, $4)',
    [tenant, sink, from, failure],
    readNothing,
  );
}

/** Copies in the blob store of which retention has taken every content. */
export function findRemovedCopies(copiesMax: number): Query<readonly AuditCopy[]> {
  return query(
    'select app.system_find_removed_audit_copies($1) as copies',
    [copiesMax],
    (rows) => onlyRow(rows).copies as readonly AuditCopy[],
  );
}

export function forgetCopies(copies: readonly AuditCopy[]): Query<void> {
  return query('select app.system_forget_audit_copies($1)', [JSON.stringify(copies)], readNothing);
}
