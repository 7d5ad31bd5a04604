-- What comes to be withheld while somebody waits is withheld in the answer too: whoever tells the end of a run is told in the same
-- breath whether agents may see it. And what is sent under the name of a source is as strict as that source.

create function app.import_sight(project text, name text, origin jsonb, wish text) returns text
language sql stable
as $$
  select case when app.is_in_session() or app.import_agent_sees(project, name, origin, wish) = 'full' then 'all'
              when app.is_withheld_output(project, origin) then 'shape' else 'schema' end
$$;
comment on function app.import_sight(text, text, jsonb, text) is 'What the entered call would see of such an import: all, schema or shape.';
grant execute on function app.import_sight to causeway_app;

create or replace function app.begin_import(reference text, name text, format text, origin jsonb, wish text, describer text, withheld_max integer, idempotency jsonb) returns jsonb
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
    'sight', app.import_sight(project, name, origin, wish),
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

-- Whoever is given the address is told the name: what they send is of that source, whatever it is imported as.
create or replace function app.open_upload(reference text, upload text, name text, format text, bytes bigint, sha256 text, wish text, lifetime interval, open_max integer) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  found jsonb := app.project_for_data(reference);
  until timestamptz := clock_timestamp() + lifetime;
  sees text;
begin
  if not (found ->> 'ok')::boolean then return found; end if;
  perform app.lock_sight(found ->> 'project', false);
  if app.tenant_usage('open_uploads') >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  sees := case when 'schema_only' in (app.default_agent_sees(found ->> 'project'),
                                     app.import_agent_sees(found ->> 'project', name, '{}', wish)) then 'schema_only' else 'full' end;
  insert into app.uploads (upload_id, project_id, name, format, bytes, announced_sha256, agent_sees, expires_at)
  values (upload, found ->> 'project', name, format, bytes, sha256, sees, until);
  perform app.audit('upload.create', 'upload', upload, 'ok', jsonb_build_object(
    'project', found ->> 'project', 'name', name, 'format', format, 'bytes', bytes, 'sha256', sha256, 'agent_sees', sees));
  return found || jsonb_build_object('expires_at', app.utc_text(until), 'agent_sees', sees);
end
$$;

create or replace function app.withhold_uploads(project text, sources text[]) returns void
language sql volatile
as $$
  update app.uploads as u set agent_sees = 'schema_only'
   where u.tenant_id = (select app.tenant_id()) and u.project_id = withhold_uploads.project and u.agent_sees = 'full'
     and (exists (
            select from app.data_sources as d
             where d.tenant_id = u.tenant_id and d.project_id = u.project_id and d.source_id = any (withhold_uploads.sources)
               and d.name = u.name)
          or exists (
            select from app.data_snapshots as n
             where n.tenant_id = u.tenant_id and n.project_id = u.project_id and n.source_id = any (withhold_uploads.sources)
               and (n.origin ->> 'upload' = u.upload_id or n.sha256 = u.received_sha256)))
$$;

create or replace function app.record_snapshot(reference text, source text, name text, snapshot jsonb, sources_max integer, idempotency jsonb) returns jsonb
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
        perform app.withhold_uploads(project, array[source]);
      end if;
    end if;
    update app.data_sources as s set current_sha256 = sha256 where s.project_id = project and s.source_id = source;
  end if;
  insert into app.data_snapshots (project_id, source_id, sha256, format, bytes, row_count, description, origin)
  values (project, source, sha256, snapshot ->> 'format', (snapshot ->> 'bytes')::bigint, (snapshot ->> 'row_count')::bigint,
          snapshot -> 'description', snapshot -> 'origin')
    on conflict do nothing;
  is_new := found;
  -- The same upload under another name is no way around it, nor is another upload that was announced under this one.
  if sees = 'schema_only' then
    update app.uploads as u set agent_sees = sees
     where u.project_id = project and u.agent_sees <> sees
       and (u.upload_id = snapshot -> 'origin' ->> 'upload' or u.name = name);
  end if;

  perform app.audit('data.import', 'data_source', source, 'ok', (snapshot - 'description') || jsonb_build_object(
    'project', project, 'name', name, 'new_snapshot', is_new, 'replaces', held.current_sha256, 'agent_sees', sees));
  return app.remember(idempotency, jsonb_build_object('ok', true, 'project', project, 'source', source, 'sha256', sha256,
    'new_snapshot', is_new, 'replaces', nullif(held.current_sha256, sha256)), project) || app.sight_of(project, source, sha256);
end
$$;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.system_record_outcome(run text, fence integer, outcome jsonb, execution jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  caller jsonb := app.context();
  now_ms constant numeric := extract(epoch from clock_timestamp()) * 1000;
  executed constant jsonb := jsonb_build_object(
    'executor', execution -> 'executor',
    'leased_at', round(now_ms - greatest(0, (execution ->> 'leased_ago_ms')::numeric)),
    'started_at', round(now_ms - greatest(0, (execution ->> 'started_ago_ms')::numeric)));
  stored record;
  is_withheld boolean;
begin
  if coalesce(caller ->> 'kind', '') not in ('executor', 'system') then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  update app.runs as r
     set state = outcome ->> 'state', outcome = system_record_outcome.outcome, execution = executed,
         finished_at = clock_timestamp()
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run and r.fence = system_record_outcome.fence and r.state = 'queued'
     and (caller ->> 'kind' = 'system' or r.pool_id = (
           select e.pool_id from app.executors as e where e.executor_id = caller ->> 'credential'))
  returning r.withheld into is_withheld;
  if found then
    perform app.audit('run.finish', 'run', run, 'ok', jsonb_build_object(
      'state', outcome -> 'state', 'fence', fence, 'limit', outcome -> 'limit', 'timings', outcome -> 'timings',
      'outputs', jsonb_array_length(outcome -> 'outputs'), 'execution', executed));
    return jsonb_build_object('ok', true, 'recorded', true, 'withheld', is_withheld);
  end if;
  select r.state, r.fence, r.outcome, r.withheld into stored from app.runs as r
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  return jsonb_build_object('ok', true, 'recorded', false, 'fence', stored.fence, 'outcome', stored.outcome,
                            'withheld', stored.withheld);
end
$$;

create or replace function app.system_next_fence(run text, fence integer, attempts_max integer, over jsonb) returns jsonb
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
  select r.state, r.fence, r.manifest, r.created_at, r.created_by, r.labels, r.outcome, r.withheld, p.owner_tenant is not null as is_own into moved
    from app.runs as r join app.pools as p using (pool_id)
   where r.tenant_id = app.tenant_id() and r.run_id = run for update of r;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  if moved.state <> 'queued' then
    return jsonb_build_object('ok', true, 'step', 'finished', 'outcome', moved.outcome, 'withheld', moved.withheld);
  end if;
  if fence is not null and moved.fence <> fence then
    return jsonb_build_object('ok', true, 'step', 'elsewhere', 'fence', moved.fence);
  end if;
  if moved.fence >= attempts_max then
    perform app.audit('run.give_up', 'run', run, 'ok', over || jsonb_build_object('fence', moved.fence));
    return jsonb_build_object('ok', true, 'step', 'exhausted', 'fence', moved.fence, 'image', moved.manifest -> 'image');
  end if;
  update app.runs as r set fence = r.fence + 1 where r.tenant_id = app.tenant_id() and r.run_id = run;
  perform app.audit('run.retry', 'run', run, 'ok', over || jsonb_build_object('fence', moved.fence + 1));
  return jsonb_build_object('ok', true, 'step', 'again', 'fence', moved.fence + 1, 'manifest', moved.manifest,
                            'queued_at', extract(epoch from moved.created_at) * 1000, 'user', moved.created_by,
                            'labels', moved.labels, 'own', moved.is_own);
end
$$;

reset role;
revoke create on schema app from causeway_keeper;
