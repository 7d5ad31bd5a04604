-- Pools and executors of the platform, and the runs of tenants.
--
-- The database knows a run as unfinished ('queued') or ended; that it is leased or running is ExecutorPool's knowledge.
-- A fence counts the attempts at a run: whoever writes an outcome names its fence, so that exactly one is recorded.

select app_private.create_id_domain(prefix) from unnest(array['pol', 'exe', 'run']) as prefix;

create table app.pools (
  pool_id app.pol_id primary key,
  name text not null check (length(name) between 1 and 100),
  created_at timestamptz not null default now(),
  constraint pools_name_once unique (name)
);
comment on table app.pools is 'Executors that share a queue. The platform has one, `default`.';
insert into app.pools (pool_id, name) values ('pol_00000000000000000000000000', 'default');

create table app.executors (
  executor_id app.exe_id primary key,
  pool_id app.pol_id not null references app.pools (pool_id),
  name text not null check (length(name) between 1 and 100),
  -- Raw Ed25519 (RFC 8032), base64url without padding.
  public_key text not null check (public_key ~ '^[A-Za-z0-9_-]{43}$'),
  offer jsonb check (jsonb_typeof(offer) = 'object' and length(offer::text) <= 65536),
  created_at timestamptz not null default now(),
  last_connected_at timestamptz,
  revoked_at timestamptz
);
create index executors_by_pool on app.executors (pool_id, last_connected_at desc) where revoked_at is null;

create table app.join_tokens (
  token_sha256 app.sha256 primary key,
  pool_id app.pol_id not null references app.pools (pool_id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by app.exe_id references app.executors (executor_id)
);
comment on table app.join_tokens is 'One-time tokens by which an executor joins; only their SHA-256 is here.';

create table app.runs (
  tenant_id app.ten_id not null default app.tenant_id(),
  run_id app.run_id not null,
  project_id app.prj_id not null,
  -- Not a foreign key: one that does not begin with the tenant would tell of rows outside of it.
  pool_id app.pol_id not null,
  kind text not null check (kind in ('model', 'scratch')),
  commit_id app.git_id,
  entry text not null check (length(entry) between 1 and 1000),
  manifest jsonb not null check (jsonb_typeof(manifest) = 'object'),
  -- Over the manifest's jsonb text, which is one text for one value.
  manifest_sha256 app.sha256 not null,
  state text not null default 'queued' check (state in (
    'queued', 'succeeded', 'failed', 'timed_out', 'out_of_memory', 'process_limit', 'output_limit', 'cancelled', 'lost')),
  fence integer not null default 1 check (fence between 1 and 100),
  created_by app.usr_id not null default app.user_id(),
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  outcome jsonb check (length(outcome::text) <= 1048576),
  -- Who ran it and when: {executor, leased_at, started_at}, as ExecutorPool knew it.
  execution jsonb,
  primary key (tenant_id, run_id),
  foreign key (tenant_id, project_id) references app.projects (tenant_id, project_id),
  foreign key (tenant_id, project_id, commit_id) references app.commits (tenant_id, project_id, commit_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id),
  constraint ended_with_outcome check (
    (state = 'queued') = (outcome is null) and (state = 'queued') = (finished_at is null)
    and (outcome is null or outcome ->> 'state' = state))
);
create index runs_by_project on app.runs (tenant_id, project_id, run_id desc);
create index runs_unfinished on app.runs (tenant_id, manifest_sha256) where state = 'queued';
create index runs_to_sweep on app.runs (created_at) where state = 'queued';

select app_private.protect_table('app.runs');
-- A run is changed by the functions below alone: the Worker's role cannot rewrite an outcome, whatever SQL it is made to run.
grant select on app.runs to causeway_app;
grant insert (run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256) on app.runs to causeway_app;
create policy keeper on app.runs for all to causeway_keeper using (true) with check (true);
grant select, update (state, fence, finished_at, outcome, execution) on app.runs to causeway_keeper;
create policy resolver on app.runs for select to causeway_resolver using (true);
grant select (tenant_id, pool_id, state) on app.runs to causeway_resolver;

-- Platform tables belong to no tenant: the Worker's role has no right on them and reaches them by function.
do $$
declare
  platform_table regclass;
begin
  foreach platform_table in array array['app.pools', 'app.executors', 'app.join_tokens']::regclass[] loop
    execute format('alter table %s enable row level security', platform_table);
    execute format('alter table %s force row level security', platform_table);
    execute format('create policy keeper on %s for all to causeway_keeper using (true) with check (true)', platform_table);
    execute format('create policy backup on %s for select to causeway_backup using (true)', platform_table);
    execute format('grant select, insert, update on %s to causeway_keeper', platform_table);
    execute format('grant select on %s to causeway_backup', platform_table);
  end loop;
end
$$;
create policy resolver on app.pools for select to causeway_resolver using (true);
create policy resolver on app.executors for select to causeway_resolver using (true);
grant select on app.pools, app.executors to causeway_resolver;

-- An executor acts for a tenant only while it is alive and its pool has an unfinished run of that tenant.
create or replace function app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text) returns text
language sql stable
as $$
  select case kind
    when 'system' then null
    when 'executor' then nullif(coalesce((
      select case
               when e.revoked_at is not null then 'revoked'
               when exists (select from app.runs as r
                             where r.tenant_id = credential_refusal.tenant_id and r.pool_id = e.pool_id
                               and r.state = 'queued') then 'alive'
               else 'unknown'
             end
        from app.executors as e
       where e.executor_id = credential_refusal.credential_id), 'unknown'), 'alive')
    else 'unknown'
  end
$$;

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

create function app.find_executor(executor text)
returns table (pool_id text, public_key text, alive boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.pool_id, e.public_key, e.revoked_at is null from app.executors as e where e.executor_id = executor
$$;
comment on function app.find_executor is 'What is needed to check an executor''s signature.';

create function app.pool_offer(pool text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.offer from app.executors as e
   where e.pool_id = pool and e.revoked_at is null and e.offer is not null
   order by e.last_connected_at desc
   limit 1
$$;
comment on function app.pool_offer is 'What the executor that connected last offers; NULL where none ever did.';

create function app.revoked_executors(pool text) returns text[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(e.executor_id::text), '{}') from app.executors as e
   where e.pool_id = pool and e.revoked_at > clock_timestamp() - interval '1 day'
$$;
comment on function app.revoked_executors is
  'Executors revoked in the last day. It travels with each new run, so that the pool cuts them off before it assigns.';

grant execute on function app.find_executor, app.pool_offer, app.revoked_executors to causeway_app;
set local role causeway_keeper;

create function app.system_register_executor(token_sha256 text, executor text, name text, public_key text) returns jsonb
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
  return jsonb_build_object('ok', true, 'pool', pool);
end
$$;
comment on function app.system_register_executor is
  'Turns a join token into an executor, once. Unknown, used and expired tokens get the same refusal.';

create function app.system_executor_connected(executor text, offer jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  update app.executors as e set offer = system_executor_connected.offer, last_connected_at = clock_timestamp()
   where e.executor_id = executor and e.revoked_at is null
$$;

create function app.system_next_fence(run text, fence integer, attempts_max integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  moved record;
begin
  if coalesce(app.context() ->> 'kind', '') <> 'system' then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  select r.state, r.fence, r.manifest, r.created_at, r.outcome into moved from app.runs as r
   where r.tenant_id = app.tenant_id() and r.run_id = run for update;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  if moved.state <> 'queued' then
    return jsonb_build_object('ok', true, 'step', 'finished', 'outcome', moved.outcome);
  end if;
  if fence is not null and moved.fence <> fence then
    return jsonb_build_object('ok', true, 'step', 'elsewhere', 'fence', moved.fence);
  end if;
  if moved.fence >= attempts_max then
    return jsonb_build_object('ok', true, 'step', 'exhausted', 'fence', moved.fence, 'image', moved.manifest -> 'image');
  end if;
  update app.runs as r set fence = r.fence + 1 where r.tenant_id = app.tenant_id() and r.run_id = run;
  perform app.audit('run.retry', 'run', run, 'ok', jsonb_build_object('fence', moved.fence + 1));
  return jsonb_build_object('ok', true, 'step', 'again', 'fence', moved.fence + 1, 'manifest', moved.manifest,
                            'queued_at', moved.created_at);
end
$$;
comment on function app.system_next_fence is
  'Opens the next attempt at an unfinished run for the system; NULL as fence takes whatever attempt is open now.';

create function app.system_record_outcome(run text, fence integer, outcome jsonb, execution jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  caller jsonb := app.context();
  stored record;
begin
  if coalesce(caller ->> 'kind', '') not in ('executor', 'system') then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  update app.runs as r
     set state = outcome ->> 'state', outcome = system_record_outcome.outcome, execution = system_record_outcome.execution,
         finished_at = clock_timestamp()
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run and r.fence = system_record_outcome.fence and r.state = 'queued'
     and (caller ->> 'kind' = 'system' or r.pool_id = (
           select e.pool_id from app.executors as e where e.executor_id = caller ->> 'credential'));
  if found then
    perform app.audit('run.finish', 'run', run, 'ok', jsonb_build_object(
      'state', outcome -> 'state', 'fence', fence, 'limit', outcome -> 'limit', 'timings', outcome -> 'timings',
      'outputs', jsonb_array_length(outcome -> 'outputs'), 'execution', execution));
    return jsonb_build_object('ok', true, 'recorded', true);
  end if;
  select r.state, r.fence, r.outcome into stored from app.runs as r
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  return jsonb_build_object('ok', true, 'recorded', false, 'fence', stored.fence, 'outcome', stored.outcome);
end
$$;
comment on function app.system_record_outcome is
  'Ends a run, once, for the holder of its fence. Otherwise says what stands: the recorded outcome, or a newer fence.';

create function app.system_unfinished_runs(older_than interval, runs_max integer)
returns table (tenant_id text, run_id text, pool_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select r.tenant_id, r.run_id, r.pool_id from app.runs as r
   where r.state = 'queued' and r.created_at < clock_timestamp() - older_than
   order by r.created_at
   limit runs_max
$$;
comment on function app.system_unfinished_runs is 'Ids of unfinished runs of all tenants, oldest first, for the sweeper.';

create function app.create_join_token(pool text, token_sha256 text, lifetime interval) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  found_pool text;
begin
  select p.pool_id into found_pool from app.pools as p where p.name = pool or p.pool_id = pool;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'pool_not_found', 'details', jsonb_build_object('pool', pool));
  end if;
  insert into app.join_tokens (token_sha256, pool_id, expires_at)
  values (token_sha256, found_pool, clock_timestamp() + least(lifetime, interval '7 days'));
  return jsonb_build_object('ok', true, 'pool', found_pool);
end
$$;
comment on function app.create_join_token is 'Stores a join token by its SHA-256 (hex). Lives seven days at most.';

create function app.list_executors()
returns table (executor_id text, name text, pool text, offer jsonb, created_at timestamptz,
               last_connected_at timestamptz, revoked_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.executor_id, e.name, p.name, e.offer, e.created_at, e.last_connected_at, e.revoked_at
    from app.executors as e join app.pools as p using (pool_id)
   order by e.created_at, e.executor_id
$$;

create function app.revoke_executor(executor text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.executors as e set revoked_at = clock_timestamp() where e.executor_id = executor and e.revoked_at is null;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'executor_not_found', 'details', jsonb_build_object('executor', executor));
  end if;
  return jsonb_build_object('ok', true, 'executor', executor);
end
$$;
comment on function app.revoke_executor is 'The executor gets no further run, and what it still reports is refused.';

grant execute on function app.system_register_executor, app.system_executor_connected, app.system_next_fence, app.system_record_outcome,
  app.system_unfinished_runs to causeway_app;
grant execute on function app.create_join_token, app.list_executors, app.revoke_executor to causeway_owner;
reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;
