import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';

/*
 * Mutants of what decides in SQL: each policy, guard, grant and function of the schema with one fault, all of one kind at once, and
 * the start-up check has to name every one of them.
 */

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

/** What is looked for in the catalogue, each by its name. */
const TABLES =
  "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'app'";
const WITH = (column: string, has = true) =>
  `${TABLES} and ${has ? '' : 'not '}exists (select from pg_attribute where attrelid = format('%I.%I', schemaname, tablename)::regclass and attname = '${column}')`;
const POLICIES = (more: string) =>
  `select format('%I.%I', schemaname, tablename) as name from pg_policies
    where schemaname = 'app' and roles = '{causeway_app}' and ${more}`;
const FUNCTIONS = (more: string) =>
  `select p.oid::regprocedure::text as name from pg_proc p join pg_roles o on o.oid = p.proowner
    where p.pronamespace in ('app'::regnamespace, 'app_private'::regnamespace) and ${more}`;

/** The fault, where it can be, the SQL that makes it there, and the code under which it is found. */
const MUTANTS: readonly (readonly [string, string, (name: string) => string, RegExp])[] = [
  [
    'row security that is off',
    TABLES,
    (t) => `alter table ${t} disable row level security`,
    /^row_security_off$/,
  ],
  [
    'row security that spares the owner',
    TABLES,
    (t) => `alter table ${t} no force row level security`,
    /^row_security_off$/,
  ],
  [
    'a tenant policy that shows every row',
    POLICIES("policyname = 'tenant' and qual is not null"),
    (t) => `alter policy tenant on ${t} using (true)`,
    /^policy_not_by_tenant$/,
  ],
  [
    'a tenant policy that lets every row be written',
    POLICIES("policyname = 'tenant' and with_check is not null"),
    (t) => `alter policy tenant on ${t} with check (true)`,
    /^policy_not_by_tenant$/,
  ],
  [
    'one more policy of the Worker',
    WITH('tenant_id'),
    (t) => `create policy mutant on ${t} to causeway_app using (true)`,
    /^(second_permissive_policy|policy_not_by_tenant)$/,
  ],
  [
    'one more policy of everybody',
    WITH('tenant_id'),
    (t) => `create policy mutant on ${t} to public using (true)`,
    /^(second_permissive_policy|policy_not_by_tenant)$/,
  ],
  [
    'a guard of projects that is gone',
    POLICIES("policyname = 'project'"),
    (t) => `drop policy project on ${t}`,
    /^not_guarded_by_project$/,
  ],
  [
    'a guard of projects that lets all be deleted',
    POLICIES("policyname = 'project_delete'"),
    (t) => `drop policy project_delete on ${t}`,
    /^not_guarded_by_project$/,
  ],
  [
    'a guard of projects that shows all',
    POLICIES("policyname = 'project' and qual is not null"),
    (t) => `alter policy project on ${t} using (true)`,
    /^not_guarded_by_project$/,
  ],
  [
    'a table without tenants that the Worker reads',
    WITH('tenant_id', false),
    (t) => `grant select on ${t} to causeway_app`,
    /^reachable_without_tenant$/,
  ],
  [
    'a table that the Worker empties',
    TABLES,
    (t) => `grant truncate on ${t} to causeway_app`,
    /^worker_may_truncate$/,
  ],
  [
    'a table whose triggers the Worker makes',
    TABLES,
    (t) => `grant trigger on ${t} to causeway_app`,
    /^worker_may_trigger$/,
  ],
  [
    'a key that is not the tenant’s',
    WITH('tenant_id'),
    (t) => `create unique index on ${t} ((tenant_id || 'x'))`,
    /^tenant_not_first$/,
  ],
  [
    'rows that outlive their tenant',
    'select relation as name from app.tenant_tables() where not is_kept',
    (t) => `revoke delete on ${t} from causeway_keeper`,
    /^outlives_its_tenant$/,
  ],
  [
    'a definer’s function that believes any search_path',
    FUNCTIONS('p.prosecdef'),
    (f) => `alter function ${f} reset search_path`,
    /^definer_search_path$/,
  ],
  [
    'a definer’s function of the owner',
    FUNCTIONS('p.prosecdef'),
    (f) => `alter function ${f} owner to causeway_owner`,
    /^definer_owner$/,
  ],
  [
    'a function of the keeper that the Worker calls',
    FUNCTIONS(
      "p.prosecdef and o.rolname = 'causeway_keeper' and p.proname not like 'system\\_%' and p.pronamespace = 'app'::regnamespace",
    ),
    (f) => `grant execute on function ${f} to causeway_app`,
    /^keeper_function_open$/,
  ],
];

/** Makes a fault wherever it can be, in a transaction that is undone; where that is, and where the check finds it. */
async function found(places: string, fault: (name: string) => string) {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(`${places} order by 1`);
    await client.query('begin');
    for (const { name } of rows) await client.query(fault(name));
    const { rows: findings } = await client.query<{ code: string; object: string }>(
      "select code, object from app.check_catalogue() where severity = 'error'",
    );
    return { places: rows.map(({ name }) => name), findings };
  } finally {
    await client.end();
  }
}

describe('the start-up check names every place of the schema with', () => {
  test.each(MUTANTS)('%s', async (_what, where, fault, code) => {
    const { places, findings } = await found(where, fault);
    expect(places.length).toBeGreaterThan(5);
    const named = findings.filter((finding) => code.test(finding.code)).map(({ object }) => object);
    const isNamed = (place: string) =>
      named.some((object) => object === place || object.startsWith(`${place}:`));
    expect(places.filter((place) => !isNamed(place))).toEqual([]);
  });
});
