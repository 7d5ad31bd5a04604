-- Of one source of a project that shows schemas only, a person may say that agents see it in full. The next import took that back: now
-- it stays until somebody says less, of the source or of what comes to its project.

alter table app.data_sources add column full_said boolean not null default false;
comment on column app.data_sources.full_said is 'A person said `full` of this source itself, after what its project and tenant say of data that comes.';
grant update (full_said) on app.data_sources to causeway_keeper;

create or replace function app.import_agent_sees(project text, name text, origin jsonb, wish text) returns text
language sql stable
as $$
  select case when wish = 'schema_only'
                or app.is_withheld_output(project, origin)
                or exists (select from app.uploads as u
                            where u.upload_id = origin ->> 'upload' and u.project_id = import_agent_sees.project
                              and u.agent_sees = 'schema_only')
                or coalesce(
                     (select d.agent_sees = 'schema_only' or not d.full_said and app.default_agent_sees(project) = 'schema_only'
                        from app.data_sources as d
                       where d.project_id = import_agent_sees.project and d.name = import_agent_sees.name),
                     app.default_agent_sees(project) = 'schema_only')
              then 'schema_only' else 'full' end
$$;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.system_set_agent_sees(project text, name text, agent_sees text) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal jsonb;
  held record;
  runs integer := 0;
begin
  perform app.lock_sight(project, true);
  refusal := app.project_change_refusal(project);
  if refusal is not null then return refusal; end if;
  select d.source_id, d.agent_sees, d.full_said into held
    from app.data_sources as d where d.tenant_id = app.tenant_id() and d.project_id = project and d.name = name;
  if not found then
    return '{"ok": false, "code": "not_found", "details": {"kind": "source"}}';
  elsif held.agent_sees = agent_sees and (agent_sees = 'schema_only' or held.full_said) then
    return '{"ok": true, "changed": false}';
  end if;
  if agent_sees = 'schema_only' then
    runs := app.withhold(project, held.source_id);
  else
    update app.data_sources as d set agent_sees = 'full', full_said = true
     where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = held.source_id;
  end if;
  perform app.audit('data.agent_sees', 'data_source', held.source_id, 'ok', jsonb_build_object(
    'project', project, 'name', name, 'agent_sees', agent_sees, 'before', held.agent_sees, 'runs', runs));
  return '{"ok": true, "changed": true}';
end
$$;

create or replace function app.system_set_default_agent_sees(project text, agent_sees text) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal jsonb;
begin
  if project is null then
    if not app.administers() then return '{"ok": false, "code": "insufficient_role"}'; end if;
    update app.tenants as t set agent_sees = agent_sees where t.tenant_id = app.tenant_id();
  else
    refusal := app.project_change_refusal(project);
    if refusal is not null then return refusal; end if;
    update app.projects as p set agent_sees = agent_sees where p.tenant_id = app.tenant_id() and p.project_id = project;
  end if;
  -- The later word holds.
  if agent_sees = 'schema_only' then
    update app.data_sources as d set full_said = false
     where d.tenant_id = app.tenant_id() and (project is null or d.project_id = project) and d.full_said;
  end if;
  perform app.audit('data.default_agent_sees', case when project is null then 'tenant' else 'project' end,
                    coalesce(project, app.tenant_id()), 'ok', jsonb_build_object('agent_sees', agent_sees));
  return '{"ok": true, "changed": true}';
end
$$;

reset role;
revoke create on schema app from causeway_keeper;
