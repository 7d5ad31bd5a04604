-- Roles, schemas and the two helpers by which later migrations make a table safe.
--
-- Everything here runs as causeway_owner, which owns the database, has CREATEROLE and is no superuser: that is what a
-- managed Postgres gives. Such an owner cannot make a BYPASSRLS role, and forced row security binds it too; so each
-- privileged reader is a NOLOGIN role of its own, and the owner may become it only by an explicit SET ROLE.

do $$
begin
  if current_user <> 'causeway_owner' then
    raise exception 'migrations run as causeway_owner, not as %', current_user
      using hint = 'provision-database.ts makes that login and the database that it owns';
  end if;
end
$$;

-- Roles belong to the cluster, so a second database in it finds them there.
do $$
declare
  worker_role constant text := 'causeway_app';
  inner_role text;
begin
  if not exists (select from pg_roles where rolname = worker_role) then
    create role causeway_app login noinherit;
  end if;
  foreach inner_role in array array['causeway_resolver', 'causeway_keeper', 'causeway_backup'] loop
    if not exists (select from pg_roles where rolname = inner_role) then
      execute format('create role %I nologin noinherit', inner_role);
    end if;
    execute format('grant %I to causeway_owner with inherit false, set true', inner_role);
  end loop;
end
$$;

comment on role causeway_app is 'The Worker logs in as it. Sees one tenant, the one entered by app.enter().';
comment on role causeway_resolver is 'Owns the look-ups that are needed before the tenant is known.';
comment on role causeway_keeper is 'Owns what the system does for all tenants: provisioning, sweeping, sealing, retention.';
comment on role causeway_backup is 'Reads everything, for backups.';

create schema app;
create schema app_private;
comment on schema app is 'Everything a tenant owns, and the functions that the Worker may call.';
comment on schema app_private is 'Keys and the tools of migrations. The Worker cannot look inside.';

revoke all on schema public from public;
grant usage on schema app to causeway_app, causeway_resolver, causeway_keeper, causeway_backup;
grant usage on schema app_private to causeway_resolver, causeway_backup;

-- A new function may be executed by nobody until a migration says who.
alter default privileges revoke execute on functions from public;
set local role causeway_resolver;
alter default privileges revoke execute on functions from public;
set local role causeway_keeper;
alter default privileges revoke execute on functions from public;
reset role;

-- Ids are text: a prefix, then a UUIDv7 in 26 characters of Crockford base32 (protocol/ids.ts makes them).
create function app_private.create_id_domain(prefix text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format(
    'create domain app.%I as text collate "C" constraint %I check (value ~ %L)',
    prefix || '_id', prefix || '_id_form', '^' || prefix || '_[0-7][0-9a-hjkmnp-tv-z]{25}$'
  );
end
$$;
comment on function app_private.create_id_domain is 'Makes the domain app.<prefix>_id.';

-- Row security for a tenant's table: forced, one policy for the Worker, one for backups. Grants stay with the caller.
create function app_private.protect_table(target regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy tenant on %s for all to causeway_app '
    'using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()))', target
  );
  execute format('create policy backup on %s for select to causeway_backup using (true)', target);
  execute format('grant select on %s to causeway_backup', target);
end
$$;
comment on function app_private.protect_table is
  'Enables and forces row security on a table with tenant_id, with the policies `tenant` and `backup`.';

-- Grants on the database itself are not copied from a template and not dumped, so the migrator repeats this each time.
create function app_private.secure_database() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to causeway_app, causeway_backup', current_database());
end
$$;
comment on function app_private.secure_database is 'Takes CONNECT and TEMP from PUBLIC and gives CONNECT to the two logins.';
