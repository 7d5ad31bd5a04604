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

create function app.refuse_run(code text, reason text, project text, details jsonb default '{}') returns jsonb
language sql volatile
as $$
  select app.audit('run.start', 'project', project, 'refused', jsonb_build_object('code', code, 'reason', reason));
  select jsonb_build_object('ok', false, 'code', code, 'reason', reason, 'details', details)
$$;
comment on function app.refuse_run is 'A refused run start as data, with its audit event.';

-- The data sources that a run gets, pinned: all of the project, or those named. A name that is none gives `missing`.
create function app.pin_data(project text, names jsonb) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  attached jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object(
           'name', s.name, 'source', s.source_id, 'sha256', n.sha256, 'bytes', n.bytes, 'format', n.format)
           order by s.name collate "C"), '[]')
    into attached
    from app.data_sources as s
    join app.data_snapshots as n on n.tenant_id = s.tenant_id and n.project_id = s.project_id
                                and n.source_id = s.source_id and n.sha256 = s.current_sha256
   where s.project_id = project;
  return jsonb_build_object(
    'pinned', (select coalesce(jsonb_agg(a), '[]') from jsonb_array_elements(attached) as a
                where names is null or names ? (a ->> 'name')),
    'missing', (select coalesce(jsonb_agg(wanted), '[]') from jsonb_array_elements_text(coalesce(names, '[]')) as wanted
                 where not jsonb_path_exists(attached, '$[*] ? (@.name == $name)', jsonb_build_object('name', wanted))),
    'available', jsonb_path_query_array(attached, '$[*].name'));
end
$$;

-- `request`: {run, pool, project, kind, ref, entry, scratch: {sha256, bytes} | null, data: [name] | null, parameters,
-- limits, seeds, queued_max, idempotency}. A scratch script becomes the file `entry` beside those of the commit.
create function app.queue_run(request jsonb) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(nullif(request -> 'idempotency', 'null'));
  is_scratch boolean := request ->> 'kind' = 'scratch';
  entry text := request ->> 'entry';
  project record;
  commit record;
  commit_id text;
  files jsonb := '{}';
  data jsonb;
  offer jsonb;
  manifest jsonb;
  manifest_sha256 text;
  identical text;
  unfinished integer;
begin
  if seen is not null then return seen; end if;

  -- 1. What is to run.
  select p.project_id as id, p.name, p.archived_at into project
    from app.projects as p where p.project_id = app.project_id(request ->> 'project');
  if not found then
    return app.refuse_run('not_found', 'no_project', null, jsonb_build_object('project', request -> 'project'));
  elsif project.archived_at is not null then
    return app.refuse_run('project_archived', 'archived', project.id, jsonb_build_object('project', project.name));
  end if;
  commit_id := app.resolve_commit(project.id, request ->> 'ref');
  if commit_id is null and (request ->> 'ref' is not null or not is_scratch) then
    return app.refuse_run('not_found', case when request ->> 'ref' is null then 'no_commits' else 'no_commit' end,
      project.id, jsonb_build_object('project', project.name, 'ref', request -> 'ref'));
  end if;
  select c.authored_at, t.files into commit
    from app.commits as c
    join app.trees as t on t.project_id = c.project_id and t.tree_id = c.tree_id
   where c.project_id = project.id and c.commit_id = commit_id;
  files := coalesce(commit.files, '{}');
  if is_scratch then
    files := files || jsonb_build_object(entry, request -> 'scratch');
  elsif not files ? entry then
    return app.refuse_run('not_found', 'no_file', project.id, jsonb_build_object(
      'path', entry, 'commit', commit_id,
      'python_files', (select coalesce(jsonb_agg(python_file.path), '[]') from (
         select key.path from jsonb_object_keys(files) as key (path) where key.path like '%.py' order by key.path collate "C" limit 20) as python_file)));
  end if;
  data := app.pin_data(project.id, nullif(request -> 'data', 'null'));
  if data -> 'missing' <> '[]' then
    return app.refuse_run('not_found', 'no_data', project.id, data - 'pinned');
  end if;

  -- 2. On what it is to run.
  offer := app.pool_offer(request ->> 'pool');
  if offer is null then
    return app.refuse_run('no_executor', 'no_executor', project.id);
  end if;

  manifest := jsonb_build_object(
    'version', 1, 'kind', request -> 'kind', 'project', project.id, 'commit', commit_id, 'entry', entry,
    'files', (select coalesce(jsonb_agg(jsonb_build_object(
                'path', file.key, 'sha256', file.value -> 'sha256', 'bytes', file.value -> 'bytes')
                order by file.key collate "C"), '[]') from jsonb_each(files) as file),
    'data', data -> 'pinned', 'parameters', request -> 'parameters', 'image', offer -> 'image',
    'absent', coalesce(offer -> 'absent', '[]'), 'limits', request -> 'limits',
    'seeds', request -> 'seeds' || jsonb_build_object(
      -- Zip files cannot be older than 1980, so a project without commits has that year.
      'source_date_epoch', coalesce(extract(epoch from commit.authored_at)::bigint, 315532800)));
  manifest_sha256 := encode(sha256(convert_to(manifest::text, 'UTF8')), 'hex');

  -- 3. A tenant's run starts take turns, so that the quota and the search for an identical or repeated call are exact.
  perform pg_advisory_xact_lock(hashtextextended('runs ' || app.tenant_id(), 0));
  seen := app.recall(nullif(request -> 'idempotency', 'null'));
  if seen is not null then return seen; end if;
  if not is_scratch then
    select r.run_id into identical from app.runs as r
     where r.state = 'queued' and r.manifest_sha256 = manifest_sha256 and r.kind = 'model'
     order by r.run_id limit 1;
    if found then
      perform app.audit('run.start', 'run', identical, 'ok', jsonb_build_object('deduplicated', true));
      return app.remember(nullif(request -> 'idempotency', 'null'),
                          jsonb_build_object('ok', true, 'run', identical, 'deduplicated', true));
    end if;
  end if;
  select count(*) into unfinished from app.runs as r where r.state = 'queued';
  if unfinished >= (request ->> 'queued_max')::integer then
    return app.refuse_run('limit_exceeded', 'queue_full', project.id, jsonb_build_object(
      'limit', 'queued_runs', 'value', request -> 'queued_max'));
  end if;

  insert into app.runs (run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256)
  values (request ->> 'run', project.id, request ->> 'pool', request ->> 'kind', commit_id, entry, manifest, manifest_sha256);
  perform app.audit('run.start', 'run', request ->> 'run', 'ok', jsonb_build_object(
    'project', project.id, 'commit', commit_id, 'entry', entry, 'kind', request -> 'kind', 'manifest_sha256', manifest_sha256));
  perform app.remember(nullif(request -> 'idempotency', 'null'), jsonb_build_object('ok', true, 'run', request ->> 'run'));
  return jsonb_build_object('ok', true, 'run', request ->> 'run', 'fence', 1, 'manifest', manifest,
                            'revoked_executors', to_jsonb(app.revoked_executors(request ->> 'pool')));
end
$$;
comment on function app.queue_run is
  'Checks, pins and queues a run in one statement; gives what ExecutorPool needs, or the run that is identical and active.';

create function app.begin_cancel(run text) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  target record;
begin
  select r.state, r.pool_id, r.fence into target from app.runs as r where r.run_id = run;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  perform app.audit('run.cancel', 'run', run, case when target.state = 'queued' then 'ok' else 'refused' end,
                    jsonb_build_object('state', target.state));
  return jsonb_build_object('ok', true, 'pool', target.pool_id, 'state', target.state, 'fence', target.fence);
end
$$;
comment on function app.begin_cancel is 'Records who wants a run cancelled, and says where it is.';

grant execute on function app.refuse_run, app.pin_data, app.queue_run, app.begin_cancel to causeway_app;
