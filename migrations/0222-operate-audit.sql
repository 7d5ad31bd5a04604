-- What the operator does to the audit log of a tenant, each time with an event in it.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.list_audit_sinks(tenant text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select app.audit_sinks_of(tenant) $$;

create function app.resend_audit(tenant text, sink text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  asked constant integer := app.ask_audit_again(tenant, sink, null);
begin
  if asked > 0 then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.resend', 'sink', sink, 'ok', jsonb_build_object('dead_letters', asked));
  end if;
  return asked;
end
$$;
comment on function app.resend_audit is 'Has what a sink, or (null) any of the tenant, did not take sent once more. Returns how many ranges.';

create function app.set_audit_retention(tenant text, days integer) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.audit_retention as r (tenant_id, retain_days) values (tenant, days)
    on conflict (tenant_id) do update set retain_days = excluded.retain_days;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant, 'operator', 'audit.set_retention', 'tenant', tenant, 'ok', jsonb_build_object('days', days));
end
$$;
comment on function app.set_audit_retention is 'Sets for how many days a tenant keeps the contents of its events; NULL: for ever.';

create function app.find_audit_retention(tenant text) returns integer
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select r.retain_days from app.audit_retention as r where r.tenant_id = tenant $$;

-- As of 0206, and the tenant learns of it.
drop function app.export_audit_proof(text, boolean);
create function app.export_audit_proof(tenant text, cosigned boolean) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  proof constant jsonb := app.audit_proof(tenant, cosigned);
begin
  if proof is not null then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.export', 'tenant', tenant, 'ok', jsonb_build_object('entries', proof -> 'size', 'cosigned', cosigned));
  end if;
  return proof;
end
$$;

grant execute on function app.list_audit_sinks, app.resend_audit, app.set_audit_retention, app.find_audit_retention,
  app.export_audit_proof to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
