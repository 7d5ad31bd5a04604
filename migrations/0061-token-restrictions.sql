-- API tokens that hold at some addresses only, that live no longer than their tenant allows, and that are rotated.

alter table app.api_tokens add column address_ranges cidr[] check (cardinality(address_ranges) between 1 and 50);
comment on column app.api_tokens.address_ranges is 'Networks from which the token may be used; NULL: from everywhere.';
alter table app.tenants add column token_lifetime_max interval check (token_lifetime_max > interval '0');
comment on column app.tenants.token_lifetime_max is 'How long a new API token may live at most; NULL: as long as its maker says.';
grant select (address_ranges) on app.api_tokens to causeway_app;

-- plpgsql, because SQL would be inlined and the cast then be tried on what is no address.
create function app.address_within(address text, ranges cidr[]) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Where nobody vouches for an address it is NULL, and then a restricted token holds nowhere.
  if address is null or not pg_input_is_valid(address, 'inet') then
    return false;
  end if;
  return address::inet <<= any (ranges);
end
$$;
comment on function app.address_within is 'Whether an address lies in one of the networks. What is no address lies in none.';
grant execute on function app.address_within to causeway_resolver;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

create or replace function app.enter(ticket text)
returns table (
  tenant_id text, user_id text, user_name text, user_email text, tenant_name text, role text, scopes text[]
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  claim jsonb;
  kind text;
  who record;
  needed_scopes text[];
  granted_scopes text[];
  role_ceiling text;
  effective_role text;
  payload text;
  key record;
begin
  -- 1. One entry a transaction: nothing may change whom the rest of it works for.
  if coalesce(current_setting('app.context', true), '') <> '' then
    perform app_private.refuse_entry('already_entered');
  end if;

  -- 2. The Worker made this ticket, just now by the database's own clock.
  claim := app_private.read_ticket(ticket);
  if claim is null or claim -> 'v' is distinct from '1'::jsonb then
    perform app_private.refuse_entry('bad_ticket');
  end if;
  if not coalesce(abs(extract(epoch from clock_timestamp()) - (claim ->> 'iat')::numeric) <= 120, false) then
    perform app_private.refuse_entry('stale_ticket');
  end if;
  kind := claim ->> 'kind';
  needed_scopes := array(select jsonb_array_elements_text(claim -> 'scopes'));

  -- 3. The credential, the person, the membership and the tenant are alive at this moment.
  select t.name as tenant_name, t.status as tenant_status,
         u.user_id, u.name, u.email, u.status as user_status,
         m.role as member_role, m.status as member_status,
         k.token_id, k.scopes, k.role_ceiling, k.revoked_at, k.expires_at, k.address_ranges
    into who
    from app.tenants as t
    left join app.users as u on u.user_id = claim ->> 'user'
    left join app.memberships as m on m.tenant_id = t.tenant_id and m.user_id = u.user_id
    left join app.api_tokens as k on kind = 'api_token' and k.tenant_id = t.tenant_id
                                 and k.token_id = claim ->> 'credential' and k.user_id = u.user_id
   where t.tenant_id = claim ->> 'tenant';

  if who.tenant_name is null then
    perform app_private.refuse_entry('unknown');
  end if;
  if kind = 'api_token' then
    if who.token_id is null then
      perform app_private.refuse_entry('unknown');
    elsif who.revoked_at is not null then
      perform app_private.refuse_entry('revoked');
    elsif who.expires_at <= clock_timestamp() then
      perform app_private.refuse_entry('expired');
    elsif who.address_ranges is not null and not app.address_within(claim ->> 'address', who.address_ranges) then
      perform app_private.refuse_entry('address_not_allowed');
    end if;
    granted_scopes := who.scopes;
    role_ceiling := who.role_ceiling;
  else
    payload := app.credential_refusal(kind, claim ->> 'tenant', claim ->> 'user', claim ->> 'credential');
    if payload is not null then
      perform app_private.refuse_entry(payload);
    end if;
    granted_scopes := app.credential_scopes(kind, claim ->> 'tenant', claim ->> 'credential');
  end if;
  if claim ->> 'user' is not null or kind = 'api_token' then
    if who.user_status is distinct from 'active' then
      perform app_private.refuse_entry('user_disabled');
    elsif who.member_status is distinct from 'active' then
      perform app_private.refuse_entry('membership_ended');
    end if;
  end if;
  -- The system still records what happened to work that a now suspended tenant had started.
  if who.tenant_status <> 'active' and kind <> 'system' then
    perform app_private.refuse_entry('tenant_suspended');
  end if;

  -- 4. The credential may do what this call needs: the least of its scopes, those of the presented token, and the role.
  -- Executors and the system carry no scopes and no role.
  if claim ->> 'user' is not null or kind = 'api_token' then
    effective_role := case
      when app.role_rank(role_ceiling) < app.role_rank(who.member_role) then role_ceiling
      else who.member_role
    end;
    if kind = 'oauth' then
      granted_scopes := array(select scope from unnest(granted_scopes) as scope where claim -> 'granted' ? scope);
    end if;
    if not coalesce(granted_scopes, '{}') @> needed_scopes then
      perform app_private.refuse_entry('insufficient_scope', to_jsonb(needed_scopes));
    end if;
    if claim ->> 'role' is not null
       and not coalesce(app.role_rank(effective_role) >= app.role_rank(claim ->> 'role'), false) then
      perform app_private.refuse_entry('insufficient_role', jsonb_build_array(claim ->> 'role'));
    end if;
  elsif claim ->> 'role' is not null then
    perform app_private.refuse_entry('insufficient_role', jsonb_build_array(claim ->> 'role'));
  end if;

  -- 5. From here to COMMIT this backend works for that tenant.
  payload := jsonb_build_object(
    'tenant', claim ->> 'tenant', 'user', claim ->> 'user', 'role', effective_role,
    'kind', kind, 'credential', claim ->> 'credential',
    'scopes', to_jsonb(granted_scopes),
    'request', claim ->> 'request', 'address', claim ->> 'address', 'agent', left(claim ->> 'agent', 500)
  )::text;
  select inner_block, outer_block into strict key
    from app_private.signing_keys where purpose = 'context' and slot = 1;
  perform set_config('app.context', app_private.context_mac(payload, key.inner_block, key.outer_block) || payload, true);

  return query select claim ->> 'tenant', who.user_id::text, who.name, who.email, who.tenant_name,
                      effective_role, coalesce(granted_scopes, needed_scopes);
end
$$;
reset role;
revoke create on schema app from causeway_resolver;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- NULL where the tenant lets a token live until `expires_at`, else the refusal.
create function app.token_lifetime_refusal(tenant_id text, expires_at timestamptz) returns jsonb
language sql stable
as $$
  select jsonb_build_object('ok', false, 'code', 'token_lifetime_too_long',
                            'details', jsonb_build_object('seconds_max', extract(epoch from t.token_lifetime_max)))
    from app.tenants as t
   where t.tenant_id = token_lifetime_refusal.tenant_id
     and coalesce(token_lifetime_refusal.expires_at, 'infinity') > now() + t.token_lifetime_max
$$;

drop function app.create_api_token(text, text, text, text, text, text[], text, timestamptz);
create function app.create_api_token(
  tenant_id text, token_id text, user_id text, name text, argon2id_hash text, scopes text[],
  role_ceiling text default null, expires_at timestamptz default null, address_ranges cidr[] default null
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal jsonb := app.token_lifetime_refusal(tenant_id, expires_at);
begin
  if refusal is not null then
    return refusal;
  end if;
  if not exists (
    select from app.memberships as m
     where m.tenant_id = create_api_token.tenant_id and m.user_id = create_api_token.user_id and m.status = 'active'
  ) then
    return jsonb_build_object('ok', false, 'code', 'member_not_found',
                              'details', jsonb_build_object('tenant_id', tenant_id, 'user_id', user_id));
  end if;
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges)
  values (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges);
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant_id, 'operator', 'token.create', 'token', token_id, 'ok',
          jsonb_build_object('user', user_id, 'name', name, 'scopes', scopes, 'role_ceiling', role_ceiling,
                             'expires_at', expires_at, 'address_ranges', address_ranges));
  return jsonb_build_object('ok', true, 'token_id', token_id);
end
$$;
comment on function app.create_api_token is
  'Stores a token''s argon2id hash. Refuses with member_not_found or token_lifetime_too_long.';

create function app.rotate_api_token(token_id text, new_token_id text, argon2id_hash text, overlap interval) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  old app.api_tokens;
  old_until timestamptz;
  new_until timestamptz;
  refusal jsonb;
begin
  select k.* into old from app.api_tokens as k
   where k.token_id = rotate_api_token.token_id and k.revoked_at is null
     and (k.expires_at is null or k.expires_at > clock_timestamp())
     for update;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'token_not_found', 'details', jsonb_build_object('token_id', token_id));
  end if;
  -- The successor lives as long as the token was to live when it was made.
  new_until := now() + (old.expires_at - old.created_at);
  refusal := app.token_lifetime_refusal(old.tenant_id, new_until);
  if refusal is not null then
    return refusal;
  end if;
  old_until := least(old.expires_at, now() + overlap);
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges)
  values (old.tenant_id, new_token_id, old.user_id, old.name, rotate_api_token.argon2id_hash, old.scopes, old.role_ceiling,
          new_until, old.address_ranges);
  update app.api_tokens as k set expires_at = old_until
   where k.tenant_id = old.tenant_id and k.token_id = old.token_id;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (old.tenant_id, 'operator', 'token.rotate', 'token', old.token_id, 'ok',
          jsonb_build_object('successor', new_token_id, 'old_until', old_until, 'expires_at', new_until));
  return jsonb_build_object('ok', true, 'tenant_id', old.tenant_id, 'token_id', new_token_id, 'old_until', old_until, 'expires_at', new_until);
end
$$;
comment on function app.rotate_api_token is
  'Gives a living token a successor that may do the same; the old one ends after the overlap. Refuses with token_not_found or token_lifetime_too_long.';

create function app.cap_token_lifetime(tenant_id text, lifetime_max interval) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.tenants as t set token_lifetime_max = cap_token_lifetime.lifetime_max
   where t.tenant_id = cap_token_lifetime.tenant_id;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'tenant_not_found');
  end if;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant_id, 'operator', 'tenant.cap_tokens', 'tenant', tenant_id, 'ok',
          jsonb_build_object('seconds_max', extract(epoch from lifetime_max)));
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.cap_token_lifetime is 'Bounds how long new tokens of a tenant may live; NULL lifts it. Tokens that are there stay as they are.';

drop function app.list_api_tokens(text);
create function app.list_api_tokens(tenant_id text)
returns table (
  token_id text, name text, email text, scopes text[], role_ceiling text, address_ranges text[],
  created_at timestamptz, expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.token_id, k.name, u.email, k.scopes, k.role_ceiling, k.address_ranges::text[],
         k.created_at, k.expires_at, k.revoked_at, l.last_used_at
    from app.api_tokens as k join app.users as u using (user_id)
    left join app.token_last_uses as l on l.tenant_id = k.tenant_id and l.credential_id = k.token_id
   where k.tenant_id = list_api_tokens.tenant_id
   order by k.created_at, k.token_id
$$;

grant execute on function app.list_api_tokens, app.create_api_token, app.rotate_api_token, app.cap_token_lifetime
  to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
