-- What would come back to life behind a removal or a lowered role: another open link to the same email, and a role on a
-- project that was given, or came with a new project, at the moment of the removal.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.end_invitations_to(tenant text, user_id text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  ended integer;
begin
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.tenant_id = tenant and i.accepted_at is null and i.revoked_at is null
     and i.email = (select u.email from app.users as u where u.user_id = end_invitations_to.user_id);
  get diagnostics ended = row_count;
  return ended;
end
$$;
comment on function app.end_invitations_to is
  'Ends what invites a person to a tenant still; how many. Who joins, is removed or gets another role has no spare link.';

-- As in 0043, and the link is the last one.
create or replace function app.join_by_invitation(invitation app.invitations, user_id text, call jsonb) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.memberships as m (tenant_id, user_id, role)
  values ((invitation).tenant_id, user_id, (invitation).role)
  on conflict (tenant_id, user_id) do update
     set status = 'active',
         role = case when m.status = 'active' and app.role_rank(m.role) > app.role_rank(excluded.role)
                     then m.role else excluded.role end;
  update app.invitations as i set accepted_at = clock_timestamp(), accepted_by = join_by_invitation.user_id
   where i.tenant_id = (invitation).tenant_id and i.invitation_id = (invitation).invitation_id;
  select app.end_invitations_to((invitation).tenant_id, join_by_invitation.user_id);
  select app.audit_person((invitation).tenant_id, user_id, 'invitation', 'invitation.accept', 'invitation',
                          (invitation).invitation_id, jsonb_build_object('role', (invitation).role), call);
$$;

-- As in 0080, and no link gives the old role back.
create or replace function app.system_set_member_role(user_id text, role text) returns jsonb
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
  perform app.end_invitations_to(app.tenant_id(), user_id);
  perform app.audit('member.role', 'user', user_id, 'ok', jsonb_build_object('from', verdict ->> 'role', 'to', role));
  return verdict;
end
$$;

-- As in 0080, and no link leads back.
create or replace function app.system_remove_member(user_id text) returns jsonb
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
  invitations := invitations + app.end_invitations_to(tenant, user_id);
  perform app.audit(case when user_id = app.user_id() then 'member.leave' else 'member.remove' end, 'user', user_id, 'ok',
                    jsonb_build_object('role', verdict ->> 'role', 'tokens', tokens, 'agents', agents, 'invitations', invitations));
  return verdict;
end
$$;

-- As in 0075, and holds the membership.
create or replace function app.system_set_project_member(project text, member text, role text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.project_change_refusal(project);
  before text;
begin
  if refusal is not null then return refusal; end if;
  -- Held until the end: who is removed at the same moment gets no role that a later membership would wake.
  perform from app.memberships as t
    where t.tenant_id = app.tenant_id() and t.user_id = member and t.status = 'active' for share;
  if not found then
    return '{"ok": false, "code": "not_found", "details": {"kind": "member"}}';
  end if;
  select m.role into before from app.project_members as m
   where m.tenant_id = app.tenant_id() and m.project_id = project and m.user_id = member;
  if before = role then
    return '{"ok": true, "changed": false}';
  end if;
  if before = 'owner' and app.other_project_owners(project, member) = 0 then
    return '{"ok": false, "code": "last_owner"}';
  end if;
  insert into app.project_members as m (tenant_id, project_id, user_id, role, created_by)
  values (app.tenant_id(), project, member, role, app.user_id())
  on conflict on constraint project_members_pkey do update set role = excluded.role;
  perform app.audit('project.set_member', 'project', project, 'ok',
                    jsonb_build_object('user', member, 'role', role, 'before', before));
  return '{"ok": true, "changed": true}';
end
$$;

-- As in 0070, and holds the membership.
create or replace function app.add_first_owner() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.project_members (tenant_id, project_id, user_id, role)
  select m.tenant_id, new.project_id, m.user_id, 'owner' from app.memberships as m
   where m.tenant_id = new.tenant_id and m.user_id = new.created_by and m.status = 'active' for share;
  return null;
end
$$;

update app.invitations as i set revoked_at = now()
  from app.memberships as m join app.users as u using (user_id)
 where m.tenant_id = i.tenant_id and u.email = i.email and m.status = 'active' and i.accepted_at is null and i.revoked_at is null;

reset role;
revoke create on schema app from causeway_keeper;
