-- Deletion of a tenant: asked for by an owner, signed in, or by the operator, and taken back while it waits. Meanwhile the
-- tenant is suspended.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.open_deletion(tenant text, by_user text, reason text, grace interval, credential_kind text, call jsonb) returns jsonb
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
  on conflict (tenant_id) do update set due_at = least(d.due_at, excluded.due_at) where d.step = 'waiting' and by_user is null;
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

create function app.close_deletion(tenant text, by_user text, credential_kind text, call jsonb) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  delete from app.tenant_deletions as d where d.tenant_id = tenant and d.step = 'waiting';
  if not found then
    return jsonb_build_object('ok', false, 'code', case
      when exists (select from app.tenant_deletions as d where d.tenant_id = tenant) then 'deletion_began' else 'not_found' end);
  end if;
  update app.tenants as t set status = 'active', suspended_by = null, suspended_at = null
   where t.tenant_id = tenant and t.status = 'suspended' and t.suspended_by = 'deletion';
  perform app.audit_person(tenant, by_user, credential_kind, 'tenant.take_back_deletion', 'tenant', tenant, '{}', call);
  return jsonb_build_object('ok', true);
end
$$;

create function app.request_tenant_deletion(tenant text, reason text, grace interval) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.open_deletion(tenant, null, reason, grace, 'operator', '{}') $$;
comment on function app.request_tenant_deletion is
  'Suspends a tenant and deletes it when the grace is over; a deletion that waits is brought forward. Refuses with tenant_not_found, deletion_began.';

create function app.take_back_tenant_deletion(tenant text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.close_deletion(tenant, null, 'operator', '{}') $$;
comment on function app.take_back_tenant_deletion is 'Takes a deletion back while it waits. Refuses with not_found, deletion_began.';

create function app.find_deletion_certificate(tenant text) returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select d.certificate from app.tenant_deletions as d where d.tenant_id = tenant $$;

create function app.system_request_tenant_deletion(name text, reason text, grace interval) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    perform app.audit('tenant.request_deletion', 'tenant', app.tenant_id(), 'refused', '{"code": "insufficient_role"}');
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  elsif name is distinct from (select t.name from app.tenants as t where t.tenant_id = app.tenant_id()) then
    perform app.audit('tenant.request_deletion', 'tenant', app.tenant_id(), 'refused', '{"code": "invalid_arguments"}');
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments');
  end if;
  return app.open_deletion(app.tenant_id(), app.user_id(), reason, grace, 'session',
    jsonb_build_object('request', app.request_id(), 'address', app.context() ->> 'address', 'agent', app.context() ->> 'agent'));
end
$$;
comment on function app.system_request_tenant_deletion is
  'For an owner in a session, who says the tenant''s name: suspends it, and deletes it when the grace is over. Refuses with insufficient_role, invalid_arguments.';

create function app.system_waiting_deletions(cookie_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('tenantId', d.tenant_id, 'name', d.tenant_name, 'dueAt', d.due_at,
                                               'byOperator', d.requested_by is null) order by d.due_at), '[]')
    from app.tenant_deletions as d join app.memberships as m using (tenant_id)
   where d.step = 'waiting' and m.user_id = (app.user_of_session(cookie_sha256)).user_id and m.status = 'active' and m.role = 'owner'
$$;
comment on function app.system_waiting_deletions is 'Tenants of which the person behind a session''s cookie is an owner, and that wait for their deletion.';

create function app.system_take_back_tenant_deletion(cookie_sha256 text, tenant text, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
begin
  -- What the operator asked for, the operator takes back.
  if not exists (select from app.memberships as m join app.tenant_deletions as d using (tenant_id)
                  where m.tenant_id = tenant and m.user_id = (person).user_id and m.status = 'active' and m.role = 'owner'
                    and d.requested_by is not null) then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  return app.close_deletion(tenant, (person).user_id, 'session', call);
end
$$;
comment on function app.system_take_back_tenant_deletion is
  'For an owner, by the cookie of a session: takes back a deletion that waits. Refuses with not_found, deletion_began.';

grant execute on function app.request_tenant_deletion, app.take_back_tenant_deletion, app.find_deletion_certificate to causeway_owner;
grant execute on function app.system_request_tenant_deletion, app.system_waiting_deletions, app.system_take_back_tenant_deletion
  to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
