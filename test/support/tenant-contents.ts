import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';

/** Written within a second after the request that it is about, so that any moment may see it grow. */
const REQUEST_LOG = ['token_uses', 'token_last_uses'];
/** Every call leaves an event, a refused one too; seals follow within a minute, and then what is sent to sinks. */
const AUDIT_LOG = [
  'audit_events',
  'audit_unsealed',
  'audit_seals',
  'audit_heads',
  'audit_sinks',
  'audit_copies',
  // The first copy of the log that is sealed makes the tenant's key.
  'tenant_keys',
  // The cron notes that it was there, and which blobs it found that nothing names: those of refused calls too.
  'retention_sweeps',
  'blobs_to_remove',
];

/**
 * The rows of a tenant in each table of tenant data, as a count and a digest, seen by the superuser: two equal answers
 * mean that nothing was added, changed or deleted, but for what every call leaves behind: entries of the request log and
 * the audit log.
 */
export async function tenantContents(
  stack: TestStack,
  tenant: string,
): Promise<Readonly<Record<string, string>>> {
  const tables = await queryAs(
    stack.superuserUrl,
    `select c.table_name as name from information_schema.columns c join information_schema.tables t
        using (table_schema, table_name)
      where c.table_schema = 'app' and c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE'
        and c.table_name <> all($1) order by 1`,
    [[...REQUEST_LOG, ...AUDIT_LOG]],
  );
  const digests = tables.map(
    ({ name }) =>
      `select '${name}' as name, count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest
         from app.${name} as t where tenant_id = $1`,
  );
  const rows = await queryAs(stack.superuserUrl, digests.join(' union all '), [tenant]);
  return Object.fromEntries(rows.map(({ name, digest }) => [name as string, digest as string]));
}
