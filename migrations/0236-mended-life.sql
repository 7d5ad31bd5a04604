-- What a review of the life of tenants found.

-- The keeper changes sources and tombstones, and deletes them as everything else: of a tenant that is being erased, and sources
-- that were purged.
drop policy keeper on app.data_sources;
create policy keeper_withholds on app.data_sources for update to causeway_keeper using (true) with check (true);
drop policy keeper on app.purges;
create policy keeper_records on app.purges for insert to causeway_keeper with check (true);
create policy keeper_changes on app.purges for update to causeway_keeper using (true) with check (true);

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- As in 0223, 0229 and 0231, and within a tenant nobody asks them: they take any tenant.

create or replace function app.system_may_be_clear(tenant text, sha256 text) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select exists (select from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = system_may_be_clear.sha256)
$$;

create or replace function app.system_blobs_to_seal(blobs_max integer) returns table (tenant_id text, sha256 text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select b.tenant_id, b.sha256 from app.blobs_to_seal as b where b.damaged_at is null order by b.asked_at, b.sha256 limit blobs_max
$$;

create or replace function app.system_settle_blobs(settled jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  with given as (
    select s.tenant, s.sha256, s.became from jsonb_to_recordset(settled) as s (tenant text, sha256 text, became text)
  ), done as (
    delete from app.blobs_to_seal as b using given as g
     where b.tenant_id = g.tenant and b.sha256 = g.sha256 and g.became = 'sealed'
  )
  update app.blobs_to_seal as b
     set asked_at = clock_timestamp(), damaged_at = case g.became when 'damaged' then clock_timestamp() end
    from given as g
   where b.tenant_id = g.tenant and b.sha256 = g.sha256 and g.became <> 'sealed'
$$;

create or replace function app.system_runs_to_stop(tenant text, runs_max integer) returns table (run_id text, pool_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select r.run_id, r.pool_id from app.runs as r join app.tenants as t using (tenant_id)
   where r.tenant_id = tenant and t.status <> 'active' and r.state = 'queued' order by r.run_id limit runs_max
$$;

create or replace function app.system_counted_until(tenant text) returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select d.counted_until from app.tenant_deletions as d where d.tenant_id = tenant
$$;

create or replace function app.system_deletion_facts(tenant text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select jsonb_build_object(
           'tenant', d.tenant_id, 'name', d.tenant_name,
           'requested', jsonb_build_object('at', d.requested_at, 'by', d.requested_by, 'reason', d.reason),
           'began_at', d.began_at, 'finished_at', d.finished_at, 'rows', d.row_counts, 'people', d.people,
           'executors', d.executors, 'keys', to_jsonb(d.key_ids),
           'blobs', jsonb_build_object('count', d.blobs, 'bytes', d.blob_bytes), 'audit', d.audit)
    from app.tenant_deletions as d where d.tenant_id = tenant and d.step in ('signing', 'done')
$$;

-- Bytes that were on their way when they were purged are looked for once more for an hour.
create or replace function app.system_purged_blobs(tenant text) returns table (purged_sha256 text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select p.purged_sha256
    from app.purges as p
   where p.tenant_id = tenant and (p.removed_at is null or p.removed_at > clock_timestamp() - interval '1 hour')
   order by p.removed_at desc nulls first limit 500
$$;

create or replace function app.system_tenants_to_attend(tenants_max integer) returns table (tenant_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  (select d.tenant_id from app.tenant_deletions as d
    where (d.step = 'waiting' and d.due_at <= clock_timestamp()) or d.step not in ('waiting', 'done')
       or (d.step = 'done' and d.finished_at > clock_timestamp() - interval '1 hour')
    order by d.due_at limit tenants_max)
  union
  (select t.tenant_id from app.tenants as t join app.runs as r using (tenant_id)
    where t.status <> 'active' and r.state = 'queued' limit tenants_max)
  union
  (select p.tenant_id from app.purges as p
    where p.removed_at is null or p.removed_at > clock_timestamp() - interval '1 hour' limit tenants_max)
$$;

-- What the operator asks for, the operator alone takes back, also where an owner had asked before.
create or replace function app.open_deletion(tenant text, by_user text, reason text, grace interval, credential_kind text, call jsonb) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  due timestamptz := clock_timestamp() + grace;
begin
  -- Who asks again while it waits may bring it forward, the operator alone.
  insert into app.tenant_deletions as d (tenant_id, tenant_name, requested_by, reason, due_at)
  select t.tenant_id, t.name, by_user, reason, due from app.tenants as t where t.tenant_id = tenant
  on conflict (tenant_id) do update
     set due_at = least(d.due_at, excluded.due_at), requested_by = null, reason = coalesce(excluded.reason, d.reason)
   where d.step = 'waiting' and by_user is null;
  if not found then
    return jsonb_build_object('ok', false, 'code', case
      when exists (select from app.tenant_deletions as d where d.tenant_id = tenant) then 'deletion_began' else 'tenant_not_found' end);
  end if;
  update app.tenants as t set status = 'suspended', suspended_by = 'deletion', suspended_at = clock_timestamp()
   where t.tenant_id = tenant and t.status = 'active';
  select d.due_at into due from app.tenant_deletions as d where d.tenant_id = tenant;
  perform app.audit_person(tenant, by_user, credential_kind, 'tenant.request_deletion', 'tenant', tenant,
                           jsonb_build_object('due_at', due, 'reason', reason), call);
  return jsonb_build_object('ok', true, 'due_at', due);
end
$$;

-- The log of a tenant that is being erased is closed.
create function app.require_open_log(tenant text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  standing text;
begin
  -- Shared, so that it is not closed before the event is in it.
  select t.status into standing from app.tenants as t where t.tenant_id = tenant for share;
  if standing = 'erasing' then
    raise exception 'tenant % is being deleted and its audit log is closed', tenant using errcode = 'CW005';
  end if;
end
$$;

create or replace function app.resend_audit(tenant text, sink text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  asked constant integer := app.ask_audit_again(tenant, sink, null);
begin
  perform app.require_open_log(tenant);
  if asked > 0 then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.resend', 'sink', sink, 'ok', jsonb_build_object('dead_letters', asked));
  end if;
  return asked;
end
$$;

create or replace function app.set_audit_retention(tenant text, days integer) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.require_open_log(tenant);
  insert into app.audit_retention as r (tenant_id, retain_days) values (tenant, days)
    on conflict (tenant_id) do update set retain_days = excluded.retain_days;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant, 'operator', 'audit.set_retention', 'tenant', tenant, 'ok', jsonb_build_object('days', days));
end
$$;

create or replace function app.export_audit_proof(tenant text, cosigned boolean) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  proof constant jsonb := app.audit_proof(tenant, cosigned);
begin
  perform app.require_open_log(tenant);
  if proof is not null then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.export', 'tenant', tenant, 'ok', jsonb_build_object('entries', proof -> 'size', 'cosigned', cosigned));
  end if;
  return proof;
end
$$;

-- As in 0231, and of the project that is meant: the same name in another is another object.
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
               where r.tenant_id = tenant and r.run_id = object ->> 'run' and s ->> 'inline' <> '');
    else
      return null;
  end case;
end
$$;
comment on function app.contents_of is 'The digests of what an object holds, of the project by its id; NULL where there is no such object, or it is empty.';

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
  if source is not null then
    delete from app.data_snapshots as n where n.tenant_id = tenant and n.project_id = project and n.source_id = source;
    delete from app.data_sources as s where s.tenant_id = tenant and s.project_id = project and s.source_id = source;
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

drop function app.list_purges(text);
reset role;
revoke create on schema app from causeway_keeper;
