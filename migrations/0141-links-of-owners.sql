-- Whoever has an invitation's link can make the account that it is for. So an admin who read the link of an owner's
-- invitation could become an owner: whether the link is within the reader's own role is said with each.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

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
     and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()
$$;

reset role;
revoke create on schema app from causeway_keeper;
