-- Consent, device authorization, clients of the operator, and the sweep.

-- A signed-in person agrees: a grant, and the code by which the client fetches its tokens. Only a browser's session may:
-- no token mints another.
create function app.consent_to_oauth_client(grant_id text, client_id text, scopes text[], resource text, code jsonb) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if app.context() ->> 'kind' is distinct from 'session' then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role', 'message', 'Only a signed-in person can let an agent in.');
  end if;
  insert into app.oauth_grants (grant_id, client_id, scopes, resource) values (grant_id, client_id, scopes, resource);
  if code is not null then
    insert into app.oauth_codes (code_sha256, grant_id, redirect_uri, code_challenge)
    values (code ->> 'sha256', grant_id, code ->> 'redirect_uri', code ->> 'challenge');
  end if;
  perform app.audit('agent.consent', 'grant', grant_id, 'ok', jsonb_build_object('client', client_id, 'scopes', scopes));
  return jsonb_build_object('ok', true, 'grant_id', grant_id);
end
$$;
comment on function app.consent_to_oauth_client is
  'Grants a client scopes for the acting person in the entered tenant. `code` is {sha256, redirect_uri, challenge}, or null for a device.';

-- One's own agents, or an admin's: anybody's of the tenant.
create function app.revoke_oauth_grant(grant_id text) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  ended record;
begin
  update app.oauth_grants as g set revoked_at = clock_timestamp(), revoked_because = 'person'
   where g.tenant_id = (select app.tenant_id()) and g.grant_id = revoke_oauth_grant.grant_id and g.revoked_at is null
     and (g.user_id = (select app.user_id()) or app.role_rank((select app.role())) >= app.role_rank('admin'))
   returning g.user_id, g.client_id into ended;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'message', 'There is no such connected agent.');
  end if;
  perform app.audit('agent.revoke', 'grant', grant_id, 'ok',
                    jsonb_build_object('user', ended.user_id, 'client', ended.client_id, 'because', 'person'));
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.revoke_oauth_grant is 'Ends a connected agent of the acting person; an admin may end anybody''s. Absent and foreign look alike.';

grant execute on function app.consent_to_oauth_client, app.revoke_oauth_grant to causeway_app;

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

create function app.connected_agents()
returns table (grant_id text, user_id text, client_id text, client_name text, scopes text[], created_at timestamptz,
               last_used_at timestamptz, expires_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.grant_id, g.user_id, g.client_id, coalesce(c.name, g.client_id), g.scopes, g.created_at,
         coalesce(g.last_used_at, g.activated_at), g.expires_at
    from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
   where g.tenant_id = (select app.tenant_id()) and g.revoked_at is null and g.activated_at is not null
     and g.expires_at > clock_timestamp()
     and (g.user_id = (select app.user_id()) or app.role_rank((select app.role())) >= app.role_rank('admin'))
   order by g.created_at desc, g.grant_id
$$;
comment on function app.connected_agents is 'The living agents of the acting person; for an admin those of the whole tenant.';
grant execute on function app.connected_agents to causeway_app;
set local role causeway_keeper;

create function app.system_start_oauth_device(
  device_code_sha256 text, user_code_sha256 text, client_id text, scopes text[], resource text, lifetime interval
) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into app.oauth_devices (device_code_sha256, user_code_sha256, client_id, scopes, resource, expires_at)
  values (device_code_sha256, user_code_sha256, client_id, scopes, resource, clock_timestamp() + lifetime)
$$;

-- The decision is taken in the person's own transaction, so a grant of somebody else cannot be given to a device.
create function app.system_decide_oauth_device(user_code_sha256 text, grant_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if app.context() ->> 'kind' is distinct from 'session' then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  update app.oauth_devices as d
     set decision = case when grant_id is null then 'denied' else 'approved' end, grant_id = system_decide_oauth_device.grant_id
   where d.user_code_sha256 = system_decide_oauth_device.user_code_sha256 and d.decision is null and d.expires_at > clock_timestamp()
     and (system_decide_oauth_device.grant_id is null or exists (
           select from app.oauth_grants as g
            where g.tenant_id = app.tenant_id() and g.user_id = app.user_id() and g.client_id = d.client_id
              and g.grant_id = system_decide_oauth_device.grant_id and g.activated_at is null));
  if not found then
    raise exception 'the device is decided or gone' using errcode = 'CW002';
  end if;
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_decide_oauth_device is
  'Approves a waiting device with a grant of the acting person, or denies it (null). Raises CW002 where nothing waits: then the grant is not made either.';

create function app.system_poll_oauth_device(
  device_code_sha256 text, client_id text, refresh_sha256 text, refresh_lifetime interval, call jsonb
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  device record;
  held record;
begin
  select d.* into device from app.oauth_devices as d
   where d.device_code_sha256 = system_poll_oauth_device.device_code_sha256 and d.client_id = system_poll_oauth_device.client_id
     for update;
  if not found or device.redeemed_at is not null then
    return jsonb_build_object('ok', false, 'reason', 'unknown');
  elsif device.expires_at <= clock_timestamp() then
    return jsonb_build_object('ok', false, 'reason', 'expired');
  elsif device.decision = 'denied' then
    return jsonb_build_object('ok', false, 'reason', 'denied');
  elsif device.polled_at > clock_timestamp() - make_interval(secs => device.interval_seconds) then
    update app.oauth_devices as d set interval_seconds = least(d.interval_seconds + 5, 60), polled_at = clock_timestamp()
     where d.device_code_sha256 = device.device_code_sha256;
    return jsonb_build_object('ok', false, 'reason', 'too_fast');
  end if;
  update app.oauth_devices as d
     set polled_at = clock_timestamp(), redeemed_at = case when d.decision = 'approved' then clock_timestamp() end
   where d.device_code_sha256 = device.device_code_sha256;
  if device.decision is null then
    return jsonb_build_object('ok', false, 'reason', 'pending');
  end if;
  update app.oauth_grants as g set activated_at = clock_timestamp()
   where g.grant_id = device.grant_id and g.revoked_at is null
   returning g.tenant_id, g.user_id, g.grant_id, g.scopes, g.resource, g.client_id into held;
  if not found then
    return jsonb_build_object('ok', false, 'reason', 'unknown');
  end if;
  insert into app.oauth_refresh_tokens (tenant_id, token_sha256, grant_id, generation, expires_at)
  select held.tenant_id, refresh_sha256, held.grant_id, 1, clock_timestamp() + refresh_lifetime where refresh_sha256 is not null;
  update app.oauth_clients as c set expires_at = null where c.client_id = held.client_id and c.origin = 'registered';
  perform app_private.audit_grant(held.tenant_id, held.user_id, held.grant_id, 'agent.connect', 'ok',
                                  jsonb_build_object('client', held.client_id, 'scopes', held.scopes, 'device', true), call);
  return jsonb_build_object('ok', true, 'tenant_id', held.tenant_id, 'user_id', held.user_id, 'grant_id', held.grant_id,
                            'client_id', held.client_id, 'scopes', held.scopes, 'resource', held.resource);
end
$$;
comment on function app.system_poll_oauth_device is
  'One poll of a device (RFC 8628, section 3.5): its grant, once, or one of unknown, expired, denied, too_fast, pending.';

create function app.system_sweep_oauth() returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  delete from app.oauth_devices where expires_at < clock_timestamp() - interval '1 hour';
  -- A spent code is kept as long as its second use would matter.
  delete from app.oauth_codes where expires_at < clock_timestamp() - interval '1 day';
  delete from app.oauth_refresh_tokens where expires_at < clock_timestamp() - interval '1 day';
  delete from app.oauth_clients as c
   where c.expires_at < clock_timestamp() - interval '1 day' and c.revoked_at is null
     and not exists (select from app.oauth_grants as g where g.client_id = c.client_id)
$$;
comment on function app.system_sweep_oauth is 'Removes what can be exchanged for nothing any more.';

create function app.create_service_client(
  client_id text, name text, metadata jsonb, secret_sha256 text, tenant_id text, user_id text, grant_id text, scopes text[], resource text
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if not exists (select from app.memberships as m where m.tenant_id = create_service_client.tenant_id
                    and m.user_id = create_service_client.user_id and m.status = 'active') then
    return jsonb_build_object('ok', false, 'code', 'member_not_found');
  end if;
  insert into app.oauth_clients (client_id, origin, name, metadata, secret_sha256)
  values (client_id, 'operator', name, metadata, secret_sha256);
  insert into app.oauth_grants (tenant_id, grant_id, user_id, client_id, scopes, resource, expires_at, activated_at)
  values (tenant_id, grant_id, user_id, client_id, scopes, resource, 'infinity', clock_timestamp());
  perform app_private.audit_grant(tenant_id, user_id, grant_id, 'client.create', 'ok',
                                  jsonb_build_object('client', client_id, 'name', name, 'scopes', scopes), '{}');
  return jsonb_build_object('ok', true, 'client_id', client_id);
end
$$;
comment on function app.create_service_client is 'Registers a confidential client that acts for a member by client credentials. Refuses with member_not_found.';

create function app.revoke_oauth_client(client_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.oauth_clients as c set revoked_at = clock_timestamp()
   where c.client_id = revoke_oauth_client.client_id and c.revoked_at is null;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'client_not_found');
  end if;
  perform app_private.audit_grant(g.tenant_id, g.user_id, g.grant_id, 'client.revoke', 'ok',
                                  jsonb_build_object('client', g.client_id), '{}')
     from app.oauth_grants as g where g.client_id = revoke_oauth_client.client_id and g.revoked_at is null;
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.revoke_oauth_client is 'Ends a client and every grant to it, from the next request on. Refuses with client_not_found.';

grant execute on function app.system_start_oauth_device, app.system_decide_oauth_device, app.system_poll_oauth_device,
  app.system_sweep_oauth to causeway_app;
grant execute on function app.create_service_client, app.revoke_oauth_client to causeway_owner;
reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;
