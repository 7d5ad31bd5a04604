-- Which blobs nothing names is asked once a day for a tenant, by one reading of its names, and no more with each two hundred that go
-- (0245). What was stored and then never named, as its call failed, is found by listing the store (docs/decisions/0240).

alter table app.blobs_to_remove add column unnamed_at timestamptz;
comment on column app.blobs_to_remove.unnamed_at is 'When it was asked, a day after it was found, and nothing named it. Holds for 20 hours.';
create index blobs_to_remove_unnamed on app.blobs_to_remove (tenant_id, unnamed_at) where unnamed_at is not null and claimed_at is null;

alter table app.retention_sweeps
  add column judged_at timestamptz,
  -- Behind which file of the store the next listing goes on; NULL: from the first.
  add column listed_until text;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- As in 0250; in PL/pgSQL, which plans for the tenant at hand and so reads no other's rows.
create or replace function app.referenced_blobs(tenant text) returns table (tenant_id text, sha256 text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select d.tenant_id::text, d.sha256::text from app.data_snapshots as d where tenant is null or d.tenant_id = tenant
    union select u.tenant_id, u.received_sha256 from app.uploads as u
           where u.received_sha256 is not null and (tenant is null or u.tenant_id = tenant)
    union select named.tenant_id, found[1]
            from (select t.tenant_id, t.files::text from app.trees as t where tenant is null or t.tenant_id = tenant
                  union all select r.tenant_id, (r.manifest - 'parameters')::text from app.runs as r where tenant is null or r.tenant_id = tenant
                  union all select r.tenant_id, r.outcome::text from app.runs as r where tenant is null or r.tenant_id = tenant
                 ) as named (tenant_id, document),
                 regexp_matches(named.document, '"sha256": "([0-9a-f]{64})"', 'g') as found;
end
$$;

create or replace function app.note_unnamed(tenant text, digests text[]) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.blobs_to_remove as b (tenant_id, sha256) select distinct tenant, d from unnest(digests) as d
    on conflict (tenant_id, sha256) do update set found_at = clock_timestamp(), unnamed_at = null where b.claimed_at is null
$$;

-- `named`: it is of no removal; `waits`: it would go, and its day begins anew, so a row may name it once its bytes were written anew;
-- `going`: a Worker removes it right now.
create function app.keep_blob(tenant text, sha256 text) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  update app.blobs_to_remove as b set found_at = clock_timestamp(), unnamed_at = null
   where b.tenant_id = tenant and b.sha256 = sha256 and b.claimed_at is null;
  return case when found then 'waits'
              when exists (select from app.blobs_to_remove as b where b.tenant_id = tenant and b.sha256 = sha256) then 'going'
              else 'named' end;
end
$$;

create or replace function app.system_keep_blob(tenant text, sha256 text) returns text
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select app.keep_blob(tenant, sha256);
$$;
comment on function app.system_keep_blob is 'For a writer that finds a blob in the store: what app.keep_blob says of it.';

-- Whoever may not start the run is refused before: what the store is doing is told to nobody else.
create function app.guard_scratch_blob() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if 'going' = any (select app.keep_blob(new.tenant_id, f ->> 'sha256')
                      from jsonb_array_elements(new.manifest -> 'files') as f where f ->> 'path' = new.entry) then
    raise exception using errcode = 'CW007', message = 'the script of the run is being removed from the store';
  end if;
  return new;
end
$$;
grant execute on function app.guard_scratch_blob to causeway_owner;

create function app.system_listing_due(tenant text) returns table (listed_until text)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  -- A sweep that comes a little early the next day does not put it off for another one.
  select s.listed_until from app.retention_sweeps as s
   where s.tenant_id = tenant and coalesce(s.judged_at, '-infinity') < clock_timestamp() - interval '23 hours'
$$;
comment on function app.system_listing_due is 'Behind which file the store is to be listed for a tenant, once a day: one row then, else none.';

create function app.system_judge_blobs(tenant text, listed text[], listed_until text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  asked_at constant timestamptz := clock_timestamp();
begin
  perform app.refuse_inside_tenant();
  -- A Worker that died with them: no request of its is on the way any more. Whoever stored them meanwhile has a day.
  update app.blobs_to_remove as b set claimed_at = null, unnamed_at = null, found_at = asked_at
   where b.tenant_id = tenant and b.claimed_at < asked_at - interval '1 hour';
  with due as materialized (
    select b.sha256 from app.blobs_to_remove as b
     where b.tenant_id = tenant and b.claimed_at is null and b.found_at < asked_at - interval '1 day'
       for update skip locked
  ), named as materialized (
    select r.sha256 from app.referenced_blobs(tenant) as r
  ), forgotten as (
    delete from app.blobs_to_remove as b using due as d
     where b.tenant_id = tenant and b.sha256 = d.sha256 and exists (select from named as n where n.sha256 = d.sha256)
  ), unnamed as (
    update app.blobs_to_remove as b set unnamed_at = asked_at from due as d
     where b.tenant_id = tenant and b.sha256 = d.sha256 and not exists (select from named as n where n.sha256 = d.sha256)
  )
  insert into app.blobs_to_remove (tenant_id, sha256)
  select distinct tenant, l from unnest(listed) as l where not exists (select from named as n where n.sha256 = l)
      on conflict do nothing;
  update app.retention_sweeps as s set judged_at = asked_at, listed_until = listed_until where s.tenant_id = tenant;
end
$$;
comment on function app.system_judge_blobs is
  'Of blobs that were found a day ago: forgets those that something names, and has the others go. Of those that lie in the store: notes which nothing names.';

create or replace function app.system_claim_blobs(tenant text, blobs_max integer) returns table (sha256 text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform app.refuse_inside_tenant();
  if not exists (select from app.tenants as t where t.tenant_id = system_claim_blobs.tenant and t.status = 'active') then
    return;
  end if;
  return query
    -- Who finds nothing in the store asks nothing, and writes: what was written since it was asked is younger than a day.
    with due as materialized (
      select b.sha256 from app.blobs_to_remove as b
       where b.tenant_id = system_claim_blobs.tenant and b.claimed_at is null and b.unnamed_at > clock_timestamp() - interval '20 hours'
       order by b.found_at limit blobs_max for update skip locked
    )
    update app.blobs_to_remove as b set claimed_at = clock_timestamp() from due as d
     where b.tenant_id = system_claim_blobs.tenant and b.sha256 = d.sha256
    returning b.sha256::text;
end
$$;
comment on function app.system_claim_blobs is 'Blobs that nothing names and that are to be removed now.';

create or replace function app.system_settle_removed(tenant text, removed text[], stayed text[]) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  delete from app.blobs_to_remove as b where b.tenant_id = tenant and b.sha256 = any (removed) and b.claimed_at is not null;
  delete from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = any (removed);
  update app.blobs_to_remove as b set claimed_at = null, unnamed_at = null, found_at = clock_timestamp()
   where b.tenant_id = tenant and b.sha256 = any (stayed) and b.claimed_at is not null;
  if cardinality(removed) > 0 and exists (select from app.tenants as t where t.tenant_id = tenant and t.status <> 'erasing') then
    perform app.require_open_log(tenant);
    perform app.audit_person(tenant, null, 'system', 'tenant.remove_blobs', 'tenant', tenant, jsonb_build_object('blobs', cardinality(removed)));
  end if;
end
$$;

create or replace function app.system_tenants_to_expire(tenants_max integer) returns table (tenant_id text)
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
                       where b.tenant_id = t.tenant_id and b.claimed_at is null and b.unnamed_at > clock_timestamp() - interval '20 hours'))
   order by random() limit tenants_max
$$;

grant execute on function app.system_listing_due, app.system_judge_blobs to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

create trigger guard_scratch before insert on app.runs
  for each row when (new.kind = 'scratch') execute function app.guard_scratch_blob();
