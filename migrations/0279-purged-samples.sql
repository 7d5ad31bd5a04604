-- A purge takes what data sources tell of the bytes as well. A source that holds the bytes of a purged file, output or other source
-- stays, for it may have other snapshots; but its description quotes five rows, and of each column the least and greatest value.

grant update (description) on app.data_snapshots to causeway_keeper;
grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.without_values(description jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select description || jsonb_build_object('sample', '[]'::jsonb, 'columns', (
    select coalesce(jsonb_agg(c.item - array['min', 'max', 'note'] order by c.at), '[]')
      from jsonb_array_elements(description -> 'columns') with ordinality as c (item, at)))
$$;
comment on function app.without_values is 'The description of data without what stood in it: names, types and counts.';

-- As in 0246, and descriptions.
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
  -- Those of the source itself go in the next line; those that only hold the same bytes stay, and say what columns there were.
  update app.data_snapshots as n set description = app.without_values(n.description)
   where n.tenant_id = tenant and n.sha256 = any (digests);
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

update app.data_snapshots as n set description = app.without_values(n.description)
 where exists (select from app.purges as p where p.tenant_id = n.tenant_id and p.purged_sha256 = n.sha256);

reset role;
revoke create on schema app from causeway_keeper;
