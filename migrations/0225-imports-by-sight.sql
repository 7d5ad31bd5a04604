-- Imports, descriptions and run starts, by what agents may see (0224).

create function app.default_agent_sees(project text) returns text
language sql stable
as $$
  select case when 'schema_only' in (
    (select t.agent_sees from app.tenants as t where t.tenant_id = (select app.tenant_id())),
    (select p.agent_sees from app.projects as p where p.project_id = default_agent_sees.project)) then 'schema_only' else 'full' end
$$;

-- What agents will see of an import: the strictest of what was asked, its origin, and its source or, where that is new, the default.
create function app.import_agent_sees(project text, name text, origin jsonb, wish text) returns text
language sql stable
as $$
  select case when wish = 'schema_only'
                or app.is_withheld_output(project, origin)
                or exists (select from app.uploads as u
                            where u.upload_id = origin ->> 'upload' and u.project_id = import_agent_sees.project
                              and u.agent_sees = 'schema_only')
                or coalesce((select d.agent_sees::text from app.data_sources as d
                              where d.project_id = import_agent_sees.project and d.name = import_agent_sees.name),
                            app.default_agent_sees(project)) = 'schema_only'
              then 'schema_only' else 'full' end
$$;

drop function app.open_upload(text, text, text, text, bigint, text, interval, integer);
create function app.open_upload(
  reference text, upload text, name text, format text, bytes bigint, sha256 text, wish text, lifetime interval, open_max integer
) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  found jsonb := app.project_for_data(reference);
  until timestamptz := clock_timestamp() + lifetime;
  sees text;
begin
  if not (found ->> 'ok')::boolean then return found; end if;
  if app.tenant_usage('open_uploads') >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  sees := case when wish = 'schema_only' then wish else app.default_agent_sees(found ->> 'project') end;
  insert into app.uploads (upload_id, project_id, name, format, bytes, announced_sha256, agent_sees, expires_at)
  values (upload, found ->> 'project', name, format, bytes, sha256, sees, until);
  perform app.audit('upload.create', 'upload', upload, 'ok', jsonb_build_object(
    'project', found ->> 'project', 'name', name, 'format', format, 'bytes', bytes, 'sha256', sha256, 'agent_sees', sees));
  return found || jsonb_build_object('expires_at', app.utc_text(until), 'agent_sees', sees);
end
$$;

-- Before an import. An agent that names an output of a withheld run spends a start, and is told nothing of which there are.
drop function app.begin_import(text, text, jsonb, text, jsonb);
create function app.begin_import(
  reference text, name text, format text, origin jsonb, wish text, describer text, withheld_max integer, idempotency jsonb
) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  target jsonb := app.project_for_data(reference);
  project text := target ->> 'project';
  is_person constant boolean := app.is_in_session();
  is_hidden boolean;
  wait integer;
  held jsonb;
begin
  if seen is not null then
    if not (seen ->> 'ok')::boolean then return seen; end if;
    return seen || app.sight_of(seen ->> 'project', seen ->> 'source', seen ->> 'sha256') || (
      select jsonb_build_object('description', s.description, 'bytes', s.bytes, 'row_count', s.row_count)
        from app.data_snapshots as s
       where s.project_id = seen ->> 'project' and s.source_id = seen ->> 'source' and s.sha256 = seen ->> 'sha256');
  end if;
  if not (target ->> 'ok')::boolean then return target; end if;
  is_hidden := not is_person and app.is_withheld_output(project, origin);
  if is_hidden then
    wait := app.system_take_withheld_start(withheld_max);
    if wait is not null then
      return jsonb_build_object('ok', false, 'code', 'rate_limited', 'details', jsonb_build_object('retry_after_seconds', wait));
    end if;
  end if;
  held := app.find_origin(project, origin);
  if not (held ->> 'ok')::boolean then
    return case when is_hidden then jsonb_build_object('ok', false, 'code', 'invalid_data') else held end;
  end if;
  return held || target || jsonb_build_object(
    'sight', case when is_person or app.import_agent_sees(project, name, origin, wish) = 'full' then 'all'
                  when is_hidden then 'shape' else 'schema' end,
    -- Known from equal bytes that the caller may see: to be quick would tell of others.
    'description', (
      select s.description
        from app.data_snapshots as s
        join app.data_sources as d on d.project_id = s.project_id and d.source_id = s.source_id
       where s.tenant_id = (select app.tenant_id()) and s.sha256 = held ->> 'sha256' and s.format = format
         and s.description ->> 'describer' = describer and (is_person or d.agent_sees = 'full')
       limit 1));
end
$$;
comment on function app.begin_import is
  'Was it made already, where are its bytes, what will the caller see of it, and were equal bytes described before?';

create or replace function app.record_snapshot(
  reference text, source text, name text, snapshot jsonb, sources_max integer, idempotency jsonb
) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  target jsonb := app.project_for_data(reference);
  project text := target ->> 'project';
  sha256 text := snapshot ->> 'sha256';
  sees text;
  held record;
  is_new boolean;
begin
  if seen is not null then
    return case when (seen ->> 'ok')::boolean
                then seen || app.sight_of(seen ->> 'project', seen ->> 'source', seen ->> 'sha256') else seen end;
  end if;
  if not (target ->> 'ok')::boolean then return target; end if;

  -- Two imports of one name take turns, so that the later one is what the name means.
  perform pg_advisory_xact_lock(hashtextextended(project || '/' || name, 20));
  perform app.lock_sight(project, true);
  sees := app.import_agent_sees(project, name, snapshot -> 'origin', snapshot ->> 'agent_sees');
  select s.source_id, s.current_sha256, s.agent_sees into held
    from app.data_sources as s where s.project_id = project and s.name = name;
  if held.source_id is null then
    if (select count(*) from app.data_sources as s where s.project_id = project) >= sources_max then
      return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
    end if;
    insert into app.data_sources (project_id, source_id, name, current_sha256, agent_sees) values (project, source, name, sha256, sees);
  else
    source := held.source_id;
    -- Of a source that agents may not see, that these are its very bytes must not be told: then any other format is refused.
    if exists (select from app.data_snapshots as s where s.project_id = project and s.source_id = source
                  and (s.sha256 = sha256 or sees = 'schema_only') and s.format <> snapshot ->> 'format') then
      return jsonb_build_object('ok', false, 'code', 'already_exists', 'details', jsonb_build_object('agent_sees', sees));
    end if;
    if held.agent_sees <> sees then
      if snapshot ->> 'agent_sees' = sees then
        perform app.system_withhold_source(project, source);
      else
        update app.data_sources as s set agent_sees = sees where s.project_id = project and s.source_id = source;
      end if;
    end if;
    update app.data_sources as s set current_sha256 = sha256 where s.project_id = project and s.source_id = source;
  end if;
  insert into app.data_snapshots (project_id, source_id, sha256, format, bytes, row_count, description, origin)
  values (project, source, sha256, snapshot ->> 'format', (snapshot ->> 'bytes')::bigint, (snapshot ->> 'row_count')::bigint,
          snapshot -> 'description', snapshot -> 'origin')
    on conflict do nothing;
  is_new := found;
  -- The same upload under another name is no way around it.
  if sees = 'schema_only' and snapshot -> 'origin' ->> 'kind' = 'upload' then
    update app.uploads as u set agent_sees = sees where u.upload_id = snapshot -> 'origin' ->> 'upload' and u.agent_sees <> sees;
  end if;

  perform app.audit('data.import', 'data_source', source, 'ok', (snapshot - 'description') || jsonb_build_object(
    'project', project, 'name', name, 'new_snapshot', is_new, 'replaces', held.current_sha256, 'agent_sees', sees));
  return app.remember(idempotency, jsonb_build_object('ok', true, 'project', project, 'source', source, 'sha256', sha256,
    'new_snapshot', is_new, 'replaces', nullif(held.current_sha256, sha256)), project) || app.sight_of(project, source, sha256);
end
$$;

create or replace function app.describe_source(reference text, name text) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  project text := app.project_id(reference);
  described jsonb;
begin
  if project is null then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project'));
  end if;
  select jsonb_build_object('ok', true, 'project', project, 'source', d.source_id, 'name', d.name, 'sha256', s.sha256,
           'format', s.format, 'bytes', s.bytes, 'row_count', s.row_count, 'description', s.description,
           'origin', s.origin, 'imported_at', app.utc_text(s.created_at),
           'agent_sees', d.agent_sees, 'sight', app.sight(d.agent_sees, s.derived),
           'snapshots', (select count(*) from app.data_snapshots as every
                          where every.project_id = project and every.source_id = d.source_id))
    into described
    from app.data_sources as d
    join app.data_snapshots as s on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
   where d.project_id = project and d.name = name;
  return coalesce(described, jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object(
    'kind', 'source', 'names', (
      select coalesce(jsonb_agg(first.name), '[]')
        from (select d.name from app.data_sources as d where d.project_id = project order by d.name limit 20) as first))));
end
$$;

create or replace function app.list_sources(reference text, after_name text, page_size integer) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  project text := app.project_id(reference);
begin
  if project is null then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project'));
  end if;
  return jsonb_build_object('ok', true, 'project', project,
    'total', (select count(*) from app.data_sources as d where d.project_id = project),
    'sources', (
      select coalesce(jsonb_agg(to_jsonb(page) order by page.name), '[]') from (
        select d.name, d.source_id as source, s.format, s.bytes, s.row_count,
               (s.description ->> 'column_count')::integer as column_count, s.sha256, app.utc_text(s.created_at) as imported_at,
               d.agent_sees, app.sight(d.agent_sees, s.derived) as sight
          from app.data_sources as d
          join app.data_snapshots as s
            on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
         where d.project_id = project and d.name > after_name
         order by d.name limit page_size) as page));
end
$$;

grant execute on function app.default_agent_sees, app.import_agent_sees, app.open_upload, app.begin_import to causeway_app;

-- As in 0160. An identical run that is active is found only where agents see all of it: that there is one would tell that what
-- two runs left is the same.
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
  withheld boolean;
  wait integer;
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

  -- 3. Whether agents see what it leaves.
  perform app.lock_sight(project.id, false);
  withheld := app.pins_withheld(project.id, data -> 'pinned');

  -- 4. A tenant's run starts take turns, so that the quota and the search for an identical or repeated call are exact.
  perform pg_advisory_xact_lock(hashtextextended('runs ' || app.tenant_id(), 0));
  seen := app.recall(nullif(request -> 'idempotency', 'null'));
  if seen is not null then return seen; end if;
  if not is_scratch and not withheld then
    select r.run_id into identical from app.runs as r
     where r.state = 'queued' and r.manifest_sha256 = manifest_sha256 and r.kind = 'model' and not r.withheld
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
  if withheld then
    wait := app.system_take_withheld_start((request ->> 'withheld_max')::integer);
    if wait is not null then
      return app.refuse_run('rate_limited', 'withheld_rate', project.id, jsonb_build_object('retry_after_seconds', wait));
    end if;
  end if;

  insert into app.runs (run_id, project_id, pool_id, labels, kind, commit_id, entry, manifest, manifest_sha256)
  values (request ->> 'run', project.id, place ->> 'pool', place -> 'labels', request ->> 'kind', commit_id, entry, manifest, manifest_sha256);
  perform app.audit('run.start', 'run', request ->> 'run', 'ok', jsonb_build_object(
    'project', project.id, 'commit', commit_id, 'entry', entry, 'kind', request -> 'kind', 'manifest_sha256', manifest_sha256,
    'pool', place -> 'pool', 'labels', place -> 'labels', 'withheld', withheld));
  perform app.remember(nullif(request -> 'idempotency', 'null'), jsonb_build_object('ok', true, 'run', request ->> 'run'), project.id);
  return jsonb_build_object('ok', true, 'run', request ->> 'run', 'fence', 1, 'manifest', manifest, 'withheld', withheld,
                            'pool', place -> 'pool', 'own', place -> 'own', 'labels', place -> 'labels',
                            'revoked_executors', to_jsonb(app.revoked_executors(place ->> 'pool')));
end
$$;
