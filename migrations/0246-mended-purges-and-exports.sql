-- What comes of things that expire (0244): an import of them, a purge, an export, which says what rows name and the object store lacks.
-- Purging knows of uploads and of what expired. An upload that holds the same bytes is something that would lose them; but of data its
-- own uploads go with it, for what cannot be read any more must not be imported.

create policy purged on app.uploads for delete to causeway_keeper
  using (exists (select from app.purges as p where p.tenant_id = uploads.tenant_id and p.purged_sha256 = uploads.received_sha256));
grant select (name) on app.uploads to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- As in 0236; a log that expired is empty.
create or replace function app.contents_of(tenant text, object jsonb) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  case object ->> 'kind'
    when 'file' then
      return (select array[t.files -> (object ->> 'path') ->> 'sha256']
                from app.commits as c join app.trees as t using (tenant_id, project_id, tree_id)
               where c.tenant_id = tenant and c.project_id = object ->> 'project' and t.files ? (object ->> 'path')
                 and (object ->> 'commit' is null or starts_with(c.commit_id, object ->> 'commit'))
               order by c.position desc limit 1);
    when 'data' then
      return (select array_agg(distinct n.sha256::text)
                from app.data_sources as s join app.data_snapshots as n using (tenant_id, project_id, source_id)
               where s.tenant_id = tenant and s.project_id = object ->> 'project' and s.name = object ->> 'name');
    when 'output' then
      return (select array[o ->> 'sha256'] from app.runs as r, jsonb_array_elements(r.outcome -> 'outputs') as o
               where r.tenant_id = tenant and r.run_id = object ->> 'run' and o ->> 'name' = object ->> 'name');
    when 'log' then
      -- What is no blob stands in the outcome itself.
      return (select array_agg(distinct coalesce(s ->> 'sha256', encode(sha256(convert_to(s ->> 'inline', 'UTF8')), 'hex')))
                from app.runs as r, unnest(array[r.outcome -> 'stdout', r.outcome -> 'stderr', r.outcome -> 'progress']) as s
               where r.tenant_id = tenant and r.run_id = object ->> 'run' and s ->> 'inline' <> '' and not r.log_expired);
    else
      return null;
  end case;
end
$$;

create or replace function app.others_with(tenant text, digests text[], object jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(other), '[]') from (
    (select distinct format('file %s in %s', f.key, p.name) as other
       from app.trees as t join app.projects as p using (tenant_id, project_id), jsonb_each(t.files) as f
      where t.tenant_id = tenant and f.value ->> 'sha256' = any (digests)
        and (object ->> 'kind', p.project_id::text, f.key) is distinct from ('file', object ->> 'project', object ->> 'path') limit 20)
    union all
    (select distinct format('data source %s in %s', s.name, p.name)
       from app.data_snapshots as n join app.data_sources as s using (tenant_id, project_id, source_id)
       join app.projects as p using (tenant_id, project_id)
      where n.tenant_id = tenant and n.sha256 = any (digests)
        and (object ->> 'kind', p.project_id::text, s.name::text) is distinct from ('data', object ->> 'project', object ->> 'name') limit 20)
    union all
    (select distinct format('upload for %s in %s', u.name, p.name)
       from app.uploads as u join app.projects as p using (tenant_id, project_id)
      where u.tenant_id = tenant and u.received_sha256 = any (digests)
        and (object ->> 'kind', p.project_id::text) is distinct from ('data', object ->> 'project') limit 20)
    union all
    (select distinct format('output %s of %s', o ->> 'name', r.run_id)
       from app.runs as r, jsonb_array_elements(r.outcome -> 'outputs') as o
      where r.tenant_id = tenant and o ->> 'sha256' = any (digests)
        and (object ->> 'kind', r.run_id::text, o ->> 'name') is distinct from ('output', object ->> 'run', object ->> 'name') limit 20)
    union all
    (select distinct format('log of %s', r.run_id)
       from app.runs as r, unnest(array[r.outcome -> 'stdout', r.outcome -> 'stderr', r.outcome -> 'progress']) as s
      where r.tenant_id = tenant and s ->> 'sha256' = any (digests)
        and (object ->> 'kind', r.run_id::text) is distinct from ('log', object ->> 'run') limit 20)
  ) as others
$$;

create or replace function app.purge_object(tenant text, object jsonb, reason text, even_if_shared boolean) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  project constant text := (
    select p.project_id from app.projects as p
     where p.tenant_id = tenant and (p.project_id = object ->> 'project' or lower(p.name) = lower(object ->> 'project'))
     order by p.project_id = object ->> 'project' desc, p.archived_at nulls first limit 1);
  digests text[];
  others jsonb;
  source text;
begin
  perform app.require_open_log(tenant);
  if project is not null then
    object := object || jsonb_build_object('project', project);
  end if;
  digests := app.contents_of(tenant, object);
  if digests is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  others := app.others_with(tenant, digests, object);
  if others <> '[]' and not even_if_shared then
    return jsonb_build_object('ok', false, 'code', 'shared', 'others', others);
  end if;
  if object ->> 'kind' = 'data' then
    select s.source_id into source from app.data_sources as s
     where s.tenant_id = tenant and s.project_id = project and s.name = object ->> 'name';
    object := object || jsonb_build_object('source', source);
  end if;
  insert into app.purges (tenant_id, purged_sha256, reason, object)
  select tenant, digest, reason, object from unnest(digests) as digest
  on conflict (tenant_id, purged_sha256) do update
     set purged_at = clock_timestamp(), reason = excluded.reason, object = excluded.object, removed_at = null;
  delete from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = any (digests);
  delete from app.uploads as u where u.tenant_id = tenant and u.received_sha256 = any (digests);
  if source is not null then
    delete from app.data_snapshots as n where n.tenant_id = tenant and n.project_id = project and n.source_id = source;
    delete from app.data_sources as s where s.tenant_id = tenant and s.project_id = project and s.source_id = source;
  elsif object ->> 'kind' = 'log' then
    update app.runs as r
       set outcome = app.without_log(r.outcome, '[purged]', 'The log of this run was purged.')
     where r.tenant_id = tenant and r.run_id = object ->> 'run';
  end if;
  perform app.audit_person(tenant, null, 'operator', 'object.purge', object ->> 'kind',
    left(coalesce(object ->> 'run', object ->> 'path', object ->> 'name'), 300),
    jsonb_build_object('object', object, 'sha256', to_jsonb(digests), 'reason', reason));
  return jsonb_build_object('ok', true, 'sha256', to_jsonb(digests), 'others', others);
end
$$;

create function app.system_export_blob_names(after text, rows_max integer) returns table (sha256 text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform app.require_export();
  return query
    select r.sha256 from app.referenced_blobs(app.tenant_id()) as r
     where (after is null or r.sha256 collate "C" > after)
       and not exists (select from app.purges as p where p.tenant_id = r.tenant_id and p.purged_sha256 = r.sha256)
     order by r.sha256 collate "C" limit rows_max;
end
$$;
comment on function app.system_export_blob_names is 'The blobs that rows of the entered tenant name and that were not purged, by name.';
grant execute on function app.system_export_blob_names to causeway_app;

reset role;
revoke create on schema app from causeway_keeper;

-- What it is computed from must be known as long as it is there: what that was may have gone since the import began.
create function app.guard_origin() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.lock_sight(new.project_id, false);
  if (new.origin ->> 'kind' = 'run' and not exists (
        select from app.runs as r where r.tenant_id = new.tenant_id and r.run_id = new.origin ->> 'run'))
     or (new.origin ->> 'kind' = 'upload' and not exists (
        select from app.uploads as u where u.tenant_id = new.tenant_id and u.upload_id = new.origin ->> 'upload')) then
    raise exception using errcode = 'CW006', message = 'what is imported has expired';
  end if;
  return new;
end
$$;
create trigger guard_origin before insert on app.data_snapshots for each row execute function app.guard_origin();

-- As in 0020; an output that expired is told from one that never was.
create or replace function app.find_origin(project text, origin jsonb) returns jsonb
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
      select r.state, coalesce(r.outcome -> 'outputs', '[]') as outputs, r.outcome -> 'expired' as expired into held
        from app.runs as r where r.run_id = origin ->> 'run' and r.project_id = project;
      if not found then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'run'));
      end if;
      if held.expired -> 'outputs' @> jsonb_build_array(jsonb_build_object('name', origin -> 'name')) then
        return jsonb_build_object('ok', false, 'code', 'expired', 'details', jsonb_build_object('until', held.expired -> 'outputs_at'));
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
