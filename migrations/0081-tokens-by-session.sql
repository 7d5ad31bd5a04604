-- API tokens that people make for themselves in the browser. Only a session gets here, and only to its own person's tokens;
-- an admin may end anybody's of the tenant, and make or rotate none of another's.

grant select (successor_id) on app.api_tokens to causeway_app;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- Holds the membership until the end: who is removed at the same time keeps no token that a later membership would wake.
create function app.hold_own_membership() returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from app.memberships as m
    where m.tenant_id = app.tenant_id() and m.user_id = app.user_id() and m.status = 'active' and app.is_in_session()
      for no key update;
  return found;
end
$$;

create function app.system_create_token(token jsonb, alive_max integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := app.tenant_id();
  until_at constant timestamptz := now() + (token ->> 'lifetimeSeconds')::integer * interval '1 second';
  networks cidr[];
  malformed text;
  refusal jsonb := app.token_lifetime_refusal(tenant, until_at);
begin
  if not app.hold_own_membership() then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  elsif exists (select from app.api_tokens as k where k.tenant_id = tenant and k.token_id = token ->> 'id') then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  elsif app.role_rank(token ->> 'role') > app.role_rank(app.role()) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role', 'details', jsonb_build_object('role', app.role()));
  elsif refusal is not null then
    return refusal || '{"code": "invalid_arguments"}';
  elsif (select count(*) from app.api_tokens as k
          where k.tenant_id = tenant and k.user_id = app.user_id() and k.revoked_at is null
            and (k.expires_at is null or k.expires_at > clock_timestamp())) >= alive_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  select range into malformed
    from jsonb_array_elements_text(token -> 'networks') as range where not pg_input_is_valid(range, 'inet') limit 1;
  if found then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments', 'details', jsonb_build_object('network', malformed));
  end if;
  select array_agg(network(range::inet)) into networks from jsonb_array_elements_text(token -> 'networks') as range;
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges)
  values (tenant, token ->> 'id', app.user_id(), token ->> 'name', token ->> 'argon2id',
          array(select jsonb_array_elements_text(token -> 'scopes')), token ->> 'role', until_at, networks);
  perform app.audit('token.create', 'token', token ->> 'id', 'ok',
                    jsonb_build_object('user', app.user_id(), 'name', token ->> 'name', 'scopes', token -> 'scopes',
                                       'role_ceiling', token ->> 'role', 'expires_at', until_at, 'address_ranges', networks));
  return jsonb_build_object('ok', true, 'expires_at', until_at);
end
$$;
comment on function app.system_create_token is
  'Makes a token of the acting person: {id, name, argon2id, scopes, role, lifetimeSeconds, networks}. Refuses with insufficient_role, already_exists (the id), limit_exceeded or invalid_arguments (details: network, or seconds_max).';

create function app.system_rotate_token(token_id text, new_token_id text, argon2id_hash text, overlap interval) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  old app.api_tokens;
  successor app.api_tokens;
  old_until timestamptz;
  refusal jsonb;
begin
  select k.* into old from app.api_tokens as k
   where k.tenant_id = app.tenant_id() and k.token_id = system_rotate_token.token_id and k.user_id = app.user_id()
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
     for update;
  if not found or not app.hold_own_membership() then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  elsif old.successor_id is not null then
    return jsonb_build_object('ok', false, 'code', 'already_exists', 'details', jsonb_build_object('successor', old.successor_id));
  end if;
  -- The successor may do what the old one may, whatever that comes to consist of, and lives as long as it was to live.
  successor := old;
  successor.token_id := new_token_id;
  successor.argon2id_hash := system_rotate_token.argon2id_hash;
  successor.created_at := now();
  successor.expires_at := now() + (old.expires_at - old.created_at);
  refusal := app.token_lifetime_refusal(old.tenant_id, successor.expires_at);
  if refusal is not null then
    return refusal || '{"code": "invalid_arguments"}';
  end if;
  old_until := least(old.expires_at, now() + overlap);
  insert into app.api_tokens select successor.*;
  update app.api_tokens as k set expires_at = old_until, successor_id = new_token_id
   where k.tenant_id = old.tenant_id and k.token_id = old.token_id;
  perform app.audit('token.rotate', 'token', old.token_id, 'ok',
                    jsonb_build_object('successor', new_token_id, 'old_until', old_until, 'expires_at', successor.expires_at));
  return jsonb_build_object('ok', true, 'name', old.name, 'old_until', old_until, 'expires_at', successor.expires_at);
end
$$;
comment on function app.system_rotate_token is
  'Gives a living token of the acting person a successor, and ends the old one after the overlap. Refuses with not_found, already_exists (rotated before) or invalid_arguments (details: seconds_max).';

create function app.system_revoke_token(token_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  revoked record;
begin
  update app.api_tokens as k set revoked_at = clock_timestamp()
   where k.tenant_id = app.tenant_id() and k.token_id = system_revoke_token.token_id and k.revoked_at is null
     and app.is_in_session()
     and (k.user_id = app.user_id() or app.role_rank(app.role()) >= app.role_rank('admin'))
   returning k.user_id, k.name into revoked;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('token.revoke', 'token', token_id, 'ok', jsonb_build_object('user', revoked.user_id, 'name', revoked.name));
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_revoke_token is 'Ends a token of the acting person; an admin may end anybody''s of the tenant. Refuses with not_found.';

grant execute on function app.system_create_token, app.system_rotate_token, app.system_revoke_token to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
