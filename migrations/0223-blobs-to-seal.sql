-- Blobs that do not lie sealed with their tenant's newest key. Each is sealed when it is first read, or by the cron; until then it
-- alone may lie in the clear (worker/blobs/sealed-store.ts).

create table app.blobs_to_seal (
  tenant_id app.ten_id not null references app.tenants (tenant_id),
  sha256 app.sha256 not null,
  asked_at timestamptz not null default clock_timestamp(),
  -- Its bytes are not those that its name says: it is left as it is, and told of.
  damaged_at timestamptz,
  primary key (tenant_id, sha256)
);
select app_private.protect_table('app.blobs_to_seal');
create policy keeper on app.blobs_to_seal for all to causeway_keeper using (true) with check (true);
grant select, insert (tenant_id, sha256), update (asked_at, damaged_at), delete on app.blobs_to_seal to causeway_keeper;
create index blobs_to_seal_waiting on app.blobs_to_seal (asked_at) where damaged_at is null;

-- Rows that name blobs.
do $$
declare
  place record;
begin
  for place in select * from (values ('trees', 'files'), ('data_snapshots', 'sha256')) as place (name, named) loop
    execute format('create policy keeper on app.%I for select to causeway_keeper using (true)', place.name);
    execute format('grant select (tenant_id, %I) on app.%I to causeway_keeper', place.named, place.name);
  end loop;
end
$$;
grant select (tenant_id, received_sha256) on app.uploads to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.referenced_blobs(tenant text) returns table (tenant_id text, sha256 text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select d.tenant_id, d.sha256 from app.data_snapshots as d where tenant is null or d.tenant_id = tenant
  union select u.tenant_id, u.received_sha256 from app.uploads as u
         where u.received_sha256 is not null and (tenant is null or u.tenant_id = tenant)
  union select named.tenant_id, found[1]
          from (select t.tenant_id, t.files::text from app.trees as t
                union all select r.tenant_id, r.manifest::text from app.runs as r
                union all select r.tenant_id, r.outcome::text from app.runs as r) as named (tenant_id, document),
               regexp_matches(named.document, '"sha256": "([0-9a-f]{64})"', 'g') as found
         where tenant is null or named.tenant_id = tenant
$$;
comment on function app.referenced_blobs is 'The blobs that rows of a tenant, or (null) of all, name: files, data, uploads, what runs took and gave.';

create function app.reseal_blobs(tenant text) returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with asked as (
    insert into app.blobs_to_seal as b (tenant_id, sha256)
    select r.tenant_id, r.sha256 from app.referenced_blobs(tenant) as r
    on conflict on constraint blobs_to_seal_pkey do update set asked_at = clock_timestamp(), damaged_at = null
    returning 1
  ) select count(*) from asked
$$;
comment on function app.reseal_blobs is 'Has the blobs of a tenant, or (null) of all, sealed with the newest key. Returns how many there are.';

create function app.count_blobs_to_seal() returns table (waiting bigint, damaged jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select count(*) filter (where b.damaged_at is null),
         coalesce(jsonb_agg(jsonb_build_object('tenant', b.tenant_id, 'sha256', b.sha256) order by b.damaged_at)
                    filter (where b.damaged_at is not null), '[]')
    from app.blobs_to_seal as b
$$;
comment on function app.count_blobs_to_seal is 'How many blobs wait to be sealed, and those that are not what their names say.';

create function app.system_may_be_clear(tenant text, sha256 text) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select exists (select from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = system_may_be_clear.sha256) $$;
comment on function app.system_may_be_clear is 'Whether a blob may lie in the clear: it is of before blobs were sealed.';

create function app.system_blobs_to_seal(blobs_max integer) returns table (tenant_id text, sha256 text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select b.tenant_id, b.sha256 from app.blobs_to_seal as b where b.damaged_at is null order by b.asked_at, b.sha256 limit blobs_max
$$;

create function app.system_settle_blobs(settled jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
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
comment on function app.system_settle_blobs is 'What became of blobs that waited: [{tenant, sha256, became: sealed, damaged or failed}].';

grant execute on function app.referenced_blobs, app.reseal_blobs, app.count_blobs_to_seal to causeway_owner;
grant execute on function app.system_may_be_clear, app.system_blobs_to_seal, app.system_settle_blobs to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

-- Whatever is there was written before blobs were sealed, or is found to be sealed.
select app.reseal_blobs(null);
