-- A token is rotated once: whoever wants another successor rotates the one that it has.

alter table app.api_tokens add column successor_id app.tok_id;
comment on column app.api_tokens.successor_id is 'What this token was rotated to; NULL: it was not.';

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.rotate_api_token(token_id text, new_token_id text, argon2id_hash text, overlap interval) returns jsonb
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
  -- Its own end is the overlap's by now, and no measure for how long another should live.
  if old.successor_id is not null then
    return jsonb_build_object('ok', false, 'code', 'token_rotated', 'details', jsonb_build_object('successor', old.successor_id));
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
  update app.api_tokens as k set expires_at = old_until, successor_id = new_token_id
   where k.tenant_id = old.tenant_id and k.token_id = old.token_id;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (old.tenant_id, 'operator', 'token.rotate', 'token', old.token_id, 'ok',
          jsonb_build_object('successor', new_token_id, 'old_until', old_until, 'expires_at', new_until));
  return jsonb_build_object('ok', true, 'tenant_id', old.tenant_id, 'token_id', new_token_id, 'old_until', old_until, 'expires_at', new_until);
end
$$;
comment on function app.rotate_api_token is
  'Gives a living token a successor that may do the same; the old one ends after the overlap. Refuses with token_not_found, token_rotated or token_lifetime_too_long.';

reset role;
revoke create on schema app from causeway_keeper;
