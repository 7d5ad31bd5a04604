-- Removing what is over its time (0244), and blobs that nothing names since.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_tenants_to_expire(tenants_max integer) returns table (tenant_id text)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  -- In no order: some of which each fails must not keep the others waiting.
  select t.tenant_id
    from app.tenants as t left join app.retention_sweeps as s using (tenant_id)
   where t.status = 'active' and (
           coalesce(s.swept_at, '-infinity') < clock_timestamp() - interval '1 day'
           or exists (select from app.blobs_to_remove as b
                       where b.tenant_id = t.tenant_id and b.found_at < clock_timestamp() - interval '1 day'))
   order by random() limit tenants_max
$$;

-- Each takes what is over its time, at most so much of it, notes which blobs it named, and says how many rows it looked at and of how
-- many something went.

create function app.expire_runs(tenant text, until timestamptz, rows_max integer) returns integer[]
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
    returning array(select app.digests_in(r.manifest) union select app.digests_in(r.outcome)) as digests
  loop
    perform app.note_unnamed(tenant, gone.digests);
    count_gone := count_gone + 1;
  end loop;
  return array[count_gone, count_gone];
end
$$;

create function app.expire_logs(tenant text, until timestamptz, rows_max integer) returns integer[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  today constant text := to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD');
  looked_at integer := 0;
  changed integer := 0;
  run record;
begin
  for run in
    select r.run_id, r.outcome, app.has_log(r.outcome) as has_log from app.runs as r
     where r.tenant_id = tenant and not r.log_expired and r.outputs_expired = any ('{f,t}') and r.finished_at < until
     limit rows_max for update skip locked
  loop
    looked_at := looked_at + 1;
    changed := changed + run.has_log::integer;
    update app.runs as r
       set log_expired = true,
           outcome = case when run.has_log
             then app.without_log(r.outcome, '[expired]', format('Ended as %s. Its log was kept until %s.', r.state, today))
                  || app.saying_expired(r.outcome, jsonb_build_object('log_at', today))
             else r.outcome end
     where r.tenant_id = tenant and r.run_id = run.run_id;
    perform app.note_unnamed(tenant, array(
      select s ->> 'sha256' from unnest(array[run.outcome -> 'stdout', run.outcome -> 'stderr', run.outcome -> 'progress']) as s
       where s ->> 'sha256' is not null));
  end loop;
  return array[looked_at, changed];
end
$$;

create function app.expire_outputs(tenant text, until timestamptz, rows_max integer) returns integer[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  today constant text := to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD');
  looked_at integer := 0;
  changed integer := 0;
  run record;
begin
  for run in
    select r.run_id, coalesce(r.outcome -> 'outputs', '[]') as outputs from app.runs as r
     where r.tenant_id = tenant and r.log_expired = any ('{f,t}') and not r.outputs_expired and r.finished_at < until
     limit rows_max for update skip locked
  loop
    looked_at := looked_at + 1;
    changed := changed + (run.outputs <> '[]')::integer;
    -- Name, size, type and digest stay; not as `sha256`, for nothing names the blob any more.
    update app.runs as r
       set outputs_expired = true,
           outcome = case when run.outputs <> '[]'
             then r.outcome || '{"outputs": []}' || app.saying_expired(r.outcome, jsonb_build_object('outputs_at', today, 'outputs', (
                    select jsonb_agg((o - 'sha256') || jsonb_build_object('digest', o -> 'sha256')) from jsonb_array_elements(run.outputs) as o)))
             else r.outcome end
     where r.tenant_id = tenant and r.run_id = run.run_id;
    perform app.note_unnamed(tenant, array(select o ->> 'sha256' from jsonb_array_elements(run.outputs) as o));
  end loop;
  return array[looked_at, changed];
end
$$;

create function app.expire_snapshots(tenant text, until timestamptz, rows_max integer) returns integer[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  digests text[];
begin
  if not exists (select from app.data_snapshots as n where n.tenant_id = tenant and n.superseded_at < until) then
    return '{0,0}';
  end if;
  with named as materialized (
    select distinct r.project_id, d ->> 'sha256' as sha256
      from app.runs as r, jsonb_array_elements(r.manifest -> 'data') as d where r.tenant_id = tenant
  ), over as (
    select n.project_id, n.source_id, n.sha256
      from app.data_snapshots as n
      join app.data_sources as d on d.tenant_id = n.tenant_id and d.project_id = n.project_id and d.source_id = n.source_id
     where n.tenant_id = tenant and n.superseded_at < until and d.current_sha256 <> n.sha256
       and not exists (select from named as m where m.project_id = n.project_id and m.sha256 = n.sha256)
     -- An import that makes one of them the current one again comes before or after.
     limit rows_max for update of d skip locked
  ), gone as (
    delete from app.data_snapshots as n using over as o
     where n.tenant_id = tenant and n.project_id = o.project_id and n.source_id = o.source_id and n.sha256 = o.sha256
    returning n.sha256
  ) select array_agg(g.sha256::text) into digests from gone as g;
  perform app.note_unnamed(tenant, digests);
  return array[coalesce(cardinality(digests), 0), coalesce(cardinality(digests), 0)];
end
$$;

-- Uploads that came, and of which no snapshot is there (any more).
create function app.expire_uploads(tenant text, until timestamptz, rows_max integer) returns integer[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  digests text[];
begin
  with over as (
    select u.upload_id from app.uploads as u
     where u.tenant_id = tenant and u.received_at < until
       and not exists (select from app.data_snapshots as n where n.tenant_id = tenant and n.sha256 = u.received_sha256)
     limit rows_max for update skip locked
  ), gone as (
    delete from app.uploads as u using over as o where u.tenant_id = tenant and u.upload_id = o.upload_id returning u.received_sha256
  ) select array_agg(g.received_sha256::text) into digests from gone as g;
  perform app.note_unnamed(tenant, digests);
  return array[coalesce(cardinality(digests), 0), coalesce(cardinality(digests), 0)];
end
$$;

create function app.system_expire_rows(tenant text, rows_max integer) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  runs_before constant timestamptz := app.expired_before(tenant, 'runs');
  snapshots_before constant timestamptz := app.expired_before(tenant, 'snapshots');
  place text;
  part record;
  most integer := 0;
  removed jsonb := '{}';
begin
  perform app.refuse_inside_tenant();
  -- Nobody suspends or erases it meanwhile, and two sweeps of it take turns.
  perform from app.tenants as t where t.tenant_id = tenant and t.status = 'active' for share;
  if not found then return true; end if;
  insert into app.retention_sweeps (tenant_id) values (tenant) on conflict do nothing;
  perform from app.retention_sweeps as s where s.tenant_id = tenant for update skip locked;
  if not found then return true; end if;
  -- An import of what a run left, or of an upload, is over before that goes, or finds it gone (app.guard_origin): so it stays known
  -- what was computed from what. By id, so that two never wait for each other.
  if runs_before is not null or snapshots_before is not null then
    for place in select p.project_id from app.projects as p where p.tenant_id = tenant order by 1 loop
      perform pg_advisory_xact_lock(hashtextextended('sight ' || place, 0));
    end loop;
  end if;

  for part in
    select e.kind, e.rows
      from (values (1, 'runs', app.expire_runs(tenant, runs_before, rows_max)),
                   (2, 'logs', app.expire_logs(tenant, app.expired_before(tenant, 'logs'), rows_max)),
                   (3, 'outputs', app.expire_outputs(tenant, app.expired_before(tenant, 'outputs'), rows_max)),
                   (4, 'snapshots', app.expire_snapshots(tenant, snapshots_before, rows_max)),
                   (5, 'uploads', app.expire_uploads(tenant, snapshots_before, rows_max))) as e (nth, kind, rows)
  loop
    most := greatest(most, (part.rows)[1]);
    if (part.rows)[2] > 0 then
      removed := removed || jsonb_build_object(part.kind, (part.rows)[2]);
    end if;
  end loop;
  if removed <> '{}' then
    perform app.audit_person(tenant, null, 'system', 'tenant.expire', 'tenant', tenant,
      jsonb_build_object('removed', removed, 'retention', app.retention_of(tenant)));
  end if;
  if most < rows_max then
    update app.retention_sweeps as s set swept_at = clock_timestamp() where s.tenant_id = tenant;
  end if;
  return most < rows_max;
end
$$;
comment on function app.system_expire_rows is
  'Removes rows of a tenant that are over their time, at most so many of a kind, in one transaction with the event that says so; true when none is left.';

-- A writer that finds a blob in the store asks whether it stays: `named`: it is of no removal; `waits`: it would go, and its day
-- begins anew, so a row may name it once its bytes were written anew; `going`: a Worker removes it right now.
create function app.system_keep_blob(tenant text, sha256 text) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  update app.blobs_to_remove as b set found_at = clock_timestamp()
   where b.tenant_id = tenant and b.sha256 = sha256 and b.claimed_at is null;
  return case when found then 'waits'
              when exists (select from app.blobs_to_remove as b where b.tenant_id = tenant and b.sha256 = sha256) then 'going'
              else 'named' end;
end
$$;

create function app.system_claim_blobs(tenant text, blobs_max integer) returns table (sha256 text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform app.refuse_inside_tenant();
  -- A Worker that died with them: no request of its is on the way any more. Whoever stored them meanwhile has a day.
  update app.blobs_to_remove as b set claimed_at = null, found_at = clock_timestamp()
   where b.tenant_id = system_claim_blobs.tenant and b.claimed_at < clock_timestamp() - interval '1 hour';
  if not exists (select from app.tenants as t where t.tenant_id = system_claim_blobs.tenant and t.status = 'active')
     or not exists (select from app.blobs_to_remove as b where b.tenant_id = system_claim_blobs.tenant and b.claimed_at is null
                       and b.found_at < clock_timestamp() - interval '1 day') then
    return;
  end if;
  return query
    with due as materialized (
      select b.sha256 from app.blobs_to_remove as b
       where b.tenant_id = system_claim_blobs.tenant and b.claimed_at is null and b.found_at < clock_timestamp() - interval '1 day'
       order by b.found_at limit blobs_max for update skip locked
    ), named as materialized (
      select r.sha256 from app.referenced_blobs(system_claim_blobs.tenant) as r
    ), kept as (
      delete from app.blobs_to_remove as b using due as d
       where b.tenant_id = system_claim_blobs.tenant and b.sha256 = d.sha256 and exists (select from named as n where n.sha256 = d.sha256)
    )
    update app.blobs_to_remove as b set claimed_at = clock_timestamp() from due as d
     where b.tenant_id = system_claim_blobs.tenant and b.sha256 = d.sha256 and not exists (select from named as n where n.sha256 = d.sha256)
    returning b.sha256::text;
end
$$;
comment on function app.system_claim_blobs is
  'Blobs that nothing names and that are to be removed now. What is named again is forgotten as one that would go.';

create function app.system_settle_removed(tenant text, removed text[], stayed text[]) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  delete from app.blobs_to_remove as b where b.tenant_id = tenant and b.sha256 = any (removed) and b.claimed_at is not null;
  delete from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = any (removed);
  update app.blobs_to_remove as b set claimed_at = null, found_at = clock_timestamp()
   where b.tenant_id = tenant and b.sha256 = any (stayed) and b.claimed_at is not null;
  if cardinality(removed) > 0 and exists (select from app.tenants as t where t.tenant_id = tenant and t.status <> 'erasing') then
    perform app.require_open_log(tenant);
    perform app.audit_person(tenant, null, 'system', 'tenant.remove_blobs', 'tenant', tenant, jsonb_build_object('blobs', cardinality(removed)));
  end if;
end
$$;
comment on function app.system_settle_removed is 'What became of blobs that were claimed: removed, or (stored anew just before) not.';

-- As in 0236, without what is to go: sealed anew at that moment it would come back.
create or replace function app.system_blobs_to_seal(blobs_max integer) returns table (tenant_id text, sha256 text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select b.tenant_id, b.sha256 from app.blobs_to_seal as b
   where b.damaged_at is null
     and not exists (select from app.blobs_to_remove as r where r.tenant_id = b.tenant_id and r.sha256 = b.sha256)
   order by b.asked_at, b.sha256 limit blobs_max
$$;

grant execute on function app.system_tenants_to_expire, app.system_expire_rows, app.system_keep_blob, app.system_claim_blobs,
  app.system_settle_removed to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

-- The role that removes what is over its time removes nothing else.
drop policy tenant_life_ends_only on app.runs;
create policy ends_in_time_or_with_tenant on app.runs as restrictive for delete to causeway_keeper
  using (finished_at < app.expired_before(tenant_id, 'runs')
         or tenant_id in (select t.tenant_id from app.tenants as t where t.status = 'erasing'));
create policy expired on app.data_snapshots for delete to causeway_keeper
  using (superseded_at < app.expired_before(tenant_id, 'snapshots'));
create policy expired on app.uploads for delete to causeway_keeper
  using (received_at < app.expired_before(tenant_id, 'snapshots'));
