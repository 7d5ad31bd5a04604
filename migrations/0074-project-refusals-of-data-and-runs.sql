-- The same for data and runs: whoever may read a project and not write it is told so, as data.

create or replace function app.project_for_data(reference text) returns jsonb
language sql stable
as $$
  select coalesce((
    select coalesce(app.project_refusal(p.project_id),
             case when p.archived_at is null then jsonb_build_object('ok', true, 'project', p.project_id)
                  else jsonb_build_object('ok', false, 'code', 'project_archived') end)
      from app.projects as p where p.project_id = app.project_id(reference)),
    jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project')))
$$;

create or replace function app.open_upload(
  reference text, upload text, name text, format text, bytes bigint, sha256 text, lifetime interval, open_max integer
) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  found jsonb := app.project_for_data(reference);
  until timestamptz := clock_timestamp() + lifetime;
begin
  if not (found ->> 'ok')::boolean then return found; end if;
  if app.tenant_usage('open_uploads') >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.uploads (upload_id, project_id, name, format, bytes, announced_sha256, expires_at)
  values (upload, found ->> 'project', name, format, bytes, sha256, until);
  perform app.audit('upload.create', 'upload', upload, 'ok', jsonb_build_object(
    'project', found ->> 'project', 'name', name, 'format', format, 'bytes', bytes, 'sha256', sha256));
  return found || jsonb_build_object('expires_at', app.utc_text(until));
end
$$;

create or replace function app.awaited_upload(upload text) returns jsonb
language sql stable
as $$
  select coalesce((
    select coalesce(app.project_refusal(u.project_id), case
             when u.received_at is not null then jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "used"}'::jsonb)
             when u.expires_at <= clock_timestamp() then jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "expired"}'::jsonb)
             else jsonb_build_object('ok', true, 'project', u.project_id, 'name', u.name, 'format', u.format,
                                     'bytes', u.bytes, 'sha256', u.announced_sha256)
           end)
      from app.uploads as u where u.upload_id = upload),
    jsonb_build_object('ok', false, 'code', 'not_found'))
$$;
comment on function app.awaited_upload is 'What a PUT to this upload must bring, or why it may not: used, expired, absent, or no right to write there.';

create or replace function app.finish_upload(upload text, sha256 text) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  refusal jsonb := app.project_refusal((select u.project_id from app.uploads as u where u.upload_id = upload));
begin
  if refusal is not null then return refusal; end if;
  update app.uploads as u set received_sha256 = sha256, received_at = clock_timestamp()
   where u.upload_id = upload and u.received_at is null;
  if not found then
    perform app.audit('upload.receive', 'upload', upload, 'refused', jsonb_build_object('reason', 'used'));
    return jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "used"}'::jsonb);
  end if;
  perform app.audit('upload.receive', 'upload', upload, 'ok', jsonb_build_object('sha256', sha256));
  return '{"ok": true}';
end
$$;

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
  held record;
  is_new boolean;
begin
  if seen is not null then return seen; end if;
  if not (target ->> 'ok')::boolean then return target; end if;

  -- Two imports of one name take turns, so that the later one is what the name means.
  perform pg_advisory_xact_lock(hashtextextended(project || '/' || name, 20));
  select s.source_id, s.current_sha256 into held
    from app.data_sources as s where s.project_id = project and s.name = name;
  if held.source_id is null then
    if (select count(*) from app.data_sources as s where s.project_id = project) >= sources_max then
      return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
    end if;
    insert into app.data_sources (project_id, source_id, name, current_sha256) values (project, source, name, sha256);
  else
    source := held.source_id;
    if exists (select from app.data_snapshots as s where s.project_id = project and s.source_id = source
                  and s.sha256 = sha256 and s.format <> snapshot ->> 'format') then
      return jsonb_build_object('ok', false, 'code', 'already_exists');
    end if;
    update app.data_sources as s set current_sha256 = sha256 where s.project_id = project and s.source_id = source;
  end if;
  insert into app.data_snapshots (project_id, source_id, sha256, format, bytes, row_count, description, origin)
  values (project, source, sha256, snapshot ->> 'format', (snapshot ->> 'bytes')::bigint, (snapshot ->> 'row_count')::bigint,
          snapshot -> 'description', snapshot -> 'origin')
    on conflict do nothing;
  is_new := found;

  perform app.audit('data.import', 'data_source', source, 'ok', (snapshot - 'description') || jsonb_build_object(
    'project', project, 'name', name, 'new_snapshot', is_new, 'replaces', held.current_sha256));
  return app.remember(idempotency, jsonb_build_object('ok', true, 'project', project, 'source', source, 'sha256', sha256,
    'new_snapshot', is_new, 'replaces', nullif(held.current_sha256, sha256)), project);
end
$$;

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
                          jsonb_build_object('ok', true, 'run', identical, 'deduplicated', true), project.id);
    end if;
  end if;
  if app.tenant_usage('queued_runs') >= (request ->> 'queued_max')::integer then
    return app.refuse_run('limit_exceeded', 'queue_full', project.id, jsonb_build_object(
      'limit', 'queued_runs', 'value', request -> 'queued_max'));
  end if;

  insert into app.runs (run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256)
  values (request ->> 'run', project.id, request ->> 'pool', request ->> 'kind', commit_id, entry, manifest, manifest_sha256);
  perform app.audit('run.start', 'run', request ->> 'run', 'ok', jsonb_build_object(
    'project', project.id, 'commit', commit_id, 'entry', entry, 'kind', request -> 'kind', 'manifest_sha256', manifest_sha256));
  perform app.remember(nullif(request -> 'idempotency', 'null'), jsonb_build_object('ok', true, 'run', request ->> 'run'), project.id);
  return jsonb_build_object('ok', true, 'run', request ->> 'run', 'fence', 1, 'manifest', manifest,
                            'revoked_executors', to_jsonb(app.revoked_executors(request ->> 'pool')));
end
$$;

create or replace function app.begin_cancel(run text) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  target record;
  refusal jsonb;
begin
  select r.state, r.pool_id, r.fence, r.project_id into target from app.runs as r where r.run_id = run;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  refusal := app.project_refusal(target.project_id);
  if refusal is not null then return refusal; end if;
  perform app.audit('run.cancel', 'run', run, case when target.state = 'queued' then 'ok' else 'refused' end,
                    jsonb_build_object('state', target.state));
  return jsonb_build_object('ok', true, 'pool', target.pool_id, 'state', target.state, 'fence', target.fence);
end
$$;
