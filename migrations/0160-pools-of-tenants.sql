-- Pools that belong to a tenant, and where a run may go: which pool, which labels an executor must have.
--
-- A tenant, a project and a run may each name a pool and labels. What the wider one says holds: a narrower one adds to it
-- and overrides nothing, so that no agent leaves the region that its tenant chose.

alter table app.pools add column owner_tenant app.ten_id references app.tenants (tenant_id);
comment on column app.pools.owner_tenant is 'Whose runs alone it takes; NULL: a pool of the platform, for every tenant.';
alter table app.pools drop constraint pools_name_once;
alter table app.pools add constraint pools_name_once unique nulls not distinct (owner_tenant, name);
comment on table app.pools is 'Executors that share a queue: of the platform, or of one tenant.';

alter table app.executors add column cordoned_at timestamptz, add column disconnected_at timestamptz;
comment on column app.executors.cordoned_at is 'Since when it gets no new runs.';
comment on column app.executors.disconnected_at is 'Since when its pool does not hear from it; NULL while it does.';

create function app.are_labels(given jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return coalesce(jsonb_typeof(given) = 'object' and (
    select count(*) <= 16 and coalesce(bool_and(
             jsonb_typeof(label.value) = 'string' and label.key ~ '^[a-z][a-z0-9_.-]{0,39}$'
             and label.value #>> '{}' ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'), true)
      from jsonb_each(given) as label), false);
end
$$;
comment on function app.are_labels is 'Whether it is an object of at most sixteen labels, as protocol/labels.ts describes them.';

create function app.is_placement(given jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return coalesce(jsonb_typeof(given) = 'object' and given - 'pool' - 'labels' = '{}'
    and (not given ? 'pool' or jsonb_typeof(given -> 'pool') = 'string')
    and (not given ? 'labels' or app.are_labels(given -> 'labels')), false);
end
$$;
comment on function app.is_placement is 'Whether it is {pool?: id of a pool, labels?: {name: value}}.';
grant execute on function app.are_labels, app.is_placement to causeway_app, causeway_resolver, causeway_keeper;

alter table app.tenants
  add column placement jsonb not null default '{}' check (app.is_placement(placement)),
  add column own_hosts_only boolean not null default false;
comment on column app.tenants.own_hosts_only is 'Nothing of the tenant goes to an executor of the platform.';
alter table app.projects add column placement jsonb not null default '{}' check (app.is_placement(placement));
grant update (placement) on app.projects to causeway_keeper;

alter table app.runs add column labels jsonb not null default '{}' check (app.are_labels(labels));
comment on column app.runs.labels is 'What an executor must have to get it. Not of the manifest: it changes nothing of the result.';
grant insert (labels) on app.runs to causeway_app;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

create function app.pools_open_to(tenant text) returns setof app.pools
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p from app.pools as p join app.tenants as t on t.tenant_id = tenant
   where p.owner_tenant = tenant or (p.owner_tenant is null and not t.own_hosts_only)
$$;
comment on function app.pools_open_to is 'Where the runs of a tenant may go: its own pools and, unless it says own hosts only, those of the platform.';

create function app.guard_run_pool() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('placement ' || new.tenant_id, 0));
  if not exists (select from app.pools_open_to(new.tenant_id) as p where p.pool_id = new.pool_id) then
    raise exception using errcode = '42501', message = 'the tenant may not run there';
  end if;
  return new;
end
$$;
comment on function app.guard_run_pool is 'No SQL of the Worker, whoever made it up, sends a run to hosts that are not its tenant''s to use.';
grant execute on function app.guard_run_pool to causeway_owner;

-- The executor whose image a run is pinned to: of the pools that are open to the tenant, and have what tenant, project
-- and run ask for, one that is there rather than one that is not, and an own one rather than one of the platform.
create function app.place_run(project text, wish jsonb) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  tenant constant text := app.tenant_id();
  level jsonb;
  wanted_pool text;
  labels jsonb := '{}';
  clash text;
  found_pool text;
  found_executor record;
  facts jsonb;
begin
  for level in
    select t.placement from app.tenants as t where t.tenant_id = tenant
    union all
    select p.placement from app.projects as p where p.tenant_id = tenant and p.project_id = project
    union all
    select wish
  loop
    select l.key into clash from jsonb_each(coalesce(level -> 'labels', '{}')) as l
     where labels ? l.key and labels -> l.key <> l.value limit 1;
    if found then
      return jsonb_build_object('ok', false, 'reason', 'placement_fixed', 'details', jsonb_build_object(
        'what', clash, 'is', labels -> clash, 'asked', level -> 'labels' -> clash));
    end if;
    labels := labels || coalesce(level -> 'labels', '{}');
    continue when not level ? 'pool';
    select p.pool_id into found_pool from app.pools_open_to(tenant) as p
     where p.pool_id = level ->> 'pool' or p.name = level ->> 'pool'
     order by p.owner_tenant is null limit 1;
    if not found then
      return jsonb_build_object('ok', false, 'reason', 'no_pool', 'details', jsonb_build_object(
        'pool', level -> 'pool',
        'pools', (select coalesce(jsonb_agg(p.name order by p.owner_tenant is null, p.name), '[]') from app.pools_open_to(tenant) as p)));
    elsif wanted_pool <> found_pool then
      return jsonb_build_object('ok', false, 'reason', 'placement_fixed', 'details', jsonb_build_object(
        'what', 'pool', 'is', (select p.name from app.pools as p where p.pool_id = wanted_pool), 'asked', level -> 'pool'));
    end if;
    wanted_pool := found_pool;
  end loop;

  select p.pool_id, p.owner_tenant is not null as is_own, e.offer into found_executor
    from app.pools_open_to(tenant) as p join app.executors as e using (pool_id)
   where p.pool_id = coalesce(wanted_pool, p.pool_id) and e.revoked_at is null and e.offer is not null
     and coalesce(e.offer -> 'labels', '{}') @> labels
   order by e.disconnected_at is null and e.cordoned_at is null desc, p.owner_tenant is null, e.disconnected_at is not null,
            e.last_connected_at desc
   limit 1;
  if not found then
    select jsonb_build_object(
             'labels', labels, 'own_hosts_only', (select t.own_hosts_only from app.tenants as t where t.tenant_id = tenant),
             'executors', count(*), 'offered', coalesce(jsonb_agg(distinct e.offer -> 'labels') filter (where e.offer ? 'labels'), '[]'))
      into facts
      from app.pools_open_to(tenant) as p join app.executors as e using (pool_id)
     where p.pool_id = coalesce(wanted_pool, p.pool_id) and e.revoked_at is null and e.offer is not null;
    return jsonb_build_object('ok', false, 'reason', 'no_executor', 'details', facts);
  end if;
  return jsonb_build_object('ok', true, 'pool', found_executor.pool_id, 'own', found_executor.is_own, 'labels', labels,
                            'offer', found_executor.offer);
end
$$;
comment on function app.place_run is
  'Where a run or an inspection of the entered tenant goes: {pool, own, labels, offer}, or why nowhere: no_pool, placement_fixed, no_executor.';
grant execute on function app.place_run to causeway_app;
drop function app.pool_offer(text);
reset role;
revoke create on schema app from causeway_resolver;

create trigger guard_pool before insert on app.runs for each row execute function app.guard_run_pool();

-- As in 0074; the database chooses the pool. `request.placement` is {pool?, labels?}.
create or replace function app.queue_run(request jsonb) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(nullif(request -> 'idempotency', 'null'));
  is_scratch boolean := request ->> 'kind' = 'scratch';
  entry text := request ->> 'entry';
  project record;
  refusal jsonb;
  commit record;
  commit_id text;
  files jsonb := '{}';
  data jsonb;
  place jsonb;
  offer jsonb;
  manifest jsonb;
  manifest_sha256 text;
  identical text;
begin
  if seen is not null then return seen; end if;

  -- 1. What is to run.
  select p.project_id as id, p.name, p.archived_at into project
    from app.projects as p where p.project_id = app.project_id(request ->> 'project');
  if not found then
    return app.refuse_run('not_found', 'no_project', null, jsonb_build_object('project', request -> 'project'));
  end if;
  refusal := app.project_refusal(project.id);
  if refusal is not null then
    return app.refuse_run('insufficient_role', 'no_right', project.id, refusal -> 'details');
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

  -- 2. Where, and so on what, it is to run.
  perform pg_advisory_xact_lock_shared(hashtextextended('placement ' || app.tenant_id(), 0));
  place := app.place_run(project.id, request -> 'placement');
  if not (place ->> 'ok')::boolean then
    return app.refuse_run(
      case place ->> 'reason' when 'no_pool' then 'not_found' when 'placement_fixed' then 'invalid_arguments' else 'no_executor' end,
      place ->> 'reason', project.id, place -> 'details');
  end if;
  offer := place -> 'offer';

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
                          jsonb_build_object('ok', true, 'run', identical, 'deduplicated', true), project.id);
    end if;
  end if;
  if app.tenant_usage('queued_runs') >= (request ->> 'queued_max')::integer then
    return app.refuse_run('limit_exceeded', 'queue_full', project.id, jsonb_build_object(
      'limit', 'queued_runs', 'value', request -> 'queued_max'));
  end if;

  insert into app.runs (run_id, project_id, pool_id, labels, kind, commit_id, entry, manifest, manifest_sha256)
  values (request ->> 'run', project.id, place ->> 'pool', place -> 'labels', request ->> 'kind', commit_id, entry, manifest, manifest_sha256);
  perform app.audit('run.start', 'run', request ->> 'run', 'ok', jsonb_build_object(
    'project', project.id, 'commit', commit_id, 'entry', entry, 'kind', request -> 'kind', 'manifest_sha256', manifest_sha256,
    'pool', place -> 'pool', 'labels', place -> 'labels'));
  perform app.remember(nullif(request -> 'idempotency', 'null'), jsonb_build_object('ok', true, 'run', request ->> 'run'), project.id);
  return jsonb_build_object('ok', true, 'run', request ->> 'run', 'fence', 1, 'manifest', manifest,
                            'pool', place -> 'pool', 'own', place -> 'own', 'labels', place -> 'labels',
                            'revoked_executors', to_jsonb(app.revoked_executors(place ->> 'pool')));
end
$$;
