-- Starting and cancelling a run: what must be decided in one statement under row security.

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
