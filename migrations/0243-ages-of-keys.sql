-- What is old of a deployment's keys is told at start: since when the database knows the present ones. Of SEAL_KEY, of which it
-- holds nothing else, it keeps a digest: 32 bytes that were drawn are not found again from it.

create table app.seal_key (
  only_row boolean primary key default true check (only_row),
  key_sha256 app.sha256 not null,
  known_since timestamptz not null default clock_timestamp()
);
alter table app.seal_key enable row level security;
alter table app.seal_key force row level security;
create policy backup on app.seal_key for select to causeway_backup using (true);
grant select on app.seal_key to causeway_backup;
create policy keeper on app.seal_key for all to causeway_keeper using (true) with check (true);
grant select, insert, update on app.seal_key to causeway_keeper;
comment on table app.seal_key is 'Which SEAL_KEY the Worker was last started with, as a digest, and since when.';

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

-- An older Worker that starts on this database asks for its newest migration by the same name.
drop function app.startup_facts();
create function app.startup_facts(
  out newest_migration text, out signing_key_days integer, out context_key_days integer, out encryption_key_days integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select (select max(name) from migrations.applied),
         (select floor(extract(epoch from now() - max(signs_from)) / 86400)::integer from app.oauth_keys
           where (published_until is null or published_until > now()) and signs_from <= now()),
         (select floor(extract(epoch from now() - installed_at) / 86400)::integer from app_private.signing_keys
           where purpose = 'ticket' and slot = 1),
         (select floor(extract(epoch from now() - max(created_at)) / 86400)::integer from app.key_encryption_keys)
$$;
comment on function app.startup_facts is 'The newest migration, and the ages in days of the newest key that signs access tokens, of CONTEXT_KEY and of the newest key-encryption key (NULL: none yet).';
grant execute on function app.startup_facts to causeway_app;

reset role;
set local role causeway_keeper;

create function app.system_note_seal_key(key_sha256 text) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into app.seal_key as k (key_sha256) values (system_note_seal_key.key_sha256)
  on conflict (only_row) do update
     set key_sha256 = excluded.key_sha256,
         known_since = case when k.key_sha256 = excluded.key_sha256 then k.known_since else excluded.known_since end
  returning floor(extract(epoch from clock_timestamp() - known_since) / 86400)::integer
$$;
comment on function app.system_note_seal_key is 'Notes which SEAL_KEY the Worker starts with, by its digest; the age of that key in days.';
revoke execute on function app.system_note_seal_key from public;
grant execute on function app.system_note_seal_key to causeway_app;

reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;

-- Secrets in the clear are found by app.check_secret_columns and app.system_scan_secrets; what app.check_tenancy looked for is gone.
create or replace function app.check_tenancy()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with
  tables as (
    select c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,
           format('%I.%I', s.nspname, c.relname) as name,
           (select a.attnum from pg_attribute a
             where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as tenant_column
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where s.nspname = 'app' and c.relkind in ('r', 'p', 'v', 'm', 'f')
  ),
  -- The roles that are the Worker: its login, everyone, and whatever the login is a member of.
  worker_roles as (
    select oid from pg_roles where rolname = 'causeway_app'
    union all select 0
    union all select roleid from pg_auth_members where member = to_regrole('causeway_app')
  ),
  worker_policies as (
    select p.*, t.name, t.tenant_column,
           row_number() over (partition by p.polrelid order by p.polname = 'tenant' desc, p.polname) as nth
      from pg_policy p join tables t on t.oid = p.polrelid
     where p.polpermissive and p.polroles && array(select oid from worker_roles)
  ),
  keys as (
    select i.indexrelid::regclass::text as name, t.name as table_name, t.tenant_column, i.indkey[0] as first_column,
           case when i.indisprimary then 'primary key' else 'unique index' end as kind
      from pg_index i join tables t on t.oid = i.indrelid
     where i.indisunique and t.tenant_column is not null
    union all
    select format('%I', c.conname), t.name, t.tenant_column,
           -- The tenant must be first on both sides, or the reference crosses tenants.
           case when c.confkey[1] = r.tenant_column then c.conkey[1] else 0 end,
           'foreign key'
      from pg_constraint c join tables t on t.oid = c.conrelid left join tables r on r.oid = c.confrelid
     where c.contype = 'f' and t.tenant_column is not null
       -- Of a reference to a table without tenants only who may write it learns something.
       and (r.tenant_column is not null
            or has_column_privilege('causeway_app', c.conrelid, c.conkey[1], 'insert')
            or has_column_privilege('causeway_app', c.conrelid, c.conkey[1], 'update'))
  ),
  functions as (
    select p.oid, p.oid::regprocedure::text as name, p.prosecdef, p.proconfig, o.rolname as owner
      from pg_proc p join pg_roles o on o.oid = p.proowner join pg_namespace s on s.oid = p.pronamespace
     where s.nspname !~ '^(pg_|information_schema$)'
  ),
  findings as (
    select 'error' as severity, 'row_security_off' as code, name as object,
           format('Table %s has no forced row security: call app_private.protect_table(%L).', name, name) as message
      from tables where relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
    union all
    select 'error', 'reachable_without_tenant', name,
           format('Table %s has no tenant_id and the Worker has rights on it: revoke them, and give a function.', name)
      from tables
     where relkind in ('r', 'p', 'f') and tenant_column is null
       and (has_table_privilege('causeway_app', oid, 'select, insert, update, delete, truncate, references, trigger')
            or has_any_column_privilege('causeway_app', oid, 'select, insert, update, references'))
    union all
    select 'error', 'reachable_outside_app', format('%s', c.oid::regclass),
           format('Relation %s lies outside schema app and the Worker has rights on it: revoke them.', c.oid::regclass)
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and s.nspname <> 'app' and s.nspname !~ '^(pg_|information_schema$)'
       and (has_table_privilege('causeway_app', c.oid, 'select, insert, update, delete, truncate')
            or has_any_column_privilege('causeway_app', c.oid, 'select, insert, update'))
    union all
    select 'error', 'policy_without_check', format('%s: %s', name, polname),
           format('Policy %I on %s lets rows be written without a check: give it WITH CHECK.', polname, name)
      from worker_policies where polcmd in ('*', 'a', 'w') and polwithcheck is null
    union all
    select 'error', 'policy_not_by_tenant', format('%s: %s', name, polname),
           format('Policy %I on %s is not `tenant_id = (select app.tenant_id())`, the one form that is allowed.', polname, name)
      from worker_policies
     where nth = 1 and exists (
       select from unnest(array[pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)]) as expression
        where regexp_replace(expression, '(::text|[() ]|\s)', '', 'g')
              <> 'tenant_id=SELECTapp.tenant_idAStenant_id')
    union all
    select 'error', 'second_permissive_policy', format('%s: %s', name, polname),
           format('Policy %I on %s is a second permissive one for the Worker, and permissive policies add up: drop it.', polname, name)
      from worker_policies where nth > 1
    union all
    select 'error', 'tenant_not_first', format('%s: %s', table_name, name),
           format('The %s %s of %s does not begin with tenant_id, so its conflicts tell of other tenants.', kind, name, table_name)
      from keys where first_column is distinct from tenant_column
    union all
    select 'error', 'view_without_security_invoker', name,
           format('View %s reads with its owner''s rights: create it with (security_invoker = true).', name)
      from tables where relkind = 'v' and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false)
    union all
    select 'error', 'materialized_view', name,
           format('Materialized view %s holds rows of all tenants without row security: make it a table.', name)
      from tables where relkind = 'm'
    union all
    select 'error', 'foreign_table', name, format('Foreign table %s has no row security here: drop it.', name)
      from tables where relkind = 'f'
    union all
    select 'error', 'definer_search_path', name,
           format('SECURITY DEFINER function %s has no pinned search_path: set it to pg_catalog, pg_temp.', name)
      from functions
     where prosecdef and not coalesce(proconfig && array['search_path=pg_catalog, pg_temp'], false)
    union all
    select 'error', 'definer_owner', name,
           format('SECURITY DEFINER function %s runs as %s: only causeway_resolver and causeway_keeper may own one.', name, owner)
      from functions where prosecdef and owner not in ('causeway_resolver', 'causeway_keeper')
    union all
    select 'error', 'keeper_function_open', name,
           format('Function %s acts for all tenants and the Worker may call it: revoke EXECUTE.', name)
      from functions
     where prosecdef and owner = 'causeway_keeper' and has_function_privilege('causeway_app', oid, 'execute')
       and not (name like 'app.system\_%')
    union all
    select 'error', 'worker_may_' || lower(privilege), name,
           format('The Worker''s role may %s %s: revoke it.', privilege, name)
      from tables, unnest(array['TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN']) as privilege
     where relkind in ('r', 'p') and has_table_privilege('causeway_app', tables.oid, privilege)
    union all
    select 'error', 'worker_changes_audit', 'app.audit_events',
           'The Worker''s role may change audit events: it may only add to them.'
     where has_any_column_privilege('causeway_app', 'app.audit_events', 'update')
        or has_table_privilege('causeway_app', 'app.audit_events', 'delete')
    union all
    select 'error', 'worker_may_create', format('schema %I', nspname),
           format('causeway_app may create objects in schema %I: revoke CREATE.', nspname)
      from pg_namespace where has_schema_privilege('causeway_app', oid, 'create')
    union all
    select 'error', 'worker_sees_private', 'schema app_private', 'causeway_app may use schema app_private: revoke USAGE.'
     where has_schema_privilege('causeway_app', 'app_private', 'usage')
    union all
    select 'error', 'worker_may_' || lower(privilege) || '_in_database', format('database %I', current_database()),
           format('causeway_app has %s on the database: run ./causeway migrate, which revokes it.', privilege)
      from unnest(array['CREATE', 'TEMP']) as privilege
     where has_database_privilege('causeway_app', current_database(), privilege)
    union all
    select 'error', 'role_too_powerful', rolname,
           format('Role %I has SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION: take it away.', rolname)
      from pg_roles
     where rolname like 'causeway\_%'
       and (rolsuper or rolbypassrls or rolreplication or (rolname <> 'causeway_owner' and (rolcreaterole or rolcreatedb)))
    union all
    select 'error', 'role_may_login', rolname, format('Role %I exists to own functions: make it NOLOGIN.', rolname)
      from pg_roles where rolname in ('causeway_resolver', 'causeway_keeper') and rolcanlogin
    union all
    select 'error', 'worker_is_member', r.rolname,
           format('causeway_app is a member of %I: revoke the membership.', r.rolname)
      from pg_auth_members m join pg_roles r on r.oid = m.roleid
     where m.member = to_regrole('causeway_app')
    union all
    select 'error', 'inherits_privileged_role', format('%s in %s', m.member::regrole, m.roleid::regrole),
           format('%s holds the rights of %s without SET ROLE: grant it with INHERIT FALSE.', m.member::regrole, m.roleid::regrole)
      from pg_auth_members m
     where m.roleid in (to_regrole('causeway_resolver'), to_regrole('causeway_keeper'), to_regrole('causeway_backup'))
       and m.inherit_option
    union all
    select 'error', 'worker_owns', pg_describe_object(d.classid, d.objid, d.objsubid),
           format('causeway_app owns %s: give it to causeway_owner.', pg_describe_object(d.classid, d.objid, d.objsubid))
      from pg_shdepend d
     where d.refclassid = 'pg_authid'::regclass and d.refobjid = to_regrole('causeway_app') and d.deptype = 'o'
       -- A role cannot be kept from making one where PUBLIC may; it holds nobody's rows, and must not stop the service.
       and d.classid <> 'pg_largeobject'::regclass
       and d.dbid in (0, (select oid from pg_database where datname = current_database()))
    union all
    -- A role may change its own defaults: what an injection once set would be there in every later session.
    select 'error', 'worker_settings', setting,
           format('causeway_app logs in with %s: run alter role causeway_app reset all.', setting)
      from pg_db_role_setting s, unnest(s.setconfig) as setting
     where s.setrole = to_regrole('causeway_app')
       and split_part(setting, '=', 1) ~ '^(search_path|row_security|role|session_.*|app\..*)$'
    union all
    select 'error', 'server_too_old', current_setting('server_version'),
           'This Postgres has a known hole in row security (CVE-2025-8713): update it to 17.6 or newer.'
     where current_setting('server_version_num')::integer < 170006
    union all
    select 'warning', 'set_config_public', 'pg_catalog.set_config',
           'PUBLIC may execute set_config. The signed context holds without it; where you are superuser, revoke it as well.'
      from pg_proc p
     where p.oid = 'pg_catalog.set_config(text, text, boolean)'::regprocedure
       and has_function_privilege('causeway_app', p.oid, 'execute')
  )
  select * from findings order by severity, code, object
$function$;

create or replace function app.check_catalogue()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select * from app.check_tenancy() union all select * from app.check_project_guards()
  union all select * from app.check_secret_columns() union all select * from app.system_scan_secrets(50000)
  union all select * from app.check_tenant_tables() order by 1, 2, 3
$function$;
