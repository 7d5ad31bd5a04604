-- Invitations: of people to a tenant by its admins, and of its first owner from the host's shell.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- An invitation holds as long as who made it might make it still.
create function app.open_invitation(link_sha256 text) returns app.invitations
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select i from app.invitations as i join app.tenants as t using (tenant_id)
   where i.link_sha256 = open_invitation.link_sha256 and i.accepted_at is null and i.revoked_at is null
     and i.expires_at > clock_timestamp() and t.status = 'active'
     and (i.created_by is null or exists (
       select from app.memberships as m join app.users as u using (user_id)
        where m.tenant_id = i.tenant_id and m.user_id = i.created_by and m.status = 'active' and u.status = 'active'
          and app.role_rank(m.role) >= greatest(app.role_rank('admin'), app.role_rank(i.role))))
     for update of i
$$;

create function app.join_by_invitation(invitation app.invitations, user_id text, call jsonb) returns void
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
  select app.audit_person((invitation).tenant_id, user_id, 'invitation', 'invitation.accept', 'invitation',
                          (invitation).invitation_id, jsonb_build_object('role', (invitation).role), call);
$$;

create function app.system_find_invitation(link_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('email', i.email, 'role', i.role, 'tenantName', t.name, 'expiresAt', i.expires_at)
    from app.open_invitation(link_sha256) as i join app.tenants as t using (tenant_id)
$$;
comment on function app.system_find_invitation is 'What a link invites to, or NULL: absent, used, expired and revoked are the same.';

create function app.system_accept_invitation(
  link_sha256 text, user_id text, user_name text, new_hash text, session jsonb, call jsonb
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  invitation constant app.invitations := app.open_invitation(link_sha256);
begin
  if (invitation).invitation_id is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  -- An account that exists is its person's: an invitation of a tenant never sets its password.
  insert into app.users (user_id, email, name)
  values (system_accept_invitation.user_id, (invitation).email, user_name)
  on conflict on constraint users_email_once do nothing;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  end if;
  insert into app.passwords (user_id, argon2id_hash) values (system_accept_invitation.user_id, new_hash);
  perform app.join_by_invitation(invitation, system_accept_invitation.user_id, call);
  perform app.open_session(system_accept_invitation.user_id, 'invitation', session, call);
  perform app.note_authentication(
    system_accept_invitation.user_id, app.email_sha256((invitation).email), 'invitation', 'ok', call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_accept_invitation is 'Makes the account of somebody new, once a link, and signs them in.';

create function app.system_join_invitation(link_sha256 text, cookie_sha256 text, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  invitation constant app.invitations := app.open_invitation(link_sha256);
  person constant app.users := app.user_of_session(cookie_sha256);
begin
  if (invitation).invitation_id is null or (invitation).email is distinct from (person).email then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.join_by_invitation(invitation, (person).user_id, call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_join_invitation is 'Makes a signed-in person a member; only the person whose email the invitation names.';

create function app.system_create_invitation(cookie_sha256 text, invitation jsonb, open_max integer, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := invitation ->> 'tenantId';
  person constant app.users := app.user_of_session(cookie_sha256);
  own_rank integer;
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
          (person).user_id, clock_timestamp() + (invitation ->> 'lifetimeSeconds')::integer * interval '1 second');
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.create', 'invitation', invitation ->> 'id',
                           jsonb_build_object('role', invitation ->> 'role'), call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_create_invitation is
  'Invites an email to a tenant, by an admin or owner of it and to no higher role than their own.';

create function app.system_list_invitations(cookie_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', i.invitation_id, 'tenantId', i.tenant_id, 'tenantName', t.name, 'email', i.email, 'role', i.role,
           'expiresAt', i.expires_at, 'byOperator', i.created_by is null) order by i.created_at desc), '[]')
    from app.memberships as m join app.tenants as t using (tenant_id) join app.invitations as i using (tenant_id)
   where m.user_id = (app.user_of_session(cookie_sha256)).user_id and m.status = 'active' and m.role in ('admin', 'owner')
     and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()
$$;
comment on function app.system_list_invitations is 'The open invitations of the tenants that the session''s person administers.';

create function app.system_revoke_invitation(cookie_sha256 text, invitation_id text, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  tenant text;
begin
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.invitation_id = system_revoke_invitation.invitation_id and i.accepted_at is null and i.revoked_at is null
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

create function app.invite_owner(
  tenant_id text, tenant_name text, invitation_id text, email text, link_sha256 text, lifetime_seconds integer
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  insert into app.tenants (tenant_id, name) values (tenant_id, tenant_name) on conflict do nothing;
  insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, expires_at)
  values (tenant_id, invitation_id, link_sha256, lower(email), 'owner',
          clock_timestamp() + lifetime_seconds * interval '1 second');
  perform app.audit_person(tenant_id, null, 'operator', 'invitation.create', 'invitation', invitation_id, '{"role": "owner"}');
  return jsonb_build_object('ok', true, 'tenant_id', tenant_id);
end
$$;
comment on function app.invite_owner is 'Invites an owner by a one-time link, into a tenant that is made where it is absent.';

grant execute on function app.system_find_invitation, app.system_accept_invitation, app.system_join_invitation,
  app.system_create_invitation, app.system_list_invitations, app.system_revoke_invitation to causeway_app;
grant execute on function app.invite_owner to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
