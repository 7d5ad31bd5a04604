import type { Command } from 'commander';
import type { TenantId } from '../../protocol/ids.ts';
import type { AuditSink } from '../../worker/database/audit-sinks.ts';
import { withAuditOperator } from '../database/audit-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printResult } from '../terminal/print.ts';
import { requireKnown } from './tenant-command.ts';
import { type TenantOptions, tenantOf, withTenant } from './tenant-option.ts';

/** Where a tenant's log is sent; for the operator, with an event in that log. */
export function registerKeeping(audit: Command): void {
  withTenant(audit.command('sinks'))
    .summary('where the log of a tenant is sent, and what was not taken')
    .description(
      'Lists webhooks, buckets, log streams and the copy in the blob store, what waits for each, and the dead letters: what was given up after a day.',
    )
    .addHelpText('after', '\nExample:\n  $ ./causeway audit sinks --tenant ten_...')
    .action(listSinks);

  withTenant(audit.command('resend'))
    .summary('send sinks once more what they did not take')
    .description(
      'Asks for the dead letters of a tenant to be sent again: within a minute, and once. The events themselves are in the log all the while.',
    )
    .option('--sink <sink>', 'one of them, as audit sinks lists it; else all')
    .addHelpText('after', '\nExample:\n  $ ./causeway audit resend --tenant ten_... --sink snk_...')
    .action(resend);
}

async function knownTenant(
  options: TenantOptions,
): Promise<{ readonly tenant: TenantId; readonly ownerUrl: string }> {
  const tenant = tenantOf(options);
  const ownerUrl = await ownerUrlOf(options);
  await requireKnown(ownerUrl, tenant);
  return { tenant, ownerUrl };
}

async function listSinks(options: TenantOptions): Promise<void> {
  const { tenant, ownerUrl } = await knownTenant(options);
  const sinks = await withAuditOperator(ownerUrl, (operator) => operator.listSinks(tenant));
  if (options.json) return printJson({ tenant, sinks });
  for (const sink of sinks) for (const line of tell(sink)) printResult(line);
  if (sinks.length === 0)
    printResult('Nothing is sent anywhere yet: the copy in the blob store begins with the first minute.');
}

function tell({
  sink,
  kind,
  url,
  waiting,
  failures,
  last_failure,
  dead_letters,
}: AuditSink): readonly string[] {
  const trouble = failures === 0 ? '' : `; not taken ${failures} times in a row: ${last_failure}`;
  return [
    `${sink}  ${kind}  ${url}  ${waiting} waiting${trouble}`,
    ...dead_letters.map(
      ({ from, until, reason, at, is_asked_again }) =>
        `  dead letter: entries ${from} to ${until - 1}, ${reason}, given up at ${at}${is_asked_again ? ', to be sent again' : ''}`,
    ),
  ];
}

async function resend(options: TenantOptions & { readonly sink?: string }): Promise<void> {
  const { tenant, ownerUrl } = await knownTenant(options);
  const asked = await withAuditOperator(ownerUrl, (operator) =>
    operator.resend(tenant, options.sink ?? null),
  );
  if (asked === 0)
    throw new Failure({
      what: 'Nothing is sent again.',
      why: `${options.sink ?? tenant} has no dead letter that was not asked for already`,
      remedy: `look at what there is: ./causeway audit sinks --tenant ${tenant}`,
    });
  if (options.json) printJson({ tenant, dead_letters: asked });
  else printResult(`${asked} dead letters are sent again within a minute.`);
}
