import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type ExportProof, writeHeader } from '../../worker/audit/export-header.ts';
import type { AuditOperator } from '../database/audit-operator.ts';

const LINES_MAX = 2_000;

/**
 * Writes a tenant's log into a file, page by page. The file appears when it is whole; an interrupted export leaves nothing.
 * `progress` is told how many entries are written.
 */
export async function writeExport(
  operator: AuditOperator,
  proof: ExportProof,
  file: string,
  progress: (entries: number) => void,
): Promise<void> {
  const draft = `${file}.${process.pid}.part`;
  try {
    await pipeline(linesOf(operator, proof, progress), createWriteStream(draft, { mode: 0o600 }));
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

async function* linesOf(
  operator: AuditOperator,
  proof: ExportProof,
  progress: (entries: number) => void,
): AsyncGenerator<string> {
  yield writeHeader(proof);
  for (let index = 0; index < proof.size; ) {
    const lines = await operator.exportLines(proof.tenant, proof.size, index, LINES_MAX);
    if (lines.length === 0) throw new Error(`entry ${index} of ${proof.size} is not in the database`);
    yield `${lines.join('\n')}\n`;
    index += lines.length;
    progress(index);
  }
}
