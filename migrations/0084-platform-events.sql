-- What happens to the platform itself and to no tenant: an executor is let in, joins, is revoked. Whoever takes runs sees
-- the code and data of every tenant of its pool, so its coming and going is evidence like any other. Append-only, as
-- app.audit_events is; no tenant and no login of the Worker reads it.

select app_private.create_id_domain('pev');

create table app.platform_events (
  event_id app.pev_id primary key default app.new_id('pev'),
  occurred_at timestamptz not null default clock_timestamp(),
  action text not null check (action ~ '^[a-z_]+(\.[a-z_]+)+$' and length(action) <= 60),
  target_kind text not null check (length(target_kind) <= 60),
  target_id text check (length(target_id) <= 300),
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object' and length(details::text) <= 16384),
  request_id text check (length(request_id) <= 100),
  address inet,
  user_agent text check (length(user_agent) <= 500)
);
comment on table app.platform_events is 'Append-only: no login may update, delete or truncate it.';
alter table app.platform_events enable row level security;
alter table app.platform_events force row level security;
create policy backup on app.platform_events for select to causeway_backup using (true);
create policy keeper_reads on app.platform_events for select to causeway_keeper using (true);
create policy keeper_adds on app.platform_events for insert to causeway_keeper with check (true);
grant select on app.platform_events to causeway_backup, causeway_keeper;
grant insert (action, target_kind, target_id, details, request_id, address, user_agent) on app.platform_events to causeway_keeper;
create trigger append_only before update or delete or truncate on app.platform_events
  for each statement execute function app_private.refuse_change();
alter table app.platform_events enable always trigger append_only;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.note_platform_event(action text, target_kind text, target_id text, details jsonb, call jsonb default '{}')
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.platform_events (action, target_kind, target_id, details, request_id, address, user_agent)
  values (action, target_kind, target_id, details, call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$$;

drop function app.system_register_executor(text, text, text, text);
create function app.system_register_executor(token_sha256 text, executor text, name text, public_key text, call jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  pool text;
begin
  update app.join_tokens as t set used_at = clock_timestamp()
   where t.token_sha256 = system_register_executor.token_sha256 and t.used_at is null and t.expires_at > clock_timestamp()
   returning t.pool_id into pool;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  insert into app.executors (executor_id, pool_id, name, public_key) values (executor, pool, name, public_key);
  update app.join_tokens as t set used_by = executor where t.token_sha256 = system_register_executor.token_sha256;
  perform app.note_platform_event('executor.join', 'executor', executor, jsonb_build_object('pool', pool, 'name', name), call);
  return jsonb_build_object('ok', true, 'pool', pool);
end
$$;
comment on function app.system_register_executor is
  'Turns a join token into an executor, once. Unknown, used and expired tokens get the same refusal.';

create or replace function app.create_join_token(pool text, token_sha256 text, lifetime interval) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  found_pool text;
  until_at constant timestamptz := clock_timestamp() + least(lifetime, interval '7 days');
begin
  select p.pool_id into found_pool from app.pools as p where p.name = pool or p.pool_id = pool;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'pool_not_found', 'details', jsonb_build_object('pool', pool));
  end if;
  insert into app.join_tokens (token_sha256, pool_id, expires_at) values (token_sha256, found_pool, until_at);
  perform app.note_platform_event('executor.invite', 'pool', found_pool, jsonb_build_object('expires_at', until_at));
  return jsonb_build_object('ok', true, 'pool', found_pool);
end
$$;

create or replace function app.revoke_executor(executor text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.executors as e set revoked_at = clock_timestamp() where e.executor_id = executor and e.revoked_at is null;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'executor_not_found', 'details', jsonb_build_object('executor', executor));
  end if;
  perform app.note_platform_event('executor.revoke', 'executor', executor, '{}');
  return jsonb_build_object('ok', true, 'executor', executor);
end
$$;

create function app.list_platform_events(rows_max integer)
returns table (event_id text, occurred_at timestamptz, action text, target_id text, details jsonb, address text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.event_id, p.occurred_at, p.action, p.target_id, p.details, host(p.address)
    from app.platform_events as p order by p.event_id desc limit rows_max
$$;
comment on function app.list_platform_events is 'What happened to the platform, newest first.';

grant execute on function app.system_register_executor to causeway_app;
grant execute on function app.list_platform_events to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
