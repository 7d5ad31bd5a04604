-- What a pool asks of the database about its executors, and the operator's call that makes it ask at once.

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

create function app.sign_fleet_call(pool text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with said as (
    select extract(epoch from clock_timestamp())::bigint as seconds
  )
  select jsonb_build_object('seconds', said.seconds, 'signatures', jsonb_agg(encode(sha256(key.outer_block || sha256(
           key.inner_block || convert_to(format(E'causeway fleet call v1\n%s\n%s', pool, said.seconds), 'UTF8'))), 'hex')))
    from said, app_private.signing_keys as key
   where key.purpose = 'ticket'
   group by said.seconds
$$;
comment on function app.sign_fleet_call is
  'Signs for the operator that the Worker look at a pool now. A ticket is base64url, so that neither is ever taken for the other.';
grant execute on function app.sign_fleet_call to causeway_owner;

set local role causeway_keeper;

drop function app.system_executor_connected(text, jsonb);
create function app.system_executor_connected(executor text, offer jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  standing record;
begin
  if not app.are_labels(coalesce(offer -> 'labels', '{}')) then
    return jsonb_build_object('ok', false, 'reason', 'labels');
  end if;
  update app.executors as e set offer = offer, last_connected_at = clock_timestamp(), disconnected_at = null
   where e.executor_id = executor and e.revoked_at is null
   returning e.cordoned_at into standing;
  if not found then
    return jsonb_build_object('ok', false, 'reason', 'revoked');
  end if;
  return jsonb_build_object('ok', true, 'cordoned', standing.cordoned_at is not null);
end
$$;
comment on function app.system_executor_connected is 'Stores what an executor offers. Says whether it is cordoned, or that it was revoked.';

create function app.system_executor_gone(executor text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  update app.executors as e set disconnected_at = clock_timestamp()
   where e.executor_id = executor and e.disconnected_at is null
$$;

create function app.system_sweep_pool(pool text, heard text[], older_than interval, runs_max integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  update app.executors as e
     set disconnected_at = case when e.executor_id = any (heard) then null else clock_timestamp() end
   where e.pool_id = pool and e.revoked_at is null and e.offer is not null
     and (e.disconnected_at is null) <> (e.executor_id = any (heard));
  return jsonb_build_object(
    'revoked', to_jsonb(array(select e.executor_id from app.executors as e
                               where e.pool_id = pool and e.executor_id = any (heard) and e.revoked_at is not null)),
    'cordoned', to_jsonb(array(select e.executor_id from app.executors as e
                                where e.pool_id = pool and e.executor_id = any (heard) and e.cordoned_at is not null)),
    'unfinished', (select coalesce(jsonb_agg(jsonb_build_object('tenant', r.tenant_id, 'run', r.run_id)), '[]')
                     from (select r.tenant_id, r.run_id from app.runs as r
                            where r.pool_id = pool and r.state = 'queued' and r.created_at < clock_timestamp() - older_than
                            order by r.created_at limit runs_max) as r));
end
$$;
comment on function app.system_sweep_pool is
  'What a pool cannot know by itself: whom of those that it hears (`heard`) it may hear, and unfinished runs that it may have lost.';

drop function app.system_unfinished_runs(interval, integer);
create function app.system_pools_to_sweep(older_than interval) returns table (pool_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.pool_id from app.pools as p
   where exists (select from app.runs as r
                  where r.pool_id = p.pool_id and r.state = 'queued' and r.created_at < clock_timestamp() - older_than)
      or exists (select from app.executors as e
                  where e.pool_id = p.pool_id and e.offer is not null and (e.disconnected_at is null or e.revoked_at > clock_timestamp() - interval '1 hour'))
$$;
comment on function app.system_pools_to_sweep is 'Pools with an executor connected, or one that was just revoked, or with a run that is unfinished for long.';

grant execute on function app.system_executor_connected, app.system_executor_gone, app.system_sweep_pool, app.system_pools_to_sweep
  to causeway_app;
reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;
