import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLines } from '../../cli/audit/read-lines.ts';
import { type Trust, type Verdict, verifyExport } from '../../cli/audit/verify-export.ts';
import { writeExport } from '../../cli/audit/write-export.ts';
import { type AuditOperator, withAuditOperator } from '../../cli/database/audit-operator.ts';
import { nodeSource } from '../../cli/keys/open-source.ts';
import { operatorKeys } from '../../cli/keys/operator-keys.ts';
import { type NoteVerifier, readNoteVerifier } from '../../protocol/signed-note.ts';
import { auditKey, makeCheckpoint, type Sealer, sealAll } from '../../worker/audit/seal-log.ts';
import { recordAudit } from '../../worker/database/audit.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import type { TestDatabase } from './database.ts';
import type { Inhabitant } from './tenants.ts';

const PASSPHRASE = 'correct horse battery staple';
export const ORIGIN = 'causeway.example/audit';

const linesOf = (file: string): readonly string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

/** The audit log of a test database, from an event to the verdict on an export. `folder` takes its files. */
export function auditLogOf(database: TestDatabase, folder: string) {
  const withOperator = <Result>(work: (operator: AuditOperator) => Promise<Result>) =>
    withAuditOperator(database.ownerUrl, work);
  const keys = operatorKeys(database.ownerUrl, nodeSource([PASSPHRASE]));
  const sealerOf = ({ ask }: AuditOperator): Sealer => ({
    ask,
    keys,
    origin: () => ORIGIN,
  });
  const seal = (operator: AuditOperator) =>
    sealAll(operator).then(() => makeCheckpoint(sealerOf(operator), 0));
  return {
    withOperator,
    seal,
    /** Records so many events, with characters that a careless format would stumble over. */
    async work(who: Inhabitant, count: number): Promise<void> {
      const events = Array.from({ length: count }, (_, index) =>
        recordAudit({
          action: 'note.add',
          targetKind: 'note',
          targetId: `n${index}`,
          outcome: 'ok',
          details: { text: 'é \u2028 \ufffd "quoted" {"index":0} \\', n: index, big: '12345678901234567890' },
        }),
      );
      await withTenant(await database.open(), who.principal, events);
    },
    /** The lines of an export that covers everything up to now: the header, then the entries. */
    async exportOf({ tenantId }: Pick<Inhabitant, 'tenantId'>): Promise<readonly string[]> {
      const file = join(folder, 'export.jsonl');
      await withOperator(async (operator) => {
        await seal(operator);
        const proof = await operator.exportProof(tenantId, false);
        if (proof === null) throw new Error('no checkpoint covers the tenant');
        await writeExport(operator, proof, file, () => {});
      });
      return linesOf(file);
    },
    linesOf,
    async key(): Promise<NoteVerifier> {
      const stored = await withOperator((operator) => auditKey(sealerOf(operator)));
      const key = await readNoteVerifier(stored.public_key);
      if (key === null) throw new Error('the stored key is none');
      return key;
    },
    judge(lines: readonly string[], trust: Trust): Promise<Verdict> {
      const file = join(folder, 'judged.jsonl');
      writeFileSync(file, `${lines.join('\n')}\n`);
      return verifyExport(readLines(file), trust);
    },
  };
}
