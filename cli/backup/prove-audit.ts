import { type NoteVerifier, readNoteVerifier } from '../../protocol/signed-note.ts';
import { type ExportProof, writeHeader } from '../../worker/audit/export-header.ts';
import { findAuditKey } from '../../worker/database/audit-log.ts';
import { verifyExport } from '../audit/verify-export.ts';
import type { AuditOperator } from '../database/audit-operator.ts';
import { Failure } from '../terminal/failure.ts';

export interface ProvenAudit {
  /** Tenants whose log a signed checkpoint covers. */
  readonly tenants: number;
  readonly entries: number;
  /** Events that are newer than the last checkpoint. */
  readonly uncovered: number;
}

const LINES_MAX = 2_000;

/**
 * Proves the audit log of each tenant, entry by entry, from the newest signed checkpoint down.
 *
 * @param key kept elsewhere; null: the one in the database, which proves that the log is whole and not who signed it
 * @throws Failure that names the first bad entry
 */
export async function proveAudit(
  operator: AuditOperator,
  tenants: readonly string[],
  key: NoteVerifier | null,
): Promise<ProvenAudit> {
  const trusted = key ?? (await storedKey(operator));
  const proven = { tenants: 0, entries: 0, uncovered: 0 };
  for (const tenant of tenants) {
    const proof = await operator.exportProof(tenant, false);
    if (proof === null) continue;
    const verdict = await verifyExport(linesOf(operator, proof), { key: trusted });
    if (!verdict.ok) throw notProven(tenant, verdict);
    proven.tenants += 1;
    proven.entries += verdict.entries;
    proven.uncovered += proof.uncovered;
  }
  return proven;
}

async function storedKey(operator: AuditOperator): Promise<NoteVerifier | null> {
  const stored = await operator.ask(findAuditKey());
  return stored === null ? null : readNoteVerifier(stored.public_key);
}

async function* linesOf(operator: AuditOperator, proof: ExportProof): AsyncGenerator<string> {
  yield writeHeader(proof).trimEnd();
  for (let index = 0; index < proof.size; ) {
    const lines = await operator.exportLines(proof.tenant, proof.size, index, LINES_MAX);
    // The verifier says at which entry the log ends.
    if (lines.length === 0) return;
    yield* lines;
    index += lines.length;
  }
}

function notProven(tenant: string, { index, problem }: { index: number | null; problem: string }): Failure {
  return new Failure({
    what: 'The backup is refused: the audit log in it is not what was sealed.',
    why: `${tenant}${index === null ? '' : `, entry ${index}`}: ${problem}`,
    remedy: 'take another backup, and find out who can write to the database that this one was made of',
  });
}
