import type pg from 'pg';
import type { ExportProof } from '../../worker/audit/export-header.ts';
import type { AuditSink } from '../../worker/database/audit-sinks.ts';
import type { Query } from '../../worker/database/query.ts';
import type { Refused } from '../../worker/database/refusals.ts';
import { withClient } from './with-client.ts';

/** Refusals that were written together; `total` counts those too that are not among `refused`. */
export interface RefusalsRow {
  readonly event_id: string;
  readonly occurred_at: Date;
  /** A bigint as text. */
  readonly total: string;
  readonly refused: readonly Refused[];
}

/** The audit log as the operator reaches it: one connection as `causeway_owner`. */
export interface AuditOperator {
  /** Asks what the Worker asks too. */
  ask<Result>(question: Query<Result>): Promise<Result>;
  /** By the newest checkpoint, or the newest that a witness cosigned; null where none covers anything of the tenant. */
  exportProof(tenant: string, cosigned: boolean): Promise<ExportProof | null>;
  /** The newest checkpoint with the proof from an older size; null where there is none. */
  witnessRequest(oldSize: number): Promise<{
    readonly size: number;
    readonly note: string;
    readonly proof: readonly string[];
  } | null>;
  /** Keeps a witness's line; false where there is no such checkpoint, or the line is known. */
  addCosignature(size: number, line: string): Promise<boolean>;
  listSinks(tenant: string): Promise<readonly AuditSink[]>;
  /** Has dead letters of a sink, or (null) of all of the tenant, sent once more; how many ranges. */
  resend(tenant: string, sink: string | null): Promise<number>;
  /** How often whom nobody knew was refused, newest first. */
  listRefusals(rowsMax: number): Promise<readonly RefusalsRow[]>;
  /** Lines of an export, from an index on; fewer than `linesMax` where the tree ends. */
  exportLines(tenant: string, size: number, from: number, linesMax: number): Promise<readonly string[]>;
}

export function withAuditOperator<Result>(
  ownerUrl: string,
  work: (operator: AuditOperator) => Promise<Result>,
): Promise<Result> {
  return withClient(ownerUrl, (client) => work(auditOperatorOn(client)));
}

/** The same on a connection that is there, as in a transaction of its owner's. */
export function auditOperatorOn(client: pg.Client): AuditOperator {
  return {
    async ask(question) {
      const { rows } = await client.query<Record<string, unknown>>(question.text, [...question.params]);
      return question.read(rows);
    },
    async exportProof(tenant, cosigned) {
      const sql = 'select app.export_audit_proof($1, $2) as proof';
      const { rows } = await client.query<{ proof: ExportProof | null }>(sql, [tenant, cosigned]);
      return rows[0]?.proof ?? null;
    },
    async listRefusals(rowsMax) {
      return (await client.query<RefusalsRow>('select * from app.list_refusals($1)', [rowsMax])).rows;
    },
    async witnessRequest(oldSize) {
      const { rows } = await client.query('select app.witness_request($1) as request', [oldSize]);
      return rows[0]?.request ?? null;
    },
    async addCosignature(size, line) {
      const { rows } = await client.query('select app.add_audit_cosignature($1, $2) as kept', [size, line]);
      return rows[0]?.kept !== null;
    },
    async listSinks(tenant) {
      const { rows } = await client.query('select app.list_audit_sinks($1) as sinks', [tenant]);
      return rows[0]?.sinks;
    },
    async resend(tenant, sink) {
      const { rows } = await client.query('select app.resend_audit($1, $2) as asked', [tenant, sink]);
      return rows[0]?.asked;
    },
    async exportLines(tenant, size, from, linesMax) {
      const sql = 'select line from app.export_audit_lines($1, $2, $3, $4)';
      const { rows } = await client.query<{ line: string }>(sql, [tenant, size, from, linesMax]);
      return rows.map(({ line }) => line);
    },
  };
}
