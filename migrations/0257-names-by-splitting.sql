-- The names in a document are found by splitting it at what stands before each: a hundredth of the time that a regular expression with a
-- group takes (docs/performance.md). Which names is as in 0254 and 0244.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

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
    union select named.tenant_id, left(piece, 64)
            from (select t.tenant_id, t.files::text from app.trees as t where tenant is null or t.tenant_id = tenant
                  union all select r.tenant_id, (r.manifest - 'parameters')::text from app.runs as r where tenant is null or r.tenant_id = tenant
                  union all select r.tenant_id, r.outcome::text from app.runs as r where tenant is null or r.tenant_id = tenant
                 ) as named (tenant_id, document),
                 string_to_table(named.document, '"sha256": "') as piece
           where left(piece, 65) ~ '^[0-9a-f]{64}"$';
end
$$;

create or replace function app.digests_in(document jsonb) returns setof text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select distinct left(piece, 64) from string_to_table(document::text, '"sha256": "') as piece where left(piece, 65) ~ '^[0-9a-f]{64}"$'
$$;

reset role;
revoke create on schema app from causeway_keeper;
