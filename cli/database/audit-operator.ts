import pg from 'pg';
import type { ExportProof } from '../../worker/audit/export-header.ts';
import type { Query } from '../../worker/database/query.ts';

/** The audit log as the operator reaches it: one connection as `causeway_owner`. */
export interface AuditOperator {
  /** Asks what the Worker asks too. */
  ask<Result>(question: Query<Result>): Promise<Result>;
  /** Null where no checkpoint covers anything of the tenant. */
  exportProof(tenant: string): Promise<ExportProof | null>;
  /** Lines of an export, from an index on; fewer than `linesMax` where the tree ends. */
  exportLines(tenant: string, size: number, from: number, linesMax: number): Promise<readonly string[]>;
}

export async function withAuditOperator<Result>(
  ownerUrl: string,
  work: (operator: AuditOperator) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return await work({
      async ask(question) {
        const { rows } = await client.query<Record<string, unknown>>(question.text, [...question.params]);
        return question.read(rows);
      },
      async exportProof(tenant) {
        const sql = 'select app.export_audit_proof($1) as proof';
        return (await client.query<{ proof: ExportProof | null }>(sql, [tenant])).rows[0]?.proof ?? null;
      },
      async exportLines(tenant, size, from, linesMax) {
        const sql = 'select line from app.export_audit_lines($1, $2, $3, $4)';
        const { rows } = await client.query<{ line: string }>(sql, [tenant, size, from, linesMax]);
        return rows.map(({ line }) => line);
      },
    });
  } finally {
    await client.end();
  }
}
