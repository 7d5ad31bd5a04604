import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { originOf, readCheckpoint } from '../../worker/audit/checkpoint.ts';
import { auditKey, makeCheckpoint, sealAll } from '../../worker/audit/seal-log.ts';
import { findAuditKey, lastCheckpoint } from '../../worker/database/audit-log.ts';
import { operatorSealer } from '../audit/operator-sealer.ts';
import { readAuditKey } from '../audit/read-audit-key.ts';
import { readLines } from '../audit/read-lines.ts';
import { EXIT, exitOf, orNotJudged } from '../audit/verdict-exit.ts';
import { type Verdict, verifyExport } from '../audit/verify-export.ts';
import { writeExport } from '../audit/write-export.ts';
import { type AuditOperator, withAuditOperator } from '../database/audit-operator.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { publicUrlOf } from '../stack/public-url-of.ts';
import { createBoard } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { registerKeeping } from './audit-keeping.ts';
import { registerRefused } from './audit-refused.ts';
import { readWitness, registerWitness } from './audit-witness.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { fileToWrite } from './file-option.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';
import { type TenantOptions, tenantOf, withTenant } from './tenant-option.ts';

interface ExportOptions extends TenantOptions {
  readonly out: string;
  readonly cosigned?: boolean;
  readonly publicUrl?: string;
}

interface VerifyOptions extends JsonOptions {
  readonly key?: string;
  readonly checkpoint?: string;
  readonly witnessKey?: string;
}

const PASSPHRASE_NOTE =
  ' Of another database KEY_PASSPHRASE (or KMS_KEY and its companions) is read from the environment; without it, what is newer than the last checkpoint stays out.';

export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .summary('the audit log: export, key, checkpoint, verify')
    .description(
      'The audit log of a tenant as evidence: each entry is a leaf of a Merkle tree (RFC 6962) under a signed checkpoint (C2SP). Keep the key, and a checkpoint now and then, where nobody of this deployment can change them.',
    )
    .helpCommand(false);

  withTenant(audit.command('export'))
    .summary('write the whole log of a tenant, with its proof, into a file')
    .description(`Seals and signs what is new, then writes the log as JSON lines.${PASSPHRASE_NOTE}`)
    .requiredOption('--out <file>', 'where to; it appears when it is whole', fileToWrite)
    .option('--cosigned', 'by the newest checkpoint that a witness cosigned; what is newer stays out')
    .option('--public-url <url>', 'the address of the deployment, where it is not this stack', parsePublicUrl)
    .addHelpText('after', '\nExample:\n  $ ./causeway audit export --out acme.jsonl')
    .action(exportLog);

  withDatabase(audit.command('key'))
    .summary('print the public key that verifies checkpoints')
    .description('Prints the key on one line. Keep it elsewhere: an export is proven against it.')
    .option('--public-url <url>', 'the address of the deployment, where it is not this stack', parsePublicUrl)
    .addHelpText('after', '\nExample:\n  $ ./causeway audit key > causeway-audit.key')
    .action(printKey);

  withDatabase(audit.command('checkpoint'))
    .summary('print the newest signed checkpoint of all tenants')
    .description(
      'Prints the note. Kept elsewhere, it shows later that the log was not cut: audit verify --checkpoint FILE. That a longer log grew out of it, a witness proves: audit witness.',
    )
    .addHelpText('after', '\nExample:\n  $ ./causeway audit checkpoint > 2026-11-22.note')
    .action(printCheckpoint);

  audit
    .command('verify')
    .summary('prove an export, without the deployment')
    .description(
      'Proves each entry of an export and names the first bad one. Ends with 0: proven; 1: changed, dropped, inserted, back-dated or cut; 2: could not be judged; 3: consistent, signer not authenticated.',
    )
    .argument('<file>', 'what audit export wrote')
    .option('--key <key>', 'the key that audit key printed, or a file that holds it')
    .option('--checkpoint <file>', 'a checkpoint that you kept; an older export is refused')
    .option('--witness-key <key>', 'the public key of a witness, or its file; its cosignature is demanded')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ ./causeway audit verify acme.jsonl --key causeway-audit.key')
    .action(verify);

  registerKeeping(audit);
  registerRefused(audit);
  registerWitness(audit);
}

async function exportLog(options: ExportOptions): Promise<void> {
  const tenant = tenantOf(options);
  await withAuditOperator(await ownerUrlOf(options), async (operator) => {
    if (options.cosigned !== true) await sealNow(operator, options);
    const proof = await operator.exportProof(tenant, options.cosigned === true);
    if (proof === null)
      throw new Failure({
        what: 'Nothing was exported.',
        why: `no checkpoint covers any event of ${tenant}`,
        remedy:
          'look at the id of the tenant; else wait for the next checkpoint (one an hour), or set KEY_PASSPHRASE (or KMS_KEY and its companions) so that this command can sign one',
      });
    await createBoard().step(`${proof.size} entries`, (say) =>
      writeExport(operator, proof, options.out, (entries) => say(`${entries} written`)),
    );
    const result = { file: options.out, tenant, entries: proof.size, uncovered: proof.uncovered };
    if (options.json) printJson(result);
    else {
      printResult(`${options.out}: ${proof.size} entries, signed.`);
      if (proof.uncovered > 0)
        printNote(`Newer events that are not in it, for no checkpoint covers them yet: ${proof.uncovered}.`);
    }
  });
}

async function printKey(options: DatabaseOptions & { publicUrl?: string }): Promise<void> {
  const ownerUrl = await ownerUrlOf(options);
  const key = await withAuditOperator(ownerUrl, async (operator) => {
    const sealer = operatorSealer(operator, {
      ...options,
      ownerUrl,
      origin: () => originOf(publicUrlOf(options)),
    });
    return sealer === null ? operator.ask(findAuditKey()) : auditKey(sealer);
  });
  if (key === null)
    throw new Failure({
      what: 'There is no key yet.',
      why: 'the deployment has not made its first checkpoint',
      remedy:
        'wait for it (a minute after the first event), or set KEY_PASSPHRASE (or KMS_KEY and its companions) so that this command makes the key',
    });
  if (options.json) printJson({ key: key.public_key });
  else printResult(key.public_key);
}

async function printCheckpoint(options: DatabaseOptions): Promise<void> {
  const last = await withAuditOperator(await ownerUrlOf(options), ({ ask }) => ask(lastCheckpoint()));
  if (last === null)
    throw new Failure({
      what: 'There is no checkpoint yet.',
      why: 'nothing was sealed so far',
      remedy: 'wait a minute, or make one: ./causeway audit export',
    });
  if (options.json) printJson({ size: last.size, note: last.note });
  else process.stdout.write(last.note);
}

/** Seals and signs what is new where the key is at hand. */
async function sealNow(operator: AuditOperator, options: ExportOptions): Promise<void> {
  const ownerUrl = await ownerUrlOf(options);
  const sealer = operatorSealer(operator, {
    ...options,
    ownerUrl,
    origin: () => originOf(publicUrlOf(options)),
  });
  await sealAll(operator);
  if (sealer !== null) await makeCheckpoint(sealer, 0);
}

async function verify(file: string, options: VerifyOptions): Promise<void> {
  const verdict = await orNotJudged(NOT_JUDGED, () => judge(file, options));
  process.exitCode = exitOf(verdict);
  if (options.json) printJson(verdict);
  else for (const line of tell(verdict)) printResult(line);
}

async function judge(file: string, options: VerifyOptions): Promise<Verdict> {
  if (!existsSync(file)) throw notJudged(`there is no file ${file}`, 'name what audit export wrote');
  const key = options.key === undefined ? null : await readAuditKey(options.key, '--key', NOT_JUDGED);
  const kept = options.checkpoint === undefined ? undefined : readKept(options.checkpoint);
  const witness = options.witnessKey === undefined ? undefined : readWitness(options.witnessKey);
  return createBoard().step('reading', (say) =>
    verifyExport(counted(readLines(file), say), {
      key,
      ...(kept === undefined ? {} : { kept }),
      ...(witness === undefined ? {} : { witness }),
    }),
  );
}

const LINES_BETWEEN_WORDS = 10_000;

async function* counted(lines: AsyncIterable<string>, say: (doing: string) => void): AsyncGenerator<string> {
  let count = 0;
  for await (const line of lines) {
    if (++count % LINES_BETWEEN_WORDS === 0) say(`${count} lines`);
    yield line;
  }
}

function tell(verdict: Verdict): readonly string[] {
  if (!verdict.ok)
    return [
      verdict.index === null
        ? `Not proven: ${verdict.problem}.`
        : `Not proven. The first bad entry is ${verdict.index}: ${verdict.problem}.`,
    ];
  const { entries, removed, tenant, checkpoint, isAuthenticated, cosignedAt } = verdict;
  return [
    isAuthenticated
      ? `Proven: ${entries} entries of ${tenant}, as ${checkpoint.origin} signed them at ${checkpoint.at}.`
      : `Consistent, signer not authenticated: ${entries} entries of ${tenant}. Whoever wrote the file may have made all of it; give the key (--key).`,
    ...(cosignedAt === null
      ? []
      : [`A witness saw that checkpoint at ${new Date(cosignedAt * 1000).toISOString()}.`]),
    ...(removed === 0 ? [] : [`${removed} of them without their contents: their time of retention is over.`]),
  ];
}

function readKept(file: string) {
  const note = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const kept = readCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  if (kept !== null) return kept;
  throw notJudged(`${file} holds no checkpoint`, 'give a file with what ./causeway audit checkpoint printed');
}

const NOT_JUDGED = { what: 'The export was not judged.', exitCode: EXIT.notJudged };

function notJudged(why: string, remedy: string): Failure {
  return new Failure({ ...NOT_JUDGED, why, remedy });
}
