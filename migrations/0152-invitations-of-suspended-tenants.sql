-- What invites to a suspended tenant is neither shown nor withdrawn: in it nobody does anything.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- As in 0141, of active tenants.
create or replace function app.system_list_invitations(cookie_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', i.invitation_id, 'tenantId', i.tenant_id, 'tenantName', t.name, 'email', i.email, 'role', i.role,
           'expiresAt', i.expires_at, 'byOperator', i.created_by is null,
           'isWithinRole', app.role_rank(i.role) <= app.role_rank(m.role)) order by i.created_at desc), '[]')
    from app.memberships as m join app.tenants as t using (tenant_id) join app.invitations as i using (tenant_id)
   where m.user_id = (app.user_of_session(cookie_sha256)).user_id and m.status = 'active' and m.role in ('admin', 'owner')
     and t.status = 'active' and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()
$$;

-- As in 0085, of active tenants.
create or replace function app.system_revoke_invitation(cookie_sha256 text, invitation_id text, call jsonb, in_tenant text default null)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  tenant text;
begin
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.invitation_id = system_revoke_invitation.invitation_id and i.accepted_at is null and i.revoked_at is null
     and (in_tenant is null or i.tenant_id = in_tenant)
     and exists (select from app.memberships as m join app.tenants as t using (tenant_id)
                  where m.tenant_id = i.tenant_id and m.user_id = (person).user_id and m.status = 'active' and t.status = 'active'
                    and app.role_rank(m.role) >= greatest(app.role_rank('admin'), app.role_rank(i.role)))
  returning i.tenant_id into tenant;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.revoke', 'invitation', invitation_id, '{}', call);
  return jsonb_build_object('ok', true);
end
$$;

reset role;
revoke create on schema app from causeway_keeper;
