import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { TenantId } from '../../protocol/ids.ts';
import { EXIT, orNotJudged } from '../audit/verdict-exit.ts';
import { asTenantOperator } from '../database/tenant-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { publicUrlOf } from '../stack/public-url-of.ts';
import { downloadExport } from '../tenants/download-export.ts';
import { type ArchiveRead, BadArchive, readArchive } from '../tenants/read-archive.ts';
import { createBoard } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printResult } from '../terminal/print.ts';
import { fileToWrite } from './file-option.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';
import { ofTenant, refused, type TenantCommandOptions } from './tenant-command.ts';
import { tenantNamed } from './tenant-option.ts';

type ExportOptions = TenantCommandOptions & { readonly out: string };

export function registerExport(tenant: Command): void {
  ofTenant(tenant, 'export')
    .summary('write everything of a tenant into one archive')
    .description(
      'Projects with their history, data, runs with outputs and logs, people, every table, and the audit log with its proof; no secret. The file appears when it is whole, and each part of it is checked before the next is asked for: interrupted, call it again. docs/tenants.md describes the format.',
    )
    .requiredOption('--out <file>', 'where to; a tar', fileToWrite)
    .addHelpText('after', '\nExample:\n  $ ./causeway tenant export ten_01jd... --out acme.tar')
    .action(exportTenant);
  tenant
    .command('verify-export')
    .summary('check an archive, without the deployment')
    .description(
      'Holds every file against the manifests in the archive. Ends with 0: whole; 1: not, and the first bad file, or what the deployment itself had lost when it was exported; 2: could not be judged.',
    )
    .argument('<file>', 'what tenant export wrote, or an owner downloaded')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ ./causeway tenant verify-export acme.tar')
    .action(verify);
}

async function exportTenant(id: string, options: ExportOptions): Promise<void> {
  const tenant = tenantNamed(id);
  const ownerUrl = await ownerUrlOf(options);
  const call = { ownerUrl, publicUrl: publicUrlOf(options), tenant };
  await requireThere(ownerUrl, tenant);
  const whole = await createBoard().step(`exporting ${tenant}`, (say) =>
    downloadExport(call, options.out, say),
  );
  process.exitCode = whole.missing === 0 ? 0 : 1;
  if (options.json) return printJson({ file: options.out, ...whole });
  const lack = whole.missing === 0 ? 'whole' : `not whole: ${lacked(whole.missing)}`;
  printResult(`${options.out}: ${whole.files} files, ${whole.bytes} bytes, ${lack}.`);
}

/** Refuses where there is no such tenant, or none any more. */
async function requireThere(ownerUrl: string, tenant: TenantId): Promise<void> {
  const shown = await asTenantOperator(ownerUrl, (operator) => operator.show(tenant));
  if (shown === null) throw refused('tenant_not_found');
  if (shown.status === 'erasing' || shown.status === 'deleted') throw refused('deletion_began');
}

/** What an archive lacks because the deployment does. */
function lacked(missing: number): string {
  return `the object store lacked ${missing === 1 ? '1 content' : `${missing} contents`} that rows name`;
}

const NOT_JUDGED = { what: 'The archive was not judged.', exitCode: EXIT.notJudged };

async function verify(file: string, options: JsonOptions): Promise<void> {
  if (!existsSync(file))
    throw new Failure({
      ...NOT_JUDGED,
      why: `there is no file ${file}`,
      remedy: 'name what tenant export wrote',
    });
  const judged = await orNotJudged(NOT_JUDGED, () => createBoard().step('reading', () => judge(file)));
  process.exitCode = judged.ok ? 0 : 1;
  if (options.json) printJson(judged);
  else if (judged.ok)
    printResult(
      `Whole: ${judged.files} files, ${judged.bytes} bytes of ${judged.tenant}, as of ${judged.exported_at}.`,
    );
  else printResult(`Not whole: ${judged.problem}.`);
}

type Judged = ({ ok: true } & NonNullable<ArchiveRead['whole']>) | { ok: false; problem: string };

async function judge(file: string): Promise<Judged> {
  try {
    const { whole, missing } = await readArchive(file);
    if (whole === null) return { ok: false, problem: 'its end is missing' };
    if (whole.missing === 0) return { ok: true, ...whole };
    const more = whole.missing > missing.length ? ', …' : '';
    return { ok: false, problem: `${lacked(whole.missing)}: ${missing.join(', ')}${more}` };
  } catch (error) {
    if (error instanceof BadArchive) return { ok: false, problem: error.message };
    throw error;
  }
}
