-- Data: sources by name, their immutable snapshots, and the uploads by which bytes too large for a call arrive.
--
-- A snapshot's bytes are a blob under the tenant's key and its SHA-256; its description was made once, in a sandbox,
-- before the row was written. A source points at its newest snapshot, a run pins the one that it saw.

select app_private.create_id_domain(prefix) from unnest(array['dat', 'upl']) as prefix;
create domain app.source_name as text collate "C" check (value ~ '^[a-z][a-z0-9_]{0,62}$');
create domain app.data_format as text collate "C" check (value in ('csv', 'tsv', 'jsonl', 'parquet'));

create table app.data_sources (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  source_id app.dat_id not null,
  name app.source_name not null,
  created_at timestamptz not null default now(),
  created_by app.usr_id not null default app.user_id(),
  current_sha256 app.sha256 not null,
  primary key (tenant_id, project_id, source_id),
  unique (tenant_id, project_id, name),
  foreign key (tenant_id, project_id) references app.projects (tenant_id, project_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id)
);

create table app.data_snapshots (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  source_id app.dat_id not null,
  sha256 app.sha256 not null,
  format app.data_format not null,
  bytes bigint not null check (bytes > 0),
  row_count bigint not null check (row_count >= 0),
  description jsonb not null check (jsonb_typeof(description) = 'object' and length(description::text) <= 262144),
  -- {"kind": "text"}, {"kind": "upload", "upload"} or {"kind": "run", "run", "name"}.
  origin jsonb not null check (origin ->> 'kind' in ('text', 'upload', 'run')),
  created_at timestamptz not null default now(),
  created_by app.usr_id not null default app.user_id(),
  primary key (tenant_id, project_id, source_id, sha256),
  foreign key (tenant_id, project_id, source_id) references app.data_sources (tenant_id, project_id, source_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id)
);
comment on table app.data_snapshots is 'Immutable: the Worker may add and read rows, never change one.';
-- Equal bytes are described once a tenant.
create index data_snapshots_by_content on app.data_snapshots (tenant_id, sha256, format);

-- Source and snapshot name each other, so this one is checked at commit.
alter table app.data_sources add constraint data_sources_current
  foreign key (tenant_id, project_id, source_id, current_sha256)
  references app.data_snapshots (tenant_id, project_id, source_id, sha256) deferrable initially deferred;

create table app.uploads (
  tenant_id app.ten_id not null default app.tenant_id(),
  upload_id app.upl_id not null,
  project_id app.prj_id not null,
  name app.source_name not null,
  format app.data_format not null,
  bytes bigint not null check (bytes between 1 and 104857600),
  announced_sha256 app.sha256,
  created_at timestamptz not null default now(),
  created_by app.usr_id not null default app.user_id(),
  expires_at timestamptz not null,
  received_sha256 app.sha256,
  received_at timestamptz,
  primary key (tenant_id, upload_id),
  foreign key (tenant_id, project_id) references app.projects (tenant_id, project_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id),
  constraint received_as_a_whole check ((received_sha256 is null) = (received_at is null)),
  constraint received_as_announced check (received_sha256 = coalesce(announced_sha256, received_sha256))
);
create index uploads_open on app.uploads (tenant_id, expires_at) where received_at is null;

select app_private.protect_table(name::regclass)
  from unnest(array['app.data_sources', 'app.data_snapshots', 'app.uploads']) as name;

grant select, insert (project_id, source_id, name, current_sha256), update (current_sha256) on app.data_sources to causeway_app;
grant select, insert (project_id, source_id, sha256, format, bytes, row_count, description, origin)
  on app.data_snapshots to causeway_app;
grant select, insert (upload_id, project_id, name, format, bytes, announced_sha256, expires_at),
  update (received_sha256, received_at) on app.uploads to causeway_app;

create function app.utc_text(moment timestamptz) returns text
language sql immutable parallel safe
as $$ select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$;
comment on function app.utc_text is 'RFC 3339 in UTC with whole seconds, as answers show times.';

-- The project that takes data, or why it does not: {"ok", "project"} or a refusal.
create function app.project_for_data(reference text) returns jsonb
language sql stable
as $$
  select coalesce((
    select case when p.archived_at is null then jsonb_build_object('ok', true, 'project', p.project_id)
                else jsonb_build_object('ok', false, 'code', 'project_archived') end
      from app.projects as p where p.project_id = app.project_id(reference)),
    jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project')))
$$;

create function app.open_upload(
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
  if (select count(*) from app.uploads as u where u.received_at is null and u.expires_at > clock_timestamp()) >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.uploads (upload_id, project_id, name, format, bytes, announced_sha256, expires_at)
  values (upload, found ->> 'project', name, format, bytes, sha256, until);
  perform app.audit('upload.create', 'upload', upload, 'ok', jsonb_build_object(
    'project', found ->> 'project', 'name', name, 'format', format, 'bytes', bytes, 'sha256', sha256));
  return found || jsonb_build_object('expires_at', app.utc_text(until));
end
$$;

create function app.awaited_upload(upload text) returns jsonb
language sql stable
as $$
  select coalesce((
    select case
             when u.received_at is not null then jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "used"}'::jsonb)
             when u.expires_at <= clock_timestamp() then jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "expired"}'::jsonb)
             else jsonb_build_object('ok', true, 'project', u.project_id, 'name', u.name, 'format', u.format,
                                     'bytes', u.bytes, 'sha256', u.announced_sha256)
           end
      from app.uploads as u where u.upload_id = upload),
    jsonb_build_object('ok', false, 'code', 'not_found'))
$$;
comment on function app.awaited_upload is 'What a PUT to this upload must bring, or why it may not: used, expired or absent.';

-- A transfer may outlast the address it was sent to; the first to finish is the one that counts.
create function app.finish_upload(upload text, sha256 text) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
begin
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

-- Where the bytes of an origin lie: {"ok", "sha256", "bytes"} or a refusal. An upload and a run of another project are absent.
create function app.find_origin(project text, origin jsonb) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  held record;
begin
  case origin ->> 'kind'
    when 'text' then
      return jsonb_build_object('ok', true, 'sha256', origin ->> 'sha256', 'bytes', origin -> 'bytes');
    when 'upload' then
      select u.received_sha256, u.bytes, u.expires_at > clock_timestamp() as open into held
        from app.uploads as u where u.upload_id = origin ->> 'upload' and u.project_id = project;
      if not found then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'upload'));
      elsif held.received_sha256 is null then
        return jsonb_build_object('ok', false, 'code', 'upload_refused',
          'details', jsonb_build_object('reason', case when held.open then 'not_received' else 'expired' end));
      end if;
      return jsonb_build_object('ok', true, 'sha256', held.received_sha256, 'bytes', held.bytes);
    when 'run' then
      select r.state, coalesce(r.outcome -> 'outputs', '[]') as outputs into held
        from app.runs as r where r.run_id = origin ->> 'run' and r.project_id = project;
      if not found then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'run'));
      end if;
      return coalesce(
        (select jsonb_build_object('ok', true, 'sha256', o ->> 'sha256', 'bytes', o -> 'bytes')
           from jsonb_array_elements(held.outputs) as o where o ->> 'name' = origin ->> 'name'),
        jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object(
          'kind', 'output', 'state', held.state, 'names', (
            select coalesce(jsonb_agg(o ->> 'name'), '[]')
              from (select o from jsonb_array_elements(held.outputs) as o limit 20) as first))));
  end case;
end
$$;

-- Before an import: was it made already, where are its bytes, and were equal bytes described before?
create function app.begin_import(reference text, format text, origin jsonb, describer text, idempotency jsonb) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  target jsonb := app.project_for_data(reference);
  held jsonb;
begin
  if seen is not null then
    if not (seen ->> 'ok')::boolean then return seen; end if;
    return seen || (
      select jsonb_build_object('description', s.description, 'bytes', s.bytes, 'row_count', s.row_count)
        from app.data_snapshots as s
       where s.project_id = seen ->> 'project' and s.source_id = seen ->> 'source' and s.sha256 = seen ->> 'sha256');
  end if;
  if not (target ->> 'ok')::boolean then return target; end if;
  held := app.find_origin(target ->> 'project', origin);
  if not (held ->> 'ok')::boolean then return held; end if;
  return held || target || jsonb_build_object('description', (
    select s.description from app.data_snapshots as s
     where s.tenant_id = (select app.tenant_id()) and s.sha256 = held ->> 'sha256' and s.format = format
       and s.description ->> 'describer' = describer
     limit 1));
end
$$;

create function app.record_snapshot(
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
    'new_snapshot', is_new, 'replaces', nullif(held.current_sha256, sha256)));
end
$$;
comment on function app.record_snapshot is
  'Adds a checked snapshot and makes it the current one of its source. Refuses with not_found, project_archived, limit_exceeded, already_exists (these bytes in another format) or idempotency_conflict.';

create function app.describe_source(reference text, name text) returns jsonb
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

create function app.list_sources(reference text, after_name text, page_size integer) returns jsonb
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
               (s.description ->> 'column_count')::integer as column_count, s.sha256, app.utc_text(s.created_at) as imported_at
          from app.data_sources as d
          join app.data_snapshots as s
            on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
         where d.project_id = project and d.name > after_name
         order by d.name limit page_size) as page));
end
$$;

grant execute on function app.utc_text, app.project_for_data, app.open_upload, app.awaited_upload, app.finish_upload,
  app.find_origin, app.begin_import, app.record_snapshot, app.describe_source, app.list_sources to causeway_app;
