import type { Command } from 'commander';
import { asTenantOperator } from '../database/tenant-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { formatTable, printJson, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { change, ofTenant, refused, type TenantCommandOptions } from './tenant-command.ts';
import { registerDeletion } from './tenant-delete.ts';
import { registerExport } from './tenant-export.ts';
import { tenantNamed } from './tenant-option.ts';
import { registerPurge } from './tenant-purge.ts';
import { registerRetention } from './tenant-retention.ts';

export function registerTenant(program: Command): void {
  const tenant = program
    .command('tenant')
    .summary(
      'the life of tenants: list, show, suspend, resume, export, purge, retention, delete, keep, certificate',
    )
    .description(
      'What an operator does with a tenant as a whole. Owners export and delete their own on the page /teams.',
    )
    .helpCommand(false);

  withDatabase(tenant.command('list'))
    .summary('every tenant, those too that were deleted')
    .addHelpText('after', '\nExample:\n  $ ./causeway tenant list')
    .action(list);
  ofTenant(tenant, 'show')
    .summary('what there is of a tenant: state, owners, rows by table')
    .addHelpText('after', '\nExample:\n  $ ./causeway tenant show ten_01jd...')
    .action(show);
  ofTenant(tenant, 'suspend')
    .summary('let nobody act in a tenant, and end its runs')
    .description(
      'From the next request on every person, token, agent and executor of the tenant is refused; its runs are cancelled. Nothing is deleted.',
    )
    .option('--reason <text>', 'why; it stands in the audit log of the tenant')
    .addHelpText('after', "\nExample:\n  $ ./causeway tenant suspend ten_01jd... --reason 'unpaid since May'")
    .action((id: string, options: TenantCommandOptions & { reason?: string }) =>
      change(id, options, 'suspended', (operator, tenant) =>
        operator.suspend(tenant, options.reason ?? null),
      ),
    );
  ofTenant(tenant, 'resume')
    .summary('lift a suspension')
    .addHelpText('after', '\nExample:\n  $ ./causeway tenant resume ten_01jd...')
    .action((id: string, options: TenantCommandOptions) =>
      change(id, options, 'active', (operator, tenant) => operator.resume(tenant)),
    );
  registerExport(tenant);
  registerPurge(tenant);
  registerRetention(tenant);
  registerDeletion(tenant);
}

async function list(options: DatabaseOptions): Promise<void> {
  const tenants = await asTenantOperator(await ownerUrlOf(options), (operator) => operator.list());
  if (options.json) return printJson(tenants);
  const rows = tenants.map((tenant) => [
    ...[tenant.tenant_id, tenant.name, tenant.status],
    ...[tenant.members, tenant.projects, tenant.runs],
    ...[day(tenant.created_at), tenant.deletion_step === 'waiting' ? day(tenant.deletion_due_at) : ''],
  ]);
  printResult(
    formatTable(['id', 'name', 'state', 'members', 'projects', 'runs', 'since', 'deleted after'], rows),
  );
}

async function show(id: string, options: DatabaseOptions): Promise<void> {
  const tenant = tenantNamed(id);
  const shown = await asTenantOperator(await ownerUrlOf(options), (operator) => operator.show(tenant));
  if (shown === null) throw refused('tenant_not_found');
  if (options.json) return printJson(shown);
  const lines: readonly (readonly [string, string])[] = [
    ['name', shown.name],
    ['state', shown.suspended_because ? `${shown.status} (${shown.suspended_because})` : shown.status],
    ['owners', shown.owners.join(', ')],
    ['unfinished runs', String(shown.unfinished_runs)],
    ['keys', shown.keys.join(', ')],
    ['deletion', shown.deletion_step === null ? '' : `${shown.deletion_step}, due ${shown.deletion_due_at}`],
  ];
  for (const [name, text] of lines) if (text !== '') printResult(`${name.padEnd(16)}${text}`);
  const rows = Object.entries(shown.rows).map(([table, count]) => [table.replace(/^app\./, ''), count]);
  if (rows.length > 0) printResult(`\n${formatTable(['table', 'rows'], rows)}`);
}

function day(date: Date | null): string {
  return date?.toISOString().slice(0, 10) ?? '';
}
