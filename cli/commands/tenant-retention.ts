import type { Command } from 'commander';
import { RETAINED, type Retained } from '../../worker/database/retention.ts';
import {
  parseRetentionWish,
  RETAIN_DAYS_MAX,
  retainDaysMin,
} from '../../worker/tenants/retention/parse-wish.ts';
import { periodText, RETAINED_WORDS } from '../../worker/tenants/retention/retention-words.ts';
import { asTenantOperator, type RetentionDefaults } from '../database/tenant-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { formatTable, printJson, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { requireKnown } from './tenant-command.ts';
import { tenantNamed } from './tenant-option.ts';

type RetentionOptions = DatabaseOptions & { readonly [Kind in Retained]?: string };

export function registerRetention(tenant: Command): void {
  const command = withDatabase(tenant.command('retention'))
    .argument('[tenant]', 'its id (ten_...); without one, the defaults of the platform')
    .summary('for how long a tenant keeps runs, logs, outputs, data and its audit log')
    .description(
      'Shows it, or sets it. What is over its time goes within a day, bytes that nothing names any more within another; the audit log of the tenant says how much. Without a tenant it is about what tenants said nothing about; a default that is changed counts from now on.',
    );
  for (const kind of RETAINED)
    command.option(
      `--${kind} <days>`,
      `${RETAINED_WORDS[kind].what}: days (from ${retainDaysMin(kind)} on), for-ever, or default`,
    );
  command
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway tenant retention ten_01jd...\n  $ ./causeway tenant retention ten_01jd... --logs 30 --outputs for-ever --runs default\n  $ ./causeway tenant retention --logs 180',
    )
    .action((id: string | undefined, options: RetentionOptions) =>
      id === undefined ? platform(options) : ofOne(id, options),
    );
}

async function ofOne(id: string, options: RetentionOptions): Promise<void> {
  const tenant = tenantNamed(id);
  const wish = wishOf(options);
  const ownerUrl = await ownerUrlOf(options);
  await requireKnown(ownerUrl, tenant);
  const retention = await asTenantOperator(ownerUrl, async (operator) => {
    if (Object.keys(wish).length > 0) await operator.setRetention(tenant, wish);
    return operator.findRetention(tenant);
  });
  if (options.json) return printJson({ tenant, retention });
  const rows = RETAINED.map((kind) => {
    const { days, is_own: isOwn } = retention[kind];
    return [kind, periodText(days), isOwn ? 'the tenant' : 'the platform', RETAINED_WORDS[kind].what];
  });
  printResult(formatTable(['kind', 'kept', 'as said for', 'what'], rows));
}

async function platform(options: RetentionOptions): Promise<void> {
  const { audit, ...wish } = wishOf(options);
  if (audit !== undefined || Object.values(wish).includes('default'))
    throw new Failure({
      what: 'Nothing was changed.',
      why:
        audit === undefined
          ? 'a default has no default'
          : 'the audit log is kept for ever, but where a tenant says otherwise',
      remedy: 'name a tenant, or give days or for-ever for --runs, --logs, --outputs, --snapshots',
    });
  const defaults = await asTenantOperator(await ownerUrlOf(options), async (operator) => {
    if (Object.keys(wish).length > 0) await operator.setRetentionDefaults(wish as Partial<RetentionDefaults>);
    return operator.findRetentionDefaults();
  });
  if (options.json) return printJson({ defaults });
  const kinds = RETAINED.filter((kind) => kind !== 'audit');
  printResult(
    formatTable(
      ['kind', 'kept', 'what'],
      kinds.map((kind) => [kind, periodText(defaults[kind]), RETAINED_WORDS[kind].what]),
    ),
  );
}

function wishOf(options: RetentionOptions) {
  const parsed = parseRetentionWish((kind) => options[kind]);
  if (parsed.ok) return parsed.wish;
  const { kind } = parsed;
  throw new Failure({
    what: 'Nothing was changed.',
    why: `--${kind} ${options[kind]} is no number of days from ${retainDaysMin(kind)} to ${RETAIN_DAYS_MAX}`,
    remedy: `give --${kind} 90, --${kind} for-ever or --${kind} default`,
  });
}
