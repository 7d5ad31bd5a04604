-- Data that comes to a source which agents see whole is as strict as its project says by then, however it comes: until now what was sent
-- to an upload was, and what came as text or from a run was not (0225, 0240).

create or replace function app.import_agent_sees(project text, name text, origin jsonb, wish text) returns text
language sql stable
as $$
  select case when wish = 'schema_only'
                or app.is_withheld_output(project, origin)
                or app.default_agent_sees(project) = 'schema_only'
                or exists (select from app.uploads as u
                            where u.upload_id = origin ->> 'upload' and u.project_id = import_agent_sees.project
                              and u.agent_sees = 'schema_only')
                or exists (select from app.data_sources as d
                            where d.project_id = import_agent_sees.project and d.name = import_agent_sees.name
                              and d.agent_sees = 'schema_only')
              then 'schema_only' else 'full' end
$$;

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
  sees := app.import_agent_sees(found ->> 'project', name, '{}', wish);
  insert into app.uploads (upload_id, project_id, name, format, bytes, announced_sha256, agent_sees, expires_at)
  values (upload, found ->> 'project', name, format, bytes, sha256, sees, until);
  perform app.audit('upload.create', 'upload', upload, 'ok', jsonb_build_object(
    'project', found ->> 'project', 'name', name, 'format', format, 'bytes', bytes, 'sha256', sha256, 'agent_sees', sees));
  return found || jsonb_build_object('expires_at', app.utc_text(until), 'agent_sees', sees);
end
$$;
