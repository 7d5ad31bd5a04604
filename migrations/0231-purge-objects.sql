-- Purging the content of one object: a file of a project, a data source, an output or the log of a run. The bytes go for good and
-- at once; what named them stays, and a tombstone says when, by whom and why. History stays consistent, for it holds digests.

create table app.purges (
  tenant_id app.ten_id not null,
  purged_sha256 app.sha256 not null,
  purged_at timestamptz not null default clock_timestamp(),
  -- NULL: the operator.
  purged_by app.usr_id,
  reason text not null check (length(reason) between 1 and 500),
  -- {kind: file | data | output | log, and what names it}; of data with the id of its source, whose rows go.
  object jsonb not null check (object ->> 'kind' in ('file', 'data', 'output', 'log')),
  -- Since when the object store has it no more.
  removed_at timestamptz,
  primary key (tenant_id, purged_sha256),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
comment on table app.purges is 'Tombstones of contents: who reads what a digest named is told of them where the bytes are gone.';
select app_private.protect_table('app.purges');
grant select on app.purges to causeway_app;
create policy keeper on app.purges for all to causeway_keeper using (true) with check (true);
grant select, insert, update on app.purges to causeway_keeper;
create index purges_to_remove on app.purges (tenant_id) where removed_at is null;

do $$
declare
  name text;
begin
  foreach name in array array['data_sources', 'data_snapshots'] loop
    execute format('drop policy tenant_life_ends_only on app.%I', name);
    execute format(
      'create policy purged on app.%1$I for delete to causeway_keeper using (exists (select from app.purges as p '
      'where p.tenant_id = %1$I.tenant_id and p.object ->> ''source'' = %1$I.source_id))', name);
  end loop;
end
$$;

-- A run would be tried in vain.
create function app.guard_purged_inputs() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from app.purges as p where p.tenant_id = new.tenant_id and position(p.purged_sha256 in new.manifest::text) > 0) then
    raise exception using errcode = 'CW004', message = 'the run needs what was purged';
  end if;
  return new;
end
$$;
create trigger guard_purged before insert on app.runs for each row execute function app.guard_purged_inputs();

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.contents_of(tenant text, object jsonb) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  project text := (select p.project_id from app.projects as p
                    where p.tenant_id = tenant and (p.project_id = object ->> 'project' or lower(p.name) = lower(object ->> 'project'))
                    order by p.project_id = object ->> 'project' desc, p.archived_at nulls first limit 1);
begin
  case object ->> 'kind'
    when 'file' then
      return (select array[t.files -> (object ->> 'path') ->> 'sha256']
                from app.commits as c join app.trees as t using (tenant_id, project_id, tree_id)
               where c.tenant_id = tenant and c.project_id = project and t.files ? (object ->> 'path')
                 and (object ->> 'commit' is null or starts_with(c.commit_id, object ->> 'commit'))
               order by c.position desc limit 1);
    when 'data' then
      return (select array_agg(distinct n.sha256::text)
                from app.data_sources as s join app.data_snapshots as n using (tenant_id, project_id, source_id)
               where s.tenant_id = tenant and s.project_id = project and s.name = object ->> 'name');
    when 'output' then
      return (select array[o ->> 'sha256'] from app.runs as r, jsonb_array_elements(r.outcome -> 'outputs') as o
               where r.tenant_id = tenant and r.run_id = object ->> 'run' and o ->> 'name' = object ->> 'name');
    when 'log' then
      -- What is no blob stands in the outcome itself.
      return (select array_agg(distinct coalesce(s ->> 'sha256', encode(sha256(convert_to(s ->> 'inline', 'UTF8')), 'hex')))
                from app.runs as r, unnest(array[r.outcome -> 'stdout', r.outcome -> 'stderr', r.outcome -> 'progress']) as s
               where r.tenant_id = tenant and r.run_id = object ->> 'run' and s ->> 'inline' <> '');
    else
      return null;
  end case;
end
$$;
comment on function app.contents_of is 'The digests of what an object holds; NULL where there is no such object, or it is empty.';

create function app.others_with(tenant text, digests text[], object jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(other), '[]') from (
    (select distinct format('file %s in %s', f.key, p.name) as other
       from app.trees as t join app.projects as p using (tenant_id, project_id), jsonb_each(t.files) as f
      where t.tenant_id = tenant and f.value ->> 'sha256' = any (digests)
        and (object ->> 'kind', f.key) is distinct from ('file', object ->> 'path') limit 20)
    union all
    (select distinct format('data source %s in %s', s.name, p.name)
       from app.data_snapshots as n join app.data_sources as s using (tenant_id, project_id, source_id)
       join app.projects as p using (tenant_id, project_id)
      where n.tenant_id = tenant and n.sha256 = any (digests)
        and (object ->> 'kind', s.name::text) is distinct from ('data', object ->> 'name') limit 20)
    union all
    (select distinct format('output %s of %s', o ->> 'name', r.run_id)
       from app.runs as r, jsonb_array_elements(r.outcome -> 'outputs') as o
      where r.tenant_id = tenant and o ->> 'sha256' = any (digests)
        and (object ->> 'kind', r.run_id::text, o ->> 'name') is distinct from ('output', object ->> 'run', object ->> 'name') limit 20)
  ) as others
$$;
comment on function app.others_with is 'What else in the tenant holds the same bytes, as texts; some of it.';

create function app.purge_object(tenant text, object jsonb, reason text, even_if_shared boolean) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  digests constant text[] := app.contents_of(tenant, object);
  others jsonb;
  source text;
begin
  if digests is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  others := app.others_with(tenant, digests, object);
  if others <> '[]' and not even_if_shared then
    return jsonb_build_object('ok', false, 'code', 'shared', 'others', others);
  end if;
  if object ->> 'kind' = 'data' then
    select s.source_id into source from app.data_sources as s join app.data_snapshots as n using (tenant_id, project_id, source_id)
     where s.tenant_id = tenant and s.name = object ->> 'name' and n.sha256 = any (digests) limit 1;
    object := object || jsonb_build_object('source', source);
  end if;
  insert into app.purges (tenant_id, purged_sha256, reason, object)
  select tenant, digest, reason, object from unnest(digests) as digest
  on conflict (tenant_id, purged_sha256) do update
     set purged_at = clock_timestamp(), reason = excluded.reason, object = excluded.object, removed_at = null;
  if source is not null then
    delete from app.data_snapshots as n where n.tenant_id = tenant and n.source_id = source;
    delete from app.data_sources as s where s.tenant_id = tenant and s.source_id = source;
  elsif object ->> 'kind' = 'log' then
    update app.runs as r
       set outcome = r.outcome || jsonb_build_object(
             'stdout', r.outcome -> 'stdout' || '{"inline": "[purged]", "sha256": null}',
             'stderr', r.outcome -> 'stderr' || '{"inline": "[purged]", "sha256": null}',
             'message', 'The log of this run was purged.',
             'error', case when jsonb_typeof(r.outcome -> 'error') = 'object' then r.outcome -> 'error' || '{"message": "[purged]"}' else 'null' end)
           || case when r.outcome ? 'progress' then jsonb_build_object('progress', r.outcome -> 'progress' || '{"inline": "", "sha256": null}')
                   else '{}' end
     where r.tenant_id = tenant and r.run_id = object ->> 'run';
  end if;
  perform app.audit_person(tenant, null, 'operator', 'object.purge', object ->> 'kind',
    left(coalesce(object ->> 'run', object ->> 'path', object ->> 'name'), 300),
    jsonb_build_object('object', object, 'sha256', to_jsonb(digests), 'reason', reason));
  return jsonb_build_object('ok', true, 'sha256', to_jsonb(digests), 'others', others);
end
$$;
comment on function app.purge_object is
  'Purges what an object holds, for good. Refuses with not_found, and with shared where something else holds the same bytes.';

create function app.list_purges(tenant text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('sha256', p.purged_sha256, 'at', p.purged_at, 'reason', p.reason, 'object', p.object,
                                               'removed_at', p.removed_at) order by p.purged_at desc), '[]')
    from app.purges as p where p.tenant_id = tenant
$$;

create function app.system_purged_blobs(tenant text) returns table (purged_sha256 text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select p.purged_sha256 from app.purges as p where p.tenant_id = tenant and p.removed_at is null limit 500 $$;

create function app.system_note_purged(tenant text, digests text[]) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  update app.purges as p set removed_at = clock_timestamp()
   where p.tenant_id = tenant and p.purged_sha256 = any (digests) and p.removed_at is null
$$;

-- As in 0229, and tenants of which bytes are to go.
create or replace function app.system_tenants_to_attend(tenants_max integer) returns table (tenant_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  (select d.tenant_id from app.tenant_deletions as d
    where (d.step = 'waiting' and d.due_at <= clock_timestamp()) or d.step not in ('waiting', 'done')
       or (d.step = 'done' and d.finished_at > clock_timestamp() - interval '1 hour')
    order by d.due_at limit tenants_max)
  union
  (select t.tenant_id from app.tenants as t join app.runs as r using (tenant_id)
    where t.status <> 'active' and r.state = 'queued' limit tenants_max)
  union
  (select p.tenant_id from app.purges as p where p.removed_at is null limit tenants_max)
$$;

grant execute on function app.purge_object, app.list_purges to causeway_owner;
grant execute on function app.system_purged_blobs, app.system_note_purged to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
