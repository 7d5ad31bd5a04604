import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';

/** Written within a second after the request that it is about, so that any moment may see it grow. */
const REQUEST_LOG = ['token_uses', 'token_last_uses'];
/** They follow the audit events, within a minute. */
const SEALS = ['audit_unsealed', 'audit_seals', 'audit_heads'];

/**
 * The rows of a tenant in each table of tenant data, as a count and a digest, seen by the superuser: two equal answers
 * mean that nothing was added, changed or deleted. The request log and the seals are left out, and so is what `except` names: tables in
 * which a refused call leaves its own record.
 */
export async function tenantContents(
  stack: TestStack,
  tenant: string,
  except: readonly string[] = [],
): Promise<Readonly<Record<string, string>>> {
  const tables = await queryAs(
    stack.superuserUrl,
    `select c.table_name as name from information_schema.columns c join information_schema.tables t
        using (table_schema, table_name)
      where c.table_schema = 'app' and c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE'
        and c.table_name <> all($1) order by 1`,
    [[...REQUEST_LOG, ...SEALS, ...except]],
  );
  const digests = tables.map(
    ({ name }) =>
      `select '${name}' as name, count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest
         from app.${name} as t where tenant_id = $1`,
  );
  const rows = await queryAs(stack.superuserUrl, digests.join(' union all '), [tenant]);
  return Object.fromEntries(rows.map(({ name, digest }) => [name as string, digest as string]));
}
