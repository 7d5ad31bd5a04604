-- The life of a tenant: what belongs to it, and suspending it. What belongs to a tenant is asked of the catalogue (a table
-- with tenant_id), so that a table added tomorrow is exported and deleted too.

alter table app.tenants drop constraint tenants_status_check;
alter table app.tenants
  add constraint tenants_status_check check (status in ('active', 'suspended', 'closing', 'erasing')),
  add column suspended_by text check (suspended_by in ('operator', 'deletion')),
  add column suspended_at timestamptz,
  add column suspended_because text check (length(suspended_because) <= 500);
comment on column app.tenants.status is
  'closing: it is being deleted and its runs end, whose outcomes the system records still. erasing: nobody enters, the system neither.';

-- Tenants that are to be deleted, are being deleted, or were; 0228 and 0229 say how.
create table app.tenant_deletions (
  tenant_id app.ten_id primary key,
  tenant_name text not null check (length(tenant_name) between 1 and 255),
  requested_at timestamptz not null default clock_timestamp(),
  -- NULL: the operator.
  requested_by app.usr_id,
  reason text check (length(reason) <= 500),
  due_at timestamptz not null,
  step text not null default 'waiting'
    check (step in ('waiting', 'closing', 'sealing', 'rows', 'counting', 'blobs', 'signing', 'done')),
  began_at timestamptz,
  -- What is gone: {table: rows}, ids of keys, people who belonged to no other tenant, executors.
  row_counts jsonb not null default '{}',
  key_ids text[] not null default '{}',
  people integer not null default 0,
  executors integer not null default 0,
  -- The objects that were found when they were counted, and how far counting is.
  blobs bigint not null default 0,
  blob_bytes bigint not null default 0,
  counted_until text,
  -- As app.audit_proof says: what ties the last head of the tenant's log to a checkpoint.
  audit jsonb,
  finished_at timestamptz,
  certificate text check (length(certificate) <= 65536)
);
comment on table app.tenant_deletions is 'Tenants that are to be deleted, are being deleted, or were: then with the certificate. It outlives its tenant.';

create function app.tenant_tables()
returns table (relation text, is_kept boolean, is_whole boolean, is_held boolean, holds boolean, depth integer)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive tables as (
    select c.oid, format('%I.%I', s.nspname, c.relname) as relation
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where s.nspname = 'app' and c.relkind in ('r', 'p') and not c.relispartition
       and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
  ), refs as (
    select k.conrelid as child, k.confrelid as parent, k.condeferrable
      from pg_constraint k
     where k.contype = 'f' and k.conrelid in (select oid from tables) and k.confrelid in (select oid from tables)
  ), depths as (
    select oid, 0 as depth from tables
    union
    select r.parent, d.depth + 1 from depths d join refs r on r.child = d.oid
     where r.parent <> r.child and not r.condeferrable and d.depth < 40
  )
  select t.relation,
         t.relation in ('app.audit_seals', 'app.audit_heads', 'app.tenant_deletions'),
         exists (select from refs r where t.oid in (r.child, r.parent) and (r.condeferrable or r.child = r.parent)),
         exists (select from refs r where r.parent = t.oid and r.condeferrable),
         exists (select from refs r where r.child = t.oid and r.condeferrable),
         max(d.depth)
    from tables t join depths d using (oid)
   group by t.oid, t.relation
   order by 6, 3, 1
$$;
comment on function app.tenant_tables is
  'Every table of tenants, in an order in which a tenant''s rows can be deleted. is_kept: its rows outlive the tenant. is_whole: its rows refer to each other, or back and forth with another table (is_held by one that holds it), and go at once.';
grant execute on function app.tenant_tables to causeway_app, causeway_owner, causeway_keeper;

-- The keeper reads every table of tenants, for exports, and deletes rows of a tenant that is being erased and of no other.
create function app_private.give_to_keeper(target regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create policy tenant_life_reads on %s for select to causeway_keeper using (true)', target);
  execute format(
    'create policy tenant_life_ends on %s for delete to causeway_keeper '
    'using (tenant_id in (select t.tenant_id from app.tenants as t where t.status = ''erasing''))', target
  );
  execute format('grant select, delete on %s to causeway_keeper', target);
end
$$;
comment on function app_private.give_to_keeper is 'Lets the keeper export rows of a table of tenants, and delete those of a tenant that is being erased.';

do $$
declare
  name text;
begin
  for name in select relation from app.tenant_tables() where not is_kept and relation <> 'app.tenants' loop
    -- Where it deleted nothing before, its policy for everything else must not let it.
    if not has_table_privilege('causeway_keeper', name, 'delete') then
      execute format(
        'create policy tenant_life_ends_only on %s as restrictive for delete to causeway_keeper '
        'using (tenant_id in (select t.tenant_id from app.tenants as t where t.status = ''erasing''))', name);
    end if;
    perform app_private.give_to_keeper(name::regclass);
  end loop;
end
$$;
create policy tenant_life_ends on app.tenants as restrictive for delete to causeway_keeper using (status = 'erasing');
grant delete on app.tenants to causeway_keeper;

create or replace function app_private.protect_table(target regclass) returns void
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
  perform app_private.give_to_keeper(target);
end
$$;
comment on function app_private.protect_table is
  'Enables and forces row security on a table with tenant_id, with the policies `tenant`, `backup`, and those by which it ends with its tenant.';

alter table app.tenant_deletions enable row level security;
alter table app.tenant_deletions force row level security;
create policy tenant on app.tenant_deletions for all to causeway_app
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy backup on app.tenant_deletions for select to causeway_backup using (true);
create policy keeper on app.tenant_deletions for all to causeway_keeper using (true) with check (true);
grant select on app.tenant_deletions to causeway_backup;
grant select, insert, update, delete on app.tenant_deletions to causeway_keeper;
-- Who belonged to the tenant alone goes with it, and so do its executors.
grant delete on app.users, app.passwords, app.notices, app.pools, app.executors, app.join_tokens to causeway_keeper;

create function app.check_tenant_tables() returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select 'error', 'outlives_its_tenant', t.relation,
         format('Rows of %s would be neither exported nor deleted with their tenant: select app_private.give_to_keeper(%L).', t.relation, t.relation)
    from app.tenant_tables() as t
   where not t.is_kept and not (
     has_table_privilege('causeway_keeper', t.relation, 'select') and has_table_privilege('causeway_keeper', t.relation, 'delete')
     and (select bool_or(p.polcmd in ('*', 'r')) and bool_or(p.polcmd in ('*', 'd')) from pg_policy p
           where p.polrelid = t.relation::regclass and p.polpermissive and to_regrole('causeway_keeper')::oid = any (p.polroles)))
$$;
comment on function app.check_tenant_tables is 'Tables whose rows would outlive their tenant; part of app.check_catalogue().';
grant execute on function app.check_tenant_tables to causeway_app;

create or replace function app.check_catalogue()
returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select * from app.check_tenancy() where code <> 'plaintext_secret' union all select * from app.check_project_guards()
  union all select * from app.check_secret_columns() union all select * from app.system_scan_secrets(50000)
  union all select * from app.check_tenant_tables() order by 1, 2, 3
$$;

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

create function app.sign_tenant_call(tenant text, act text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with said as (
    select extract(epoch from clock_timestamp())::bigint as seconds
  )
  select jsonb_build_object('seconds', said.seconds, 'signatures', jsonb_agg(encode(sha256(key.outer_block || sha256(
           key.inner_block || convert_to(format(E'causeway tenant call v1\n%s\n%s\n%s', tenant, act, said.seconds), 'UTF8'))), 'hex')))
    from said, app_private.signing_keys as key
   where key.purpose = 'ticket'
   group by said.seconds
$$;
comment on function app.sign_tenant_call is 'Signs for the operator that the Worker attend to a tenant, or export it, now (protocol/tenant-call.ts).';
grant execute on function app.sign_tenant_call to causeway_owner;

set local role causeway_keeper;

-- The operator: suspending.

create function app.suspend_tenant(tenant text, reason text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.tenants as t
     set status = 'suspended', suspended_by = 'operator', suspended_at = clock_timestamp(), suspended_because = reason
   where t.tenant_id = tenant and (t.status = 'active' or (t.status = 'suspended' and t.suspended_by is distinct from 'operator'));
  if not found then
    return jsonb_build_object('ok', false, 'code',
      case when exists (select from app.tenants as t where t.tenant_id = tenant) then 'not_active' else 'tenant_not_found' end);
  end if;
  perform app.audit_person(tenant, null, 'operator', 'tenant.suspend', 'tenant', tenant, jsonb_build_object('reason', reason));
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.suspend_tenant is 'From the next request on nobody does anything in the tenant; its runs are ended. Refuses with tenant_not_found, not_active.';

create function app.resume_tenant(tenant text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  waits constant boolean := exists (select from app.tenant_deletions as d where d.tenant_id = tenant and d.step = 'waiting');
begin
  -- A tenant that waits for its deletion stays suspended by that.
  update app.tenants as t
     set status = case when waits then 'suspended' else 'active' end, suspended_by = case when waits then 'deletion' end,
         suspended_at = case when waits then t.suspended_at end, suspended_because = null
   where t.tenant_id = tenant and t.status = 'suspended' and t.suspended_by is distinct from 'deletion';
  if not found then
    return jsonb_build_object('ok', false, 'code',
      case when not exists (select from app.tenants as t where t.tenant_id = tenant) then 'tenant_not_found'
           when waits then 'deletion_waits' else 'not_suspended' end);
  end if;
  perform app.audit_person(tenant, null, 'operator', 'tenant.resume', 'tenant', tenant, '{}');
  return jsonb_build_object('ok', true, 'status', (select t.status from app.tenants as t where t.tenant_id = tenant));
end
$$;
comment on function app.resume_tenant is 'Lifts a suspension by the operator. Refuses with tenant_not_found, not_suspended, deletion_waits.';

create function app.list_tenants() returns table (
  tenant_id text, name text, status text, created_at timestamptz, suspended_at timestamptz, suspended_because text,
  members bigint, projects bigint, runs bigint, deletion_due_at timestamptz, deletion_step text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(t.tenant_id, d.tenant_id), coalesce(t.name, d.tenant_name), coalesce(t.status, 'deleted'), t.created_at, t.suspended_at,
         t.suspended_because,
         (select count(*) from app.memberships as m where m.tenant_id = t.tenant_id and m.status = 'active'),
         (select count(*) from app.projects as p where p.tenant_id = t.tenant_id and p.archived_at is null),
         (select count(*) from app.runs as r where r.tenant_id = t.tenant_id),
         d.due_at, d.step
    from app.tenants as t full join app.tenant_deletions as d using (tenant_id)
   order by t.created_at nulls last, 1
$$;
comment on function app.list_tenants is 'Every tenant, those too that were deleted.';

create function app.show_tenant(tenant text) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  place record;
  counted bigint;
  counts jsonb := '{}';
begin
  for place in select s.relation from app.tenant_tables() as s where not s.is_kept order by s.relation loop
    execute format('select count(*) from %s where tenant_id = $1', place.relation) into counted using tenant;
    if counted > 0 then
      counts := counts || jsonb_build_object(place.relation, counted);
    end if;
  end loop;
  return (select to_jsonb(l) from app.list_tenants() as l where l.tenant_id = tenant)
         || jsonb_build_object(
              'rows', counts,
              'owners', (select coalesce(jsonb_agg(u.email order by u.email), '[]') from app.memberships as m join app.users as u using (user_id)
                          where m.tenant_id = tenant and m.status = 'active' and m.role = 'owner'),
              'unfinished_runs', (select count(*) from app.runs as r where r.tenant_id = tenant and r.state = 'queued'),
              'keys', (select coalesce(jsonb_agg(k.key_id order by k.created_at), '[]') from app.tenant_keys as k where k.tenant_id = tenant));
end
$$;
comment on function app.show_tenant is 'What there is of a tenant: NULL where it never was.';

grant execute on function app.suspend_tenant, app.resume_tenant, app.list_tenants, app.show_tenant to causeway_owner;
reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;
