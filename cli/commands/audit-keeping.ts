import type { Command } from 'commander';
import type { TenantId } from '../../protocol/ids.ts';
import type { AuditSink } from '../../worker/database/audit-sinks.ts';
import { withAuditOperator } from '../database/audit-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printResult } from '../terminal/print.ts';
import { requireKnown } from './tenant-command.ts';
import { type TenantOptions, tenantOf, withTenant } from './tenant-option.ts';

const DAYS_MIN = 30;
const DAYS_MAX = 36_500;

/** Where a tenant's log is sent, and for how long it is kept; for the operator, with an event in that log. */
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

  withTenant(audit.command('retention'))
    .summary('for how long the contents of events are kept')
    .description(
      'Shows it, or sets it. Contents that are older go within two days, after an event that says so; their leaves stay, so that every proof holds.',
    )
    .option('--days <days>', `for so many days, ${DAYS_MIN} at least`)
    .option('--for-ever', 'for ever, as it is at first')
    .addHelpText('after', '\nExample:\n  $ ./causeway audit retention --tenant ten_... --days 730')
    .action(retention);
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

async function retention(
  options: TenantOptions & { readonly days?: string; readonly forEver?: boolean },
): Promise<void> {
  const wanted = readDays(options);
  const { tenant, ownerUrl } = await knownTenant(options);
  const days = await withAuditOperator(ownerUrl, async (operator) => {
    if (wanted !== undefined) await operator.setRetention(tenant, wanted);
    return operator.findRetention(tenant);
  });
  if (options.json) printJson({ tenant, days });
  else
    printResult(
      days === null
        ? 'Contents of events are kept for ever.'
        : `Contents of events are kept for ${days} days.`,
    );
}

/** Undefined where nothing is to be changed, null for ever. */
function readDays(options: {
  readonly days?: string;
  readonly forEver?: boolean;
}): number | null | undefined {
  if (options.days === undefined) return options.forEver === true ? null : undefined;
  const days = Number(options.days);
  if (Number.isInteger(days) && days >= DAYS_MIN && days <= DAYS_MAX && options.forEver !== true) return days;
  throw new Failure({
    what: 'Nothing was changed.',
    why:
      options.forEver === true
        ? '--days and --for-ever exclude each other'
        : `${options.days} is no number of days from ${DAYS_MIN} to ${DAYS_MAX}`,
    remedy: 'give --days 365, or --for-ever',
  });
}
