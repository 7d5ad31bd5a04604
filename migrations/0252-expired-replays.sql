-- What was imported and is removed since is told as expired when its key is used once more: NULL was no answer.

create or replace function app.begin_import(reference text, name text, format text, origin jsonb, wish text, describer text, withheld_max integer, idempotency jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
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
    return coalesce(seen || app.sight_of(seen ->> 'project', seen ->> 'source', seen ->> 'sha256') || (
      select jsonb_build_object('description', s.description, 'bytes', s.bytes, 'row_count', s.row_count)
        from app.data_snapshots as s
       where s.project_id = seen ->> 'project' and s.source_id = seen ->> 'source' and s.sha256 = seen ->> 'sha256'),
      jsonb_build_object('ok', false, 'code', 'expired'));
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
$function$;

create or replace function app.record_snapshot(reference text, source text, name text, snapshot jsonb, sources_max integer, idempotency jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
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
    if not (seen ->> 'ok')::boolean then return seen; end if;
    return coalesce(seen || app.sight_of(seen ->> 'project', seen ->> 'source', seen ->> 'sha256'),
                    jsonb_build_object('ok', false, 'code', 'expired'));
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
$function$;
