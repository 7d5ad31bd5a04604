import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { TenantId } from '../../protocol/ids.ts';
import { DELETION_GRACE_MS } from '../../protocol/tenant-call.ts';
import { readAuditKey } from '../audit/read-audit-key.ts';
import { EXIT, exitOf, orNotJudged } from '../audit/verdict-exit.ts';
import { asTenantOperator } from '../database/tenant-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { attend } from '../tenants/ask-worker.ts';
import { type CertificateVerdict, verifyCertificate } from '../tenants/verify-certificate.ts';
import { createBoard } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { fileToWrite } from './file-option.ts';
import { publicUrlIfKnown } from './public-url-option.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';
import { change, ofTenant, refuseUnless, type TenantCommandOptions } from './tenant-command.ts';
import { tenantNamed } from './tenant-option.ts';

const LOOK_MS = 1_000;

type DeleteOptions = TenantCommandOptions & {
  readonly name: string;
  readonly reason?: string;
  readonly now?: boolean;
  readonly out?: string;
};

export function registerDeletion(tenant: Command): void {
  ofTenant(tenant, 'delete')
    .summary('delete a tenant for good, at once or after its grace, with a certificate')
    .description(
      `Suspends the tenant; after seven days (--now: at once) its rows, blobs, keys and executors are deleted, and a signed certificate says what that was. It goes on by itself, whatever is killed meanwhile; called again, this waits for the end.`,
    )
    .requiredOption('--name <name>', 'the name of the tenant, so that no other one is deleted by mistake')
    .option('--reason <text>', 'why; it stands in the certificate')
    .option('--now', 'without the days in which it may be kept')
    .option('--out <file>', 'with --now: where the certificate goes', fileToWrite)
    .addHelpText(
      'after',
      "\nExamples:\n  $ ./causeway tenant delete ten_01jd... --name Acme --reason 'contract ended'\n  $ ./causeway tenant delete ten_01jd... --name Acme --now --out acme.certificate",
    )
    .action(deleteTenant);
  ofTenant(tenant, 'keep')
    .summary('take back a deletion that waits')
    .addHelpText('after', '\nExample:\n  $ ./causeway tenant keep ten_01jd...')
    .action((id: string, options: TenantCommandOptions) =>
      change(id, options, 'kept', (operator, found) => operator.takeBackDeletion(found)),
    );
  ofTenant(tenant, 'certificate')
    .summary('print the certificate of a tenant that was deleted')
    .addHelpText('after', '\nExample:\n  $ ./causeway tenant certificate ten_01jd... > acme.certificate')
    .action(printCertificate);
  tenant
    .command('verify-certificate')
    .summary('prove a certificate, without the deployment')
    .description(
      'Ends with 0: proven; 1: not what was signed; 2: could not be judged; 3: consistent, signer not authenticated.',
    )
    .argument('<file>', 'what tenant certificate printed')
    .option('--key <key>', 'the key that audit key printed, or a file that holds it')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ ./causeway tenant verify-certificate acme.certificate --key causeway-audit.key',
    )
    .action(verify);
}

async function deleteTenant(id: string, options: DeleteOptions): Promise<void> {
  const tenant = tenantNamed(id);
  const ownerUrl = await ownerUrlOf(options);
  const grace = options.now === true ? 0 : DELETION_GRACE_MS / 1000;
  const begun = await asTenantOperator(ownerUrl, async (operator) => {
    const shown = await operator.show(tenant);
    if (shown === null) return { ok: false, code: 'tenant_not_found' } as const;
    if (shown.name !== options.name)
      throw new Failure({
        what: 'Nothing was done.',
        why: `${tenant} is called ${JSON.stringify(shown.name)}, not ${JSON.stringify(options.name)}`,
        remedy: 'look again which one is meant: ./causeway tenant list',
      });
    const answer = await operator.requestDeletion(tenant, options.reason ?? null, grace);
    // Called again, it waits for the end of what is under way.
    return !answer.ok && answer.code === 'deletion_began' && options.now === true
      ? ({ ok: true, due_at: '' } as const)
      : answer;
  });
  refuseUnless(begun);
  const publicUrl = publicUrlIfKnown(options);
  if (options.now !== true) {
    await attend({ ownerUrl, publicUrl, tenant });
    if (options.json) return printJson({ tenant, status: 'suspended', due_at: begun.due_at });
    printNote(
      `${tenant} is suspended, and deleted after ${begun.due_at}. ./causeway tenant keep ${tenant} takes that back.`,
    );
    return;
  }
  if (publicUrl === undefined)
    throw new Failure({
      what: `${tenant} is being deleted; this command cannot wait for it.`,
      why: 'the address of the deployment is not known here',
      remedy: `name it (--public-url https://causeway.example.com), or look later: ./causeway tenant certificate ${tenant}`,
    });
  const certificate = await createBoard().step(`deleting ${tenant}`, async (say) => {
    for (;;) {
      const attended = await attend({ ownerUrl, publicUrl, tenant });
      if (attended?.step === 'done') return certificateOf(ownerUrl, tenant);
      say(attended === null ? 'the Worker does not answer; its cron goes on' : (attended.step ?? 'waiting'));
      await delay(LOOK_MS);
    }
  });
  give(certificate, options);
}

async function certificateOf(ownerUrl: string, tenant: TenantId): Promise<string> {
  const certificate = await asTenantOperator(ownerUrl, (operator) => operator.certificate(tenant));
  if (certificate !== null) return certificate;
  throw new Failure({
    what: 'There is no certificate.',
    why: 'the tenant was not deleted, or not all of it is gone yet',
    remedy: `./causeway tenant show ${tenant} says how far it is`,
  });
}

function give(certificate: string, { json, out }: JsonOptions & { readonly out?: string }): void {
  if (out !== undefined) writeFileSync(out, certificate, { mode: 0o600 });
  if (json) printJson({ certificate, ...(out === undefined ? {} : { file: out }) });
  else if (out === undefined) process.stdout.write(certificate);
  else
    printResult(
      `${out}: the certificate. Prove it with ./causeway tenant verify-certificate ${out} --key KEY`,
    );
}

async function printCertificate(id: string, options: TenantCommandOptions): Promise<void> {
  give(await certificateOf(await ownerUrlOf(options), tenantNamed(id)), options);
}

async function verify(file: string, options: JsonOptions & { readonly key?: string }): Promise<void> {
  if (!existsSync(file)) throw notJudged(`there is no file ${file}`, 'name what tenant certificate printed');
  const verdict = await orNotJudged(NOT_JUDGED, async () => {
    const key = options.key === undefined ? null : await readAuditKey(options.key, '--key', NOT_JUDGED);
    return verifyCertificate(readFileSync(file, 'utf8'), key);
  });
  process.exitCode = exitOf(verdict);
  if (options.json) printJson(verdict);
  else for (const line of tell(verdict)) printResult(line);
}

function tell(verdict: CertificateVerdict): readonly string[] {
  if (!verdict.ok) return [`Not proven: ${verdict.problem}.`];
  const { certificate, isAuthenticated } = verdict;
  const rows = Object.values(certificate.rows).reduce((sum, count) => sum + count, 0);
  return [
    isAuthenticated
      ? `Proven: ${certificate.deployment} deleted ${certificate.tenant} (${certificate.name}) by ${certificate.finished_at}.`
      : `Consistent, signer not authenticated: ${certificate.tenant}. Whoever wrote the file may have made it up; give the key (--key).`,
    `${rows} rows, ${certificate.blobs.count} blobs (${certificate.blobs.bytes} bytes), ${certificate.keys.length} keys, ${certificate.executors} executors, ${certificate.people} accounts of people.`,
    `Its audit log ended with ${certificate.audit.size} entries, root ${certificate.audit.root}.`,
    ...(certificate.audit.sinks ?? [])
      .filter(({ taken }) => taken < certificate.audit.size)
      .map(({ sink, kind, taken }) => `The sink ${sink} (${kind}) had taken ${taken} of them.`),
  ];
}

const NOT_JUDGED = { what: 'The certificate was not judged.', exitCode: EXIT.notJudged };

function notJudged(why: string, remedy: string): Failure {
  return new Failure({ ...NOT_JUDGED, why, remedy });
}
