-- Sinks hold up a deletion for some seconds at most: how far each of them came stands in the certificate, beside the head of the log.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.system_note_sealed(tenant text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  proof jsonb := app.audit_proof(tenant, false);
  -- The copy in the blob store goes with the tenant.
  sinks jsonb := (select coalesce(jsonb_agg(jsonb_build_object('sink', s.sink_id, 'kind', s.kind, 'taken', s.next_leaf) order by s.sink_id), '[]')
                    from app.audit_sinks as s where s.tenant_id = tenant and s.kind <> 'blobs' and s.ended_at is null);
begin
  perform app.refuse_inside_tenant();
  if (proof ->> 'uncovered')::bigint is distinct from 0 then
    return false;
  end if;
  update app.tenant_deletions as d set step = 'rows', audit = (proof - 'uncovered') || jsonb_build_object('sinks', sinks)
   where d.tenant_id = tenant and d.step = 'sealing';
  return true;
end
$$;
comment on function app.system_note_sealed is 'Keeps the proof of a tenant''s whole log and how many of its entries each sink has taken; false while no checkpoint covers it.';

reset role;
revoke create on schema app from causeway_keeper;
