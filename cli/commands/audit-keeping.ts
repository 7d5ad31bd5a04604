import type { Command } from 'commander';
import type { TenantId } from '../../protocol/ids.ts';
import { explainFailure } from '../../worker/audit/sinks/explain-failure.ts';
import type { AuditSink } from '../../worker/database/audit-sinks.ts';
import { withAuditOperator } from '../database/audit-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printResult } from '../terminal/print.ts';
import { requireKnown } from './tenant-command.ts';
import { type TenantOptions, tenantOf, withTenant } from './tenant-option.ts';

/** A time of the database to the second, as people read it. */
function second(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19)}Z`;
}

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
      'Has sent again within two minutes what sinks did not take: what waits behind a failure, and once the dead letters. The events themselves are in the log all the while.',
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
  next_attempt_at,
  dead_letters,
}: AuditSink): readonly string[] {
  const reason = last_failure ?? 'failed';
  const often = failures === 1 ? 'once' : `${failures} times in a row`;
  const trouble = failures === 0 ? [] : [`  not taken ${often}: ${reason}. ${explainFailure(reason, kind)}`];
  const again = next_attempt_at === null ? [] : [`  tried again from ${second(next_attempt_at)} on`];
  return [
    `${sink}  ${kind}  ${url}  ${waiting} waiting`,
    ...trouble,
    ...again,
    ...dead_letters.map(
      ({ from, until, reason, at, is_asked_again }) =>
        `  dead letter: entries ${from} to ${until - 1}, ${reason}, given up at ${second(at)}${is_asked_again ? ', to be sent again' : ''}`,
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
      why: `${options.sink ?? tenant} has no dead letter that was not asked for already, and nothing that fails`,
      remedy: `look at what there is: ./causeway audit sinks --tenant ${tenant}`,
    });
  if (options.json) printJson({ tenant, ranges: asked });
  else printResult('What was not taken is sent again within two minutes.');
}
