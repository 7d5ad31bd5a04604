-- What the authorization server looks up and changes before a tenant is known. Look-ups give facts, and the Worker
-- judges them (worker/oauth/); a change happens once or not at all, and says which.

-- An event of a grant's tenant. `call` is {request, address, agent} of the Worker's request.
create function app_private.audit_grant(tenant text, person text, grant_id text, action text, outcome text, details jsonb, call jsonb)
returns void
language sql volatile
as $$
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, credential_id, action, target_kind, target_id,
                                outcome, details, request_id, address, user_agent)
  values (tenant, person, 'oauth', grant_id, action, 'grant', grant_id, outcome, coalesce(details, '{}'),
          call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$$;
grant usage on schema app_private to causeway_keeper;
grant execute on function app_private.audit_grant to causeway_keeper;

-- Whether a grant may still give tokens, and what they may carry.
create function app_private.grant_facts(g app.oauth_grants) returns jsonb
language sql stable
as $$
  select jsonb_build_object(
    'tenant_id', (g).tenant_id, 'grant_id', (g).grant_id, 'user_id', (g).user_id, 'client_id', (g).client_id,
    'scopes', (g).scopes, 'resource', (g).resource, 'expires_at', extract(epoch from (g).expires_at),
    'alive', (g).revoked_at is null and (g).expires_at > clock_timestamp()
             and exists (select from app.oauth_clients as c where c.client_id = (g).client_id and c.revoked_at is null)
             and exists (select from app.users as u join app.memberships as m using (user_id) join app.tenants as t using (tenant_id)
                          where u.user_id = (g).user_id and m.tenant_id = (g).tenant_id and u.status = 'active'
                            and m.status = 'active' and t.status = 'active'))
$$;
grant execute on function app_private.grant_facts to causeway_resolver;

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

create function app.find_oauth_keys()
returns table (key_id text, public_jwk jsonb, private_key text, signs_from double precision)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.key_id, k.public_jwk, k.private_key, extract(epoch from k.signs_from)::double precision
    from app.oauth_keys as k
   where k.published_until is null or k.published_until > clock_timestamp()
   order by k.signs_from, k.key_id
$$;
comment on function app.find_oauth_keys is 'Keys that verify now; the one with the latest signs_from that has passed signs. Private keys are envelopes.';

create function app.find_oauth_client(client_id text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('client_id', c.client_id, 'origin', c.origin, 'name', c.name, 'metadata', c.metadata,
                            'secret_sha256', c.secret_sha256, 'revoked', c.revoked_at is not null,
                            'fresh', c.expires_at is null or c.expires_at > clock_timestamp())
    from app.oauth_clients as c where c.client_id = find_oauth_client.client_id
$$;

create function app.find_oauth_code(code_sha256 text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('grant', app_private.grant_facts(g), 'redirect_uri', c.redirect_uri,
                            'code_challenge', c.code_challenge, 'expired', c.expires_at <= clock_timestamp(),
                            'redeemed', c.redeemed_at is not null)
    from app.oauth_codes as c join app.oauth_grants as g using (tenant_id, grant_id)
   where c.code_sha256 = find_oauth_code.code_sha256
$$;

create function app.find_oauth_refresh_token(token_sha256 text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('grant', app_private.grant_facts(g), 'expired', r.expires_at <= clock_timestamp(),
                            'used_seconds_ago', extract(epoch from clock_timestamp() - r.used_at), 'successor', r.successor,
                            'generations_since', (select max(n.generation) from app.oauth_refresh_tokens as n
                                                   where n.tenant_id = r.tenant_id and n.grant_id = r.grant_id) - r.generation)
    from app.oauth_refresh_tokens as r join app.oauth_grants as g using (tenant_id, grant_id)
   where r.token_sha256 = find_oauth_refresh_token.token_sha256
$$;

create function app.find_oauth_service_grant(client_id text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app_private.grant_facts(g)
    from app.oauth_grants as g join app.oauth_clients as c using (client_id)
   where g.client_id = find_oauth_service_grant.client_id and c.origin = 'operator' and g.revoked_at is null
   order by g.created_at desc
   limit 1
$$;
comment on function app.find_oauth_service_grant is 'What the operator granted to a confidential client when registering it.';

create function app.find_oauth_device(user_code_sha256 text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('client_id', d.client_id, 'scopes', d.scopes, 'resource', d.resource,
                            'open', d.decision is null and d.expires_at > clock_timestamp())
    from app.oauth_devices as d where d.user_code_sha256 = find_oauth_device.user_code_sha256
$$;

grant execute on function app.find_oauth_keys, app.find_oauth_client, app.find_oauth_code, app.find_oauth_refresh_token,
  app.find_oauth_service_grant, app.find_oauth_device to causeway_app;
set local role causeway_keeper;

create function app.system_add_first_oauth_key(key_id text, public_jwk jsonb, private_key text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('app.oauth_keys'));
  insert into app.oauth_keys (key_id, public_jwk, private_key)
  select system_add_first_oauth_key.key_id, system_add_first_oauth_key.public_jwk, system_add_first_oauth_key.private_key
   where not exists (select from app.oauth_keys as k where k.published_until is null or k.published_until > clock_timestamp());
end
$$;
comment on function app.system_add_first_oauth_key is 'Stores a key where there is none. Of two isolates that start at once, one key is kept.';

create function app.rotate_oauth_key(key_id text, public_jwk jsonb, private_key text, signs_after interval, overlap interval)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  retired integer;
begin
  perform pg_advisory_xact_lock(hashtext('app.oauth_keys'));
  update app.oauth_keys as k set published_until = clock_timestamp() + signs_after + overlap where k.published_until is null;
  get diagnostics retired = row_count;
  insert into app.oauth_keys (key_id, public_jwk, private_key, signs_from)
  values (key_id, public_jwk, private_key, clock_timestamp() + signs_after);
  delete from app.oauth_keys as k where k.published_until < clock_timestamp() - interval '1 day';
  return jsonb_build_object('ok', true, 'key_id', key_id, 'retired', retired);
end
$$;
comment on function app.rotate_oauth_key is
  'Publishes a key that signs after a time, and takes the earlier ones away when it has signed for the overlap.';

create function app.system_store_oauth_client(
  client_id text, origin text, name text, metadata jsonb, secret_sha256 text, lifetime interval
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if origin not in ('registered', 'document') or (client_id like 'https://%' or client_id like 'http://%') <> (origin = 'document') then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments');
  end if;
  insert into app.oauth_clients (client_id, origin, name, metadata, secret_sha256, expires_at)
  values (client_id, origin, name, metadata, secret_sha256, clock_timestamp() + lifetime)
  on conflict on constraint oauth_clients_pkey do update
    set name = excluded.name, metadata = excluded.metadata, expires_at = excluded.expires_at
    where oauth_clients.origin = 'document';
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_store_oauth_client is 'Stores a registration, or what a metadata document says now. A revoked client stays revoked.';

create function app.system_redeem_oauth_code(code_sha256 text, refresh_sha256 text, refresh_lifetime interval, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  held record;
begin
  -- The row's lock makes one of many concurrent redemptions the first.
  update app.oauth_codes as c set redeemed_at = clock_timestamp()
   where c.code_sha256 = system_redeem_oauth_code.code_sha256 and c.redeemed_at is null and c.expires_at > clock_timestamp()
   returning c.tenant_id, c.grant_id into held;
  if not found then
    return jsonb_build_object('ok', false);
  end if;
  update app.oauth_grants as g set activated_at = clock_timestamp()
   where g.tenant_id = held.tenant_id and g.grant_id = held.grant_id and g.revoked_at is null;
  if not found then
    return jsonb_build_object('ok', false);
  end if;
  update app.oauth_clients as c set expires_at = null
    from app.oauth_grants as g
   where g.tenant_id = held.tenant_id and g.grant_id = held.grant_id and c.client_id = g.client_id and c.origin = 'registered';
  if refresh_sha256 is not null then
    insert into app.oauth_refresh_tokens (tenant_id, token_sha256, grant_id, generation, expires_at)
    values (held.tenant_id, refresh_sha256, held.grant_id, 1, clock_timestamp() + refresh_lifetime);
  end if;
  perform app_private.audit_grant(held.tenant_id, g.user_id, g.grant_id, 'agent.connect', 'ok',
                                  jsonb_build_object('client', g.client_id, 'scopes', g.scopes), call)
     from app.oauth_grants as g where g.tenant_id = held.tenant_id and g.grant_id = held.grant_id;
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_redeem_oauth_code is 'Spends a code, once: ok is true for exactly one caller.';

create function app.system_rotate_oauth_refresh_token(
  token_sha256 text, next_sha256 text, successor text, lifetime interval
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  spent record;
begin
  update app.oauth_refresh_tokens as r set used_at = clock_timestamp(), successor = system_rotate_oauth_refresh_token.successor
    from app.oauth_grants as g
   where r.token_sha256 = system_rotate_oauth_refresh_token.token_sha256 and r.used_at is null and r.expires_at > clock_timestamp()
     and g.tenant_id = r.tenant_id and g.grant_id = r.grant_id and g.revoked_at is null and g.expires_at > clock_timestamp()
   returning r.tenant_id, r.grant_id, r.generation into spent;
  if not found then
    return jsonb_build_object('ok', false);
  end if;
  insert into app.oauth_refresh_tokens (tenant_id, token_sha256, grant_id, generation, expires_at)
  values (spent.tenant_id, next_sha256, spent.grant_id, spent.generation + 1, clock_timestamp() + lifetime);
  update app.oauth_grants as g set last_used_at = clock_timestamp()
   where g.tenant_id = spent.tenant_id and g.grant_id = spent.grant_id;
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_rotate_oauth_refresh_token is
  'Exchanges a refresh token for its successor, once. With ok false nothing changed: look again and judge again.';

create function app.system_revoke_oauth_grant(grant_id text, because text, call jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with ended as (
    update app.oauth_grants as g set revoked_at = clock_timestamp(), revoked_because = because
     where g.grant_id = system_revoke_oauth_grant.grant_id and g.revoked_at is null
     returning g.tenant_id, g.user_id, g.client_id
  )
  select app_private.audit_grant(e.tenant_id, e.user_id, system_revoke_oauth_grant.grant_id, 'agent.revoke', 'ok',
                                 jsonb_build_object('client', e.client_id, 'because', because), call) from ended as e
$$;
comment on function app.system_revoke_oauth_grant is 'Ends a grant and with it every token of it, from the next request on.';

grant execute on function app.system_add_first_oauth_key, app.system_store_oauth_client, app.system_redeem_oauth_code,
  app.system_rotate_oauth_refresh_token, app.system_revoke_oauth_grant to causeway_app;
grant execute on function app.rotate_oauth_key to causeway_owner;
reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;
