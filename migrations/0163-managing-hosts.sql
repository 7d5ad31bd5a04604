-- What operators do with pools and executors, and admins with those of their own tenant.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- Pools, join tokens, cordons and revocations, of the pools of `owner` (NULL: whatever they belong to, for the operator).
create function app.pools_managed_by(owner text) returns setof app.pools
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select p from app.pools as p where owner is null or p.owner_tenant = owner $$;

-- The record of the platform, and the audit log of the tenant whose hosts they are.
create function app.note_fleet_event(owner text, action text, target_kind text, target_id text, details jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.note_platform_event(action, target_kind, target_id, details, coalesce(app.context(), '{}'));
  if owner is null then
    return;
  elsif app.context() is not null then
    perform app.audit(action, target_kind, target_id, 'ok', details);
  else
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (owner, 'operator', action, target_kind, target_id, 'ok', details);
  end if;
end
$$;

create function app.make_pool(pool text, owner text, name text, pools_max integer) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if owner is not null then
    perform from app.tenants as t where t.tenant_id = owner for update;
    if not found then return jsonb_build_object('ok', false, 'code', 'tenant_not_found'); end if;
    if (select count(*) from app.pools as p where p.owner_tenant = owner) >= pools_max then
      return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
    end if;
  end if;
  insert into app.pools (pool_id, owner_tenant, name) values (pool, owner, name) on conflict do nothing;
  if not found then return jsonb_build_object('ok', false, 'code', 'already_exists'); end if;
  perform app.note_fleet_event(owner, 'pool.create', 'pool', pool, jsonb_build_object('name', name));
  return jsonb_build_object('ok', true, 'pool', pool);
end
$$;

create function app.make_join_token(manager text, pool text, token_sha256 text, lifetime interval) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  target record;
  until_at constant timestamptz := clock_timestamp() + least(lifetime, interval '7 days');
begin
  -- By its name alone the operator means a pool of the platform.
  select p.pool_id, p.owner_tenant into target from app.pools_managed_by(manager) as p
   where p.pool_id = pool or (p.name = pool and p.owner_tenant is not distinct from manager);
  if not found then
    return jsonb_build_object('ok', false, 'code', 'pool_not_found', 'details', jsonb_build_object('pool', pool));
  end if;
  insert into app.join_tokens (token_sha256, pool_id, expires_at) values (token_sha256, target.pool_id, until_at);
  perform app.note_fleet_event(target.owner_tenant, 'executor.invite', 'pool', target.pool_id, jsonb_build_object('expires_at', until_at));
  return jsonb_build_object('ok', true, 'pool', target.pool_id, 'expires_at', app.utc_text(until_at));
end
$$;

create function app.set_cordon(manager text, executor text, cordoned boolean) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  target record;
begin
  select e.pool_id, p.owner_tenant, e.cordoned_at into target
    from app.executors as e join app.pools_managed_by(manager) as p using (pool_id)
   where e.executor_id = executor and e.revoked_at is null for update of e;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'executor_not_found');
  elsif (target.cordoned_at is not null) <> cordoned then
    update app.executors as e set cordoned_at = case when cordoned then clock_timestamp() end where e.executor_id = executor;
    perform app.note_fleet_event(target.owner_tenant, case when cordoned then 'executor.cordon' else 'executor.uncordon' end,
                                 'executor', executor, '{}');
  end if;
  return jsonb_build_object('ok', true, 'pool', target.pool_id);
end
$$;

create function app.end_executor(manager text, executor text) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  target record;
begin
  update app.executors as e set revoked_at = clock_timestamp()
    from app.pools_managed_by(manager) as p
   where p.pool_id = e.pool_id and e.executor_id = executor and e.revoked_at is null
   returning e.pool_id, p.owner_tenant into target;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'executor_not_found', 'details', jsonb_build_object('executor', executor));
  end if;
  perform app.note_fleet_event(target.owner_tenant, 'executor.revoke', 'executor', executor, '{}');
  return jsonb_build_object('ok', true, 'executor', executor, 'pool', target.pool_id);
end
$$;

-- What is queued elsewhere would still go there: `own_hosts_only` is taken once nothing is, so that it is never half true.
create function app.change_placement(tenant text, project text, placement jsonb, own_hosts_only boolean) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  elsewhere integer;
begin
  if placement is not null and not app.is_placement(placement) then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments');
  end if;
  perform pg_advisory_xact_lock(hashtextextended('placement ' || tenant, 0));
  if own_hosts_only then
    select count(*) into elsewhere from app.runs as r join app.pools as p using (pool_id)
     where r.tenant_id = tenant and r.state = 'queued' and p.owner_tenant is null;
    if elsewhere > 0 then
      return jsonb_build_object('ok', false, 'code', 'runs_unfinished', 'details', jsonb_build_object('runs', elsewhere));
    end if;
  end if;
  if placement ? 'pool' and not exists (
       select from app.pools as p where p.pool_id = placement ->> 'pool' and (p.owner_tenant = tenant or p.owner_tenant is null)) then
    return jsonb_build_object('ok', false, 'code', 'pool_not_found', 'details', jsonb_build_object('pool', placement -> 'pool'));
  end if;
  if project is null then
    update app.tenants as t set placement = coalesce(placement, t.placement), own_hosts_only = coalesce(own_hosts_only, t.own_hosts_only)
     where t.tenant_id = tenant;
  else
    update app.projects as p set placement = placement where p.tenant_id = tenant and p.project_id = project;
  end if;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  perform app.note_fleet_event(tenant, 'tenant.place', case when project is null then 'tenant' else 'project' end,
    coalesce(project, tenant), jsonb_strip_nulls(jsonb_build_object('placement', placement, 'own_hosts_only', own_hosts_only)));
  return jsonb_build_object('ok', true);
end
$$;

-- Of the operator.
create function app.create_pool(pool text, owner text, name text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.make_pool(pool, owner, name, 1000) $$;

create function app.list_pools()
returns table (pool_id text, name text, owner_tenant text, owner_name text, executors bigint, unfinished_runs bigint, created_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.pool_id, p.name, p.owner_tenant, t.name,
         (select count(*) from app.executors as e where e.pool_id = p.pool_id and e.revoked_at is null),
         (select count(*) from app.runs as r where r.pool_id = p.pool_id and r.state = 'queued'), p.created_at
    from app.pools as p left join app.tenants as t on t.tenant_id = p.owner_tenant
   order by p.created_at, p.pool_id
$$;

create or replace function app.create_join_token(pool text, token_sha256 text, lifetime interval) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.make_join_token(null, pool, token_sha256, lifetime) $$;

create or replace function app.revoke_executor(executor text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.end_executor(null, executor) $$;

create function app.cordon_executor(executor text, cordoned boolean) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.set_cordon(null, executor, cordoned) $$;

create function app.place_tenant(tenant text, project text, placement jsonb, own_hosts_only boolean) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.change_placement(tenant, project, placement, own_hosts_only) $$;

drop function app.list_executors();
create function app.list_executors()
returns table (executor_id text, name text, pool_id text, pool text, owner_tenant text, offer jsonb, created_at timestamptz,
               last_connected_at timestamptz, disconnected_at timestamptz, cordoned_at timestamptz, revoked_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.executor_id, e.name, p.pool_id, p.name, p.owner_tenant, e.offer, e.created_at, e.last_connected_at,
         e.disconnected_at, e.cordoned_at, e.revoked_at
    from app.executors as e join app.pools as p using (pool_id)
   order by e.created_at, e.executor_id
$$;

-- Of a signed-in admin or owner, for the hosts of the entered tenant.
create function app.system_own_fleet() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'placement', t.placement, 'own_hosts_only', t.own_hosts_only,
    'pools', (select coalesce(jsonb_agg(jsonb_build_object('pool', p.pool_id, 'name', p.name, 'created_at', app.utc_text(p.created_at))
                order by p.pool_id), '[]') from app.pools as p where p.owner_tenant = t.tenant_id),
    'executors', (select coalesce(jsonb_agg(jsonb_build_object(
                'executor', e.executor_id, 'name', e.name, 'pool', e.pool_id, 'labels', coalesce(e.offer -> 'labels', '{}'),
                'slots', e.offer -> 'slots', 'engine', e.offer -> 'engine', 'created_at', app.utc_text(e.created_at),
                'last_connected_at', app.utc_text(e.last_connected_at), 'cordoned_at', app.utc_text(e.cordoned_at),
                'connected', e.offer is not null and e.disconnected_at is null)
                order by e.executor_id), '[]')
              from app.executors as e join app.pools as p using (pool_id)
             where p.owner_tenant = t.tenant_id and e.revoked_at is null))
    from app.tenants as t where t.tenant_id = app.tenant_id() and app.administers()
$$;
comment on function app.system_own_fleet is
  'The tenant''s own pools and executors, and where its runs go; NULL for who does not administer it.';

create function app.system_make_own_pool(pool text, name text, pools_max integer) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when app.administers() then app.make_pool(pool, app.tenant_id(), name, pools_max)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$$;

create function app.system_make_own_join_token(pool text, token_sha256 text, lifetime interval) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when app.administers() then app.make_join_token(app.tenant_id(), pool, token_sha256, lifetime)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$$;

create function app.system_cordon_own_executor(executor text, cordoned boolean) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when app.administers() then app.set_cordon(app.tenant_id(), executor, cordoned)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$$;

create function app.system_revoke_own_executor(executor text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when app.administers() then app.end_executor(app.tenant_id(), executor)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$$;

create function app.system_place_own_tenant(project text, placement jsonb, own_hosts_only boolean) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when app.administers() then app.change_placement(app.tenant_id(), project, placement, own_hosts_only)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$$;

grant execute on function app.system_own_fleet, app.system_make_own_pool, app.system_make_own_join_token,
  app.system_cordon_own_executor, app.system_revoke_own_executor, app.system_place_own_tenant to causeway_app;
grant execute on function app.create_pool, app.list_pools, app.cordon_executor, app.place_tenant, app.list_executors to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
