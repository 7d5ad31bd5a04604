-- Members of a tenant: the list, another role, and the end of a membership. Only a signed-in person gets here, entered by
-- the session: a token reaches no administration. Whoever changes a membership holds the tenant's row until the end, and is
-- judged by the role that they have then, so that two owners who lower each other at once do not leave none.

alter table app.oauth_grants drop constraint oauth_grants_revoked_because_check;
alter table app.oauth_grants add constraint oauth_grants_revoked_because_check
  check (revoked_because in ('person', 'client', 'code_reuse', 'refresh_reuse', 'operator', 'membership'));

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.is_in_session() returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select app.context() ->> 'kind' is not distinct from 'session' $$;
comment on function app.is_in_session is 'Whether a signed-in person acts in the entered tenant, and no token or agent of theirs.';
grant execute on function app.is_in_session to causeway_app, causeway_resolver;

create function app.system_list_members(after_user_id text, only_user_id text, rows_max integer)
returns table (
  user_id text, name text, email text, role text, status text, joined_at timestamptz, last_sign_in_at timestamptz, total bigint
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with members as (
    select u.user_id, u.name, u.email, m.role, u.status, m.created_at, m.status as membership, lower(u.name) collate "C" as sort
      from app.memberships as m join app.users as u using (user_id)
     where m.tenant_id = app.tenant_id() and app.is_in_session()
  )
  select m.user_id, m.name, m.email, m.role, m.status, m.created_at,
         case when m.user_id = app.user_id() or app.role_rank(app.role()) >= app.role_rank('admin') then
           (select max(e.occurred_at) from app.authentication_events as e
             where e.user_id = m.user_id and e.outcome = 'ok' and e.method in ('password', 'invitation', 'recovery')) end,
         (select count(*) from members as c where c.membership = 'active')
    from members as m
   where m.membership = 'active' and (only_user_id is null or m.user_id = only_user_id)
     and (after_user_id is null
          or (m.sort, m.user_id) > (select a.sort, a.user_id from members as a where a.user_id = after_user_id))
   order by m.sort, m.user_id
   limit rows_max
$$;
comment on function app.system_list_members is
  'Who belongs to the entered tenant, by name; one of them, or those after one. When somebody signed in last is seen by themselves, admins and owners.';

-- What the acting person may do to a member, and who that member is, with the tenant's memberships held until the end:
-- {"ok": true, "role": ...}, or a refusal. `new_role` NULL: the membership ends.
create function app.judge_member_change(user_id text, new_role text) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := app.tenant_id();
  is_own constant boolean := user_id is not distinct from app.user_id();
  own_rank integer;
  old_role text;
begin
  if not app.is_in_session() then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  -- No key changes, so what merely refers to the tenant does not wait.
  perform from app.tenants as t where t.tenant_id = tenant for no key update;
  select app.role_rank(m.role) into own_rank
    from app.memberships as m where m.tenant_id = tenant and m.user_id = app.user_id() and m.status = 'active';
  if own_rank is null or (own_rank < app.role_rank('admin') and not is_own) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  select m.role into old_role
    from app.memberships as m
   where m.tenant_id = tenant and m.user_id = judge_member_change.user_id and m.status = 'active';
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  elsif own_rank < greatest(app.role_rank(old_role), app.role_rank(new_role)) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  elsif old_role = 'owner' and new_role is distinct from 'owner' and not exists (
    select from app.memberships as m join app.users as u using (user_id)
     where m.tenant_id = tenant and m.user_id <> judge_member_change.user_id and m.role = 'owner'
       and m.status = 'active' and u.status = 'active'
  ) then
    return jsonb_build_object('ok', false, 'code', 'last_owner');
  end if;
  return jsonb_build_object('ok', true, 'role', old_role);
end
$$;

create function app.system_set_member_role(user_id text, role text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  verdict constant jsonb := app.judge_member_change(user_id, role);
begin
  if not (verdict ->> 'ok')::boolean or verdict ->> 'role' = role then
    return verdict;
  end if;
  update app.memberships as m set role = system_set_member_role.role
   where m.tenant_id = app.tenant_id() and m.user_id = system_set_member_role.user_id;
  perform app.audit('member.role', 'user', user_id, 'ok', jsonb_build_object('from', verdict ->> 'role', 'to', role));
  return verdict;
end
$$;
comment on function app.system_set_member_role is
  'Gives a member of the entered tenant another role, by an admin up to admin, by an owner any. Refuses with insufficient_role, not_found or last_owner.';

-- Besides the membership, which alone would do for now, everything ends that would come back to life with a new one.
create function app.system_remove_member(user_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := app.tenant_id();
  verdict constant jsonb := app.judge_member_change(user_id, null);
  tokens integer;
  agents integer;
  invitations integer;
begin
  if not (verdict ->> 'ok')::boolean then
    return verdict;
  end if;
  update app.memberships as m set status = 'ended'
   where m.tenant_id = tenant and m.user_id = system_remove_member.user_id;
  update app.api_tokens as k set revoked_at = clock_timestamp()
   where k.tenant_id = tenant and k.user_id = system_remove_member.user_id and k.revoked_at is null;
  get diagnostics tokens = row_count;
  update app.oauth_grants as g set revoked_at = clock_timestamp(), revoked_because = 'membership'
   where g.tenant_id = tenant and g.user_id = system_remove_member.user_id and g.revoked_at is null;
  get diagnostics agents = row_count;
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.tenant_id = tenant and i.created_by = system_remove_member.user_id and i.accepted_at is null and i.revoked_at is null;
  get diagnostics invitations = row_count;
  perform app.audit(case when user_id = app.user_id() then 'member.leave' else 'member.remove' end, 'user', user_id, 'ok',
                    jsonb_build_object('role', verdict ->> 'role', 'tokens', tokens, 'agents', agents, 'invitations', invitations));
  return verdict;
end
$$;
comment on function app.system_remove_member is
  'Ends a membership of the entered tenant with its tokens, agents and open invitations; one''s own too. Refuses with insufficient_role, not_found or last_owner.';

grant execute on function app.system_list_members, app.system_set_member_role, app.system_remove_member to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
