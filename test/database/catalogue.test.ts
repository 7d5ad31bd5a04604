import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../../worker/database/database.ts';
import { KNOWN_MIGRATIONS } from '../../worker/database/known-migrations.ts';
import { readStartupFacts } from '../../worker/database/startup-facts.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { judgeDatabase } from '../../worker/startup/judge-database.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const SEAL_KEY_SHA256 = 'a'.repeat(64);
const errors =
  "select code, object from app.check_catalogue() where severity = 'error' order by code, object";
const TABLE =
  'create table app.leaky (tenant_id app.ten_id not null, leaky_id text not null, primary key (tenant_id, leaky_id));';
const PROTECT = "select app_private.protect_table('app.leaky');";
const OF_PROJECTS = 'alter table app.leaky add project_id app.prj_id not null;';

test('what the migrations make is sound, and the Worker finds so in one request', async () => {
  let requests = 0;
  const facts = await readStartupFacts(await database.open(() => requests++), SEAL_KEY_SHA256);
  const keyDays = { signing: null, context: 0, seal: 0, encryption: null };
  expect(facts).toEqual({ findings: [], migrations: KNOWN_MIGRATIONS, keyDays });
  expect(requests).toBe(1);
});

describe('a history that is not that of this version is told, whatever its newest name is:', () => {
  /** What is said of a database after somebody did this to it, by the Worker that asks. */
  async function judged(sql: string): Promise<readonly string[]> {
    const scratch = await database.sibling();
    await scratch.asSuperuser(sql);
    const asked = createDatabase({
      connectionString: scratch.appUrl,
      endpoint: database.http.url,
      ticketKey: await importTicketKey(database.ticketKey),
    });
    const facts = await readStartupFacts(asked, SEAL_KEY_SHA256);
    return judgeDatabase(facts, { known: KNOWN_MIGRATIONS, daysMax: 400 });
  }

  test('one in the middle is missing, and one is there that nobody knows', async () => {
    expect(await judged('select')).toEqual([]);
    const lacks = "delete from migrations.applied where name = '0257-names-by-splitting.sql'";
    expect(await judged(lacks)).toEqual([
      'The database lacks migration 0257-names-by-splitting.sql: run ./causeway migrate',
    ]);
    expect(
      await judged(`${lacks}; insert into migrations.applied (name, sha256) values ('0258-other.sql', 'x')`),
    ).toEqual([
      expect.stringMatching(/^The database lacks migration 0257/),
      expect.stringMatching(/^The database has migration 0258-other\.sql, which this version does not know/),
    ]);
  });

  test('one of before, which says its newest name alone', async () => {
    const before = 'out newest_migration text, out signing_key_days integer';
    expect(
      await judged(
        `drop function app.startup_facts(); create function app.startup_facts(${before}) language sql as $$ select '0201-startup-facts.sql', 1 $$`,
      ),
    ).toEqual(['The database has no migrations, or old ones: run ./causeway migrate']);
  });
});

test('the table that migrations/README.md shows how to add is sound', async () => {
  const scratch = await database.sibling();
  await scratch.asOwner(
    `${TABLE} ${PROTECT} grant select, insert, update, delete on app.leaky to causeway_app`,
  );
  expect(await scratch.asApp(errors)).toEqual([]);
});

test('so is a table of rows of projects, with its guard', async () => {
  const scratch = await database.sibling();
  await scratch.asOwner(
    `${TABLE} ${PROTECT} ${OF_PROJECTS} select app_private.guard_by_project('app.leaky'); grant select, insert, update, delete on app.leaky to causeway_app`,
  );
  expect(await scratch.asApp(errors)).toEqual([]);
});

test('that set_config is everyone’s is a warning, since the signed context holds with it', async () => {
  const scratch = await database.sibling();
  await scratch.asSuperuser('grant execute on function set_config(text, text, boolean) to public');
  expect(await scratch.asApp('select severity, code from app.check_catalogue()')).toEqual([
    { severity: 'warning', code: 'set_config_public' },
  ]);
});

/** Each mutation of a sound catalogue that would let a tenant out, and the finding that it must give. */
const mutations: readonly (readonly [string, string, string])[] = [
  ['a table without row security', TABLE, 'row_security_off'],
  [
    'a table without forced row security',
    `${TABLE} ${PROTECT} alter table app.leaky no force row level security`,
    'row_security_off',
  ],
  [
    'row security disabled on a table of ours',
    'alter table app.tenants disable row level security',
    'row_security_off',
  ],
  [
    'a table without tenant_id that the Worker reads',
    'create table app.leaky (x int); alter table app.leaky enable row level security; alter table app.leaky force row level security; grant select on app.leaky to causeway_app',
    'reachable_without_tenant',
  ],
  ['one column of it', 'grant select (email) on app.users to causeway_app', 'reachable_without_tenant'],
  [
    'one column of it, to everyone',
    'grant select (email) on app.users to public',
    'reachable_without_tenant',
  ],
  [
    'a table in another schema',
    'create schema side; grant usage on schema side to causeway_app; create table side.leaky (x int); grant select on side.leaky to causeway_app',
    'reachable_outside_app',
  ],
  [
    'a policy for INSERT without a check',
    `${TABLE} alter table app.leaky enable row level security; alter table app.leaky force row level security; create policy tenant on app.leaky for all to causeway_app using (tenant_id = (select app.tenant_id()))`,
    'policy_without_check',
  ],
  [
    'a policy that is true',
    `${TABLE} ${PROTECT} alter policy tenant on app.leaky using (true)`,
    'policy_not_by_tenant',
  ],
  [
    'a policy by a bare setting',
    `${TABLE} ${PROTECT} alter policy tenant on app.leaky using (tenant_id = current_setting('app.tenant'))`,
    'policy_not_by_tenant',
  ],
  [
    'a policy with an OR',
    `${TABLE} ${PROTECT} alter policy tenant on app.leaky with check (tenant_id = (select app.tenant_id()) or leaky_id = 'x')`,
    'policy_not_by_tenant',
  ],
  [
    'a second permissive policy',
    `${TABLE} ${PROTECT} create policy more on app.leaky to causeway_app using (leaky_id = 'x')`,
    'second_permissive_policy',
  ],
  [
    'a permissive policy for PUBLIC',
    `${TABLE} ${PROTECT} create policy more on app.leaky using (true)`,
    'second_permissive_policy',
  ],
  [
    'a primary key without the tenant',
    "create table app.leaky (tenant_id app.ten_id, x text primary key); select app_private.protect_table('app.leaky')",
    'tenant_not_first',
  ],
  [
    'a unique index without the tenant',
    `${TABLE} ${PROTECT} create unique index on app.leaky (leaky_id)`,
    'tenant_not_first',
  ],
  [
    'a unique constraint with the tenant last',
    `${TABLE} ${PROTECT} alter table app.leaky add unique (leaky_id, tenant_id)`,
    'tenant_not_first',
  ],
  [
    'a foreign key across tenants',
    `${TABLE} ${PROTECT} alter table app.leaky add other app.ten_id, add foreign key (other, leaky_id) references app.leaky`,
    'tenant_not_first',
  ],
  [
    'a foreign key to everyone’s people that the Worker may write',
    `${TABLE} ${PROTECT} alter table app.leaky add who app.usr_id references app.users; grant insert on app.leaky to causeway_app`,
    'tenant_not_first',
  ],
  [
    'a view without security_invoker',
    'create view app.leaky as select * from app.tenants',
    'view_without_security_invoker',
  ],
  [
    'a view with security_invoker off',
    'create view app.leaky with (security_invoker = false) as select * from app.tenants',
    'view_without_security_invoker',
  ],
  [
    'a materialized view',
    'create materialized view app.leaky as select * from app.tenants',
    'materialized_view',
  ],
  [
    'a SECURITY DEFINER function without a search_path',
    "create function app.leaky() returns int language sql security definer as 'select 1'",
    'definer_search_path',
  ],
  [
    'a SECURITY DEFINER function with a search_path of its own',
    "create function app.leaky() returns int language sql security definer set search_path = app as 'select 1'",
    'definer_search_path',
  ],
  [
    'a SECURITY DEFINER function of the owner',
    "create function app.leaky() returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'",
    'definer_owner',
  ],
  [
    'a SECURITY DEFINER function in another schema',
    "create schema side; create function side.leaky() returns int language sql security definer as 'select 1'",
    'definer_search_path',
  ],
  [
    'a keeper’s function that the Worker may call',
    'set role causeway_keeper; grant execute on function app.list_api_tokens to causeway_app',
    'keeper_function_open',
  ],
  ['TRUNCATE', `${TABLE} ${PROTECT} grant truncate on app.leaky to causeway_app`, 'worker_may_truncate'],
  ['TRIGGER', `${TABLE} ${PROTECT} grant trigger on app.leaky to causeway_app`, 'worker_may_trigger'],
  [
    'UPDATE of the audit log',
    'grant update (outcome) on app.audit_events to causeway_app',
    'worker_changes_audit',
  ],
  ['DELETE of the audit log', 'grant delete on app.audit_events to causeway_app', 'worker_changes_audit'],
  ['CREATE in the schema', 'grant create on schema app to causeway_app', 'worker_may_create'],
  ['CREATE in public, for everyone', 'grant create, usage on schema public to public', 'worker_may_create'],
  ['USAGE of the keys’ schema', 'grant usage on schema app_private to causeway_app', 'worker_sees_private'],
  [
    'TEMP in the database',
    "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
    'worker_may_temp_in_database',
  ],
  [
    'a column for a plain secret',
    `${TABLE} ${PROTECT} alter table app.leaky add client_secret text`,
    'plaintext_secret',
  ],
  [
    'a column for a secret whose CHECK checks nothing',
    `${TABLE} ${PROTECT} alter table app.leaky add client_secret text check (client_secret <> '')`,
    'plaintext_secret',
  ],
  [
    'a table of rows of projects that are not guarded by them',
    `${TABLE} ${PROTECT} ${OF_PROJECTS}`,
    'not_guarded_by_project',
  ],
  [
    'one whose guard lets every row be written',
    `${TABLE} ${PROTECT} ${OF_PROJECTS} select app_private.guard_by_project('app.leaky'); alter policy project on app.leaky with check (true)`,
    'not_guarded_by_project',
  ],
  [
    'one whose column was NULL when it was guarded',
    `${TABLE} ${PROTECT} alter table app.leaky add project_id app.prj_id; select app_private.guard_by_project('app.leaky'); alter table app.leaky alter project_id set not null`,
    'not_guarded_by_project',
  ],
  [
    'one whose guard is permissive',
    `${TABLE} ${PROTECT} ${OF_PROJECTS} select app_private.guard_by_project('app.leaky'); drop policy project on app.leaky; create policy project on app.leaky to causeway_app using (project_id = any ((select app.reachable_projects())::text[]) is not false) with check (app.may_write(project_id))`,
    'not_guarded_by_project',
  ],
  ['runs without their guard', 'drop policy project on app.runs', 'not_guarded_by_project'],
  [
    'runs that who only sees them may delete',
    'drop policy project_delete on app.runs',
    'not_guarded_by_project',
  ],
  [
    'runs whose guard is another role’s',
    'alter policy project on app.runs to causeway_backup',
    'not_guarded_by_project',
  ],
  [
    'projects that are all seen',
    'alter policy project on app.projects using (true)',
    'not_guarded_by_project',
  ],
  [
    'projects that a token for some of them may add',
    'drop policy project_add on app.projects',
    'not_guarded_by_project',
  ],
];

/** What the check finds after `sql`, which is undone. */
async function codesAfter(loginUrl: string, sql: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: loginUrl });
  await client.connect();
  try {
    await client.query(`begin; ${sql}; reset role`);
    return (await client.query<{ code: string }>(errors)).rows.map(({ code }) => code);
  } finally {
    await client.end();
  }
}

describe('the check finds', () => {
  test.each(mutations)('%s', async (_name, sql, code) => {
    expect(await codesAfter(database.ownerUrl, 'select 1')).toEqual([]);
    expect(await codesAfter(database.ownerUrl, sql)).toContain(code);
  });
});

const mutationsByTheSuperuser: readonly (readonly [string, string, string])[] = [
  ['BYPASSRLS of the Worker', 'alter role causeway_app bypassrls', 'role_too_powerful'],
  ['a superuser as Worker', 'alter role causeway_app superuser', 'role_too_powerful'],
  ['BYPASSRLS of the owner', 'alter role causeway_owner bypassrls', 'role_too_powerful'],
  ['a superuser as owner', 'alter role causeway_owner superuser', 'role_too_powerful'],
  ['a resolver that can log in', 'alter role causeway_resolver login', 'role_may_login'],
  ['the Worker as a member of the keeper', 'grant causeway_keeper to causeway_app', 'worker_is_member'],
  [
    'the Worker as a member of pg_read_all_data',
    'grant pg_read_all_data to causeway_app',
    'worker_is_member',
  ],
  [
    'an owner that inherits the keeper',
    'grant causeway_keeper to causeway_owner with inherit true',
    'inherits_privileged_role',
  ],
  ['a search_path of the Worker', "alter role causeway_app set search_path = 'evil'", 'worker_settings'],
  [
    'a context as a default of the Worker',
    "alter role causeway_app set app.context = 'x'",
    'worker_settings',
  ],
  ['a table that the Worker owns', `${TABLE} alter table app.leaky owner to causeway_app`, 'worker_owns'],
];

describe('the check finds what only a superuser can do:', () => {
  test.each(mutationsByTheSuperuser)('%s', async (_name, sql, code) => {
    expect(await codesAfter(database.superuserUrl, sql)).toContain(code);
  });
});
