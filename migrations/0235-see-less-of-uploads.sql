-- To see less of a source covers the uploads that it was imported from, and those of equal bytes: an import of one under
-- another name would show what is hidden (0224, 0225).

create policy keeper_withholds on app.uploads for update to causeway_keeper using (true) with check (true);
grant select (project_id, upload_id, agent_sees), update (agent_sees) on app.uploads to causeway_keeper;
grant select (sha256) on app.data_snapshots to causeway_keeper;

-- Of sources that agents saw whole until now alone: of any other it would tell whether bytes that an agent sent are the very ones.
create function app.withhold_uploads(project text, sources text[]) returns void
language sql volatile
as $$
  update app.uploads as u set agent_sees = 'schema_only'
   where u.tenant_id = (select app.tenant_id()) and u.project_id = withhold_uploads.project and u.agent_sees = 'full'
     and exists (
       select from app.data_snapshots as n
        where n.tenant_id = u.tenant_id and n.project_id = u.project_id and n.source_id = any (withhold_uploads.sources)
          and (n.origin ->> 'upload' = u.upload_id or n.sha256 = u.received_sha256))
$$;
grant execute on function app.withhold_uploads to causeway_app, causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- What is there already.
update app.uploads as u set agent_sees = 'schema_only'
 where u.agent_sees = 'full' and exists (
   select from app.data_sources as d
     join app.data_snapshots as n on n.tenant_id = d.tenant_id and n.project_id = d.project_id and n.source_id = d.source_id
    where d.tenant_id = u.tenant_id and d.project_id = u.project_id and d.agent_sees = 'schema_only'
      and (n.origin ->> 'upload' = u.upload_id or n.sha256 = u.received_sha256));

-- As in 0224, with the uploads.
create or replace function app.withhold(project text, source text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  sources text[] := array[source];
  tightened text[];
  found_runs text[];
  total integer := 0;
begin
  loop
    with changed as (
      update app.data_sources as d set agent_sees = 'schema_only'
       where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = any (sources) and d.agent_sees = 'full'
      returning d.source_id)
    select array_agg(c.source_id::text) into tightened from changed as c;
    perform app.withhold_uploads(project, tightened);
    with changed as (
      update app.runs as r set withheld = true
       where r.tenant_id = app.tenant_id() and r.project_id = project and not r.withheld
         and exists (select from jsonb_array_elements(r.manifest -> 'data') as p where p ->> 'source' = any (sources))
      returning r.run_id)
    select array_agg(c.run_id::text) into found_runs from changed as c;
    exit when found_runs is null;
    total := total + cardinality(found_runs);
    with changed as (
      update app.data_snapshots as n set derived = true
       where n.tenant_id = app.tenant_id() and n.project_id = project and not n.derived
         and n.origin ->> 'kind' = 'run' and n.origin ->> 'run' = any (found_runs)
      returning n.source_id)
    select array_agg(distinct c.source_id::text) into sources from changed as c;
    exit when sources is null;
  end loop;
  return total;
end
$$;
reset role;
revoke create on schema app from causeway_keeper;

-- As in 0225, with the uploads where an import makes its source stricter.
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
