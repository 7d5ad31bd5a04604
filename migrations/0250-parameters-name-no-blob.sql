-- The parameters of a run are its caller's own JSON: a key `sha256` in them names no blob (0223, 0245). An output that expired can be
-- purged while its bytes still lie in the store (0246). The words of a refusal that more than sealing makes (0192).

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.referenced_blobs(tenant text) returns table (tenant_id text, sha256 text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select d.tenant_id, d.sha256 from app.data_snapshots as d where tenant is null or d.tenant_id = tenant
  union select u.tenant_id, u.received_sha256 from app.uploads as u
         where u.received_sha256 is not null and (tenant is null or u.tenant_id = tenant)
  union select named.tenant_id, found[1]
          from (select t.tenant_id, t.files::text from app.trees as t
                union all select r.tenant_id, (r.manifest - 'parameters')::text from app.runs as r
                union all select r.tenant_id, r.outcome::text from app.runs as r) as named (tenant_id, document),
               regexp_matches(named.document, '"sha256": "([0-9a-f]{64})"', 'g') as found
         where tenant is null or named.tenant_id = tenant
$$;

-- As in 0245. Both flags are asked for by `any ('{f,t}')`, so that `runs_by_end` is read from its first column on.
create or replace function app.expire_runs(tenant text, until timestamptz, rows_max integer) returns integer[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  gone record;
  count_gone integer := 0;
begin
  for gone in
    with over as (
      select r.run_id from app.runs as r
       where r.tenant_id = tenant and r.log_expired = any ('{f,t}') and r.outputs_expired = any ('{f,t}')
         and r.state <> 'queued' and r.finished_at < until
         -- By which it is known what a snapshot that it left was computed from.
         and not exists (select from app.data_snapshots as n
                          where n.tenant_id = tenant and n.project_id = r.project_id
                            and n.origin ->> 'kind' = 'run' and n.origin ->> 'run' = r.run_id)
       limit rows_max for update skip locked)
    delete from app.runs as r using over as o where r.tenant_id = tenant and r.run_id = o.run_id
    returning array(select app.digests_in(r.manifest - 'parameters') union select app.digests_in(r.outcome)) as digests
  loop
    perform app.note_unnamed(tenant, gone.digests);
    count_gone := count_gone + 1;
  end loop;
  return array[count_gone, count_gone];
end
$$;

-- As in 0246.
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
      -- What expired lies in the store until nothing has named it for a day; of a log that did the digest is not kept.
      return (select array[coalesce(o ->> 'sha256', o ->> 'digest')]
                from app.runs as r, jsonb_array_elements((r.outcome -> 'outputs') || coalesce(r.outcome #> '{expired,outputs}', '[]')) as o
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

create or replace function app.refuse_inside_tenant() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('app.context', true), '') <> '' then
    raise exception 'this acts outside of every tenant' using errcode = 'insufficient_privilege';
  end if;
end
$$;

reset role;
revoke create on schema app from causeway_keeper;
