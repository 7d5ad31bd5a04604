-- What in the catalogue would let one tenant reach another's rows. The Worker asks before it serves anything, so a
-- table added tomorrow is covered today; migrations/README.md says how to add one that passes.

create function app.check_catalogue()
returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
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
    select 'error', 'plaintext_secret', format('%s.%I', t.name, a.attname),
           format('Column %s.%I sounds like a secret and no CHECK makes it a hash or an envelope.', t.name, a.attname)
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
     where t.relkind in ('r', 'p') and a.attname ~ '(secret|password|passphrase|private_key|_hash$)' and a.atttypid = 'text'::regtype
       and not exists (
         select from pg_constraint c
          where c.conrelid = t.oid and c.contype = 'c' and c.conkey = array[a.attnum]
            and pg_get_constraintdef(c.oid) ~ '(\$argon2id\$|\^?v1\\?\.|\^\[0-9a-f\]\{64\}\$)')
    union all
    select 'warning', 'set_config_public', 'pg_catalog.set_config',
           'PUBLIC may execute set_config. The signed context holds without it; where you are superuser, revoke it as well.'
      from pg_proc p
     where p.oid = 'pg_catalog.set_config(text, text, boolean)'::regprocedure
       and has_function_privilege('causeway_app', p.oid, 'execute')
  )
  select * from findings order by severity, code, object
$$;
comment on function app.check_catalogue is
  'Findings against the rules of tenancy. With one of severity `error`, nothing may be served.';
grant execute on function app.check_catalogue to causeway_app;
