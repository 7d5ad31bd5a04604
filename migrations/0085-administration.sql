-- What admins and owners of a tenant see and end by a session of their own: members' sessions, clients, invitations.

create function app.administers() returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(app.context() ->> 'kind' = 'session' and app.role_rank(app.context() ->> 'role') >= app.role_rank('admin'), false)
$$;
comment on function app.administers is 'Whether a signed-in admin or owner of the entered tenant acts. No token ever does.';
grant execute on function app.administers to causeway_app, causeway_resolver, causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- A session is its person's, whatever tenants they belong to. So a tenant's admin sees and ends those of people who
-- belong to that tenant alone: no tenant can sign somebody out of another.
create function app.administered_sessions() returns setof app.sessions
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s
    from app.sessions as s
    join app.users as u using (user_id)
    join app.memberships as m on m.user_id = s.user_id and m.tenant_id = (select app.tenant_id())
   where (select app.administers()) and m.status = 'active' and u.status = 'active'
     and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, clock_timestamp())
     and not exists (select from app.memberships as o
                      where o.user_id = s.user_id and o.tenant_id <> m.tenant_id and o.status = 'active')
$$;
comment on function app.administered_sessions is
  'The living sessions of people who belong to the entered tenant and to no other; nothing for who does not administer it.';

create function app.system_member_sessions(wanted_user text, before text, row_limit integer) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with mine as (
    select s.* from app.administered_sessions() as s where wanted_user is null or s.user_id = wanted_user
  ), shown as (
    select s.session_id, s.user_id, u.name, s.method, s.created_at, s.last_seen_at, s.expires_at, host(s.address) as address,
           s.user_agent, s.session_id = app.context() ->> 'credential' as is_current
      from mine as s join app.users as u using (user_id)
     where before = '' or s.session_id < before order by s.session_id desc limit row_limit
  )
  select jsonb_build_object(
           'total', (select count(*) from mine),
           'rows', (select coalesce(jsonb_agg(to_jsonb(shown) order by session_id desc), '[]') from shown))
$$;
comment on function app.system_member_sessions is
  'Living sessions of members of the entered tenant, newest first, behind the id `before`; and how many there are in all.';

create function app.system_end_member_session(session_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  person app.users;
begin
  select u.* into person
    from app.administered_sessions() as s
    join app.memberships as m on m.user_id = s.user_id and m.tenant_id = app.tenant_id()
    join app.users as u on u.user_id = s.user_id
   where s.session_id = system_end_member_session.session_id
     and (app.role_rank(m.role) <= app.role_rank(app.context() ->> 'role'));
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.session_id = system_end_member_session.session_id and s.revoked_at is null;
  perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'session', 'ended', app.context());
  perform app.audit_person(app.tenant_id(), app.user_id(), 'session', 'session.end', 'session', system_end_member_session.session_id,
                           jsonb_build_object('user', (person).user_id), app.context());
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_end_member_session is
  'Ends a session of a member by an admin (not an owner''s) or an owner. Absent, foreign and out of reach look alike.';

-- As in 0043, and says until when it holds.
create or replace function app.system_create_invitation(cookie_sha256 text, invitation jsonb, open_max integer, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := invitation ->> 'tenantId';
  person constant app.users := app.user_of_session(cookie_sha256);
  own_rank integer;
  until timestamptz;
begin
  select app.role_rank(m.role) into own_rank
    from app.memberships as m join app.tenants as t using (tenant_id)
   where m.tenant_id = tenant and m.user_id = (person).user_id and m.status = 'active' and t.status = 'active';
  if own_rank is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  if own_rank < greatest(app.role_rank('admin'), app.role_rank(invitation ->> 'role')) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  if exists (select from app.memberships as m join app.users as u using (user_id)
              where m.tenant_id = tenant and m.status = 'active' and u.email = invitation ->> 'email') then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  end if;
  perform from app.tenants as t where t.tenant_id = tenant for update;
  if (select count(*) from app.invitations as i
       where i.tenant_id = tenant and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()) >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, created_by, expires_at)
  values (tenant, invitation ->> 'id', invitation ->> 'linkSha256', invitation ->> 'email', invitation ->> 'role',
          (person).user_id, clock_timestamp() + (invitation ->> 'lifetimeSeconds')::integer * interval '1 second')
  returning expires_at into until;
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.create', 'invitation', invitation ->> 'id',
                           jsonb_build_object('role', invitation ->> 'role'), call);
  return jsonb_build_object('ok', true, 'expiresAt', until);
end
$$;

drop function app.system_revoke_invitation(text, text, jsonb);
create function app.system_revoke_invitation(cookie_sha256 text, invitation_id text, call jsonb, in_tenant text default null)
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
     and exists (select from app.memberships as m
                  where m.tenant_id = i.tenant_id and m.user_id = (person).user_id and m.status = 'active'
                    and app.role_rank(m.role) >= greatest(app.role_rank('admin'), app.role_rank(i.role)))
  returning i.tenant_id into tenant;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.revoke', 'invitation', invitation_id, '{}', call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_revoke_invitation is
  'Ends an open invitation by an admin or owner who might make it still; of one tenant only, where one is named.';

grant execute on function app.system_member_sessions, app.system_end_member_session, app.system_revoke_invitation to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

create function app.tenant_clients()
returns table (client_id text, name text, origin text, people bigint, agents bigint, last_used_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.client_id, coalesce(c.name, g.client_id), c.origin, count(distinct g.user_id), count(*),
         max(coalesce(g.last_used_at, g.activated_at))
    from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
   where (select app.administers()) and g.tenant_id = (select app.tenant_id()) and g.revoked_at is null
     and g.activated_at is not null and g.expires_at > clock_timestamp() and c.revoked_at is null
   group by g.client_id, c.name, c.origin
$$;
comment on function app.tenant_clients is
  'The clients to which people of the entered tenant have given access that lasts; nothing for who does not administer it.';
grant execute on function app.tenant_clients to causeway_app;
reset role;
revoke create on schema app from causeway_resolver;

-- A call that was made before stops its transaction, so that a batch need not know what its first statement found.
create function app.stop_if_seen(idempotency jsonb) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  seen constant jsonb := app.recall(idempotency);
begin
  if seen is not null then
    raise exception 'the idempotency key was used before' using errcode = 'CW003', detail = seen::text;
  end if;
end
$$;
comment on function app.stop_if_seen is 'Raises CW003 with what app.recall found in DETAIL; does nothing where the key is new.';
grant execute on function app.stop_if_seen to causeway_app;
