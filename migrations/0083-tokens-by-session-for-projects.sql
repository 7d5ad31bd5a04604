-- Tokens that people make for themselves may be for some projects only (0071), as those that the operator makes. A rotation
-- copies the whole row (0081), so a successor is bound as its predecessor was.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.system_create_token(token jsonb, alive_max integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := app.tenant_id();
  until_at constant timestamptz := now() + (token ->> 'lifetimeSeconds')::integer * interval '1 second';
  networks cidr[];
  malformed text;
  bound jsonb;
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
  -- By id or name, of those that the person may see; none named: whatever the person may reach.
  bound := app.resolve_projects(tenant, app.user_id(), nullif(app.text_array(token -> 'projects'), '{}'));
  if not (bound ->> 'ok')::boolean then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments', 'details', bound -> 'details');
  end if;
  select array_agg(network(range::inet)) into networks from jsonb_array_elements_text(token -> 'networks') as range;
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges,
                              project_ids)
  values (tenant, token ->> 'id', app.user_id(), token ->> 'name', token ->> 'argon2id',
          array(select jsonb_array_elements_text(token -> 'scopes')), token ->> 'role', until_at, networks,
          app.text_array(bound -> 'project_ids'));
  perform app.audit('token.create', 'token', token ->> 'id', 'ok',
                    jsonb_build_object('user', app.user_id(), 'name', token ->> 'name', 'scopes', token -> 'scopes',
                                       'role_ceiling', token ->> 'role', 'expires_at', until_at, 'address_ranges', networks,
                                       'projects', bound -> 'project_ids'));
  return jsonb_build_object('ok', true, 'expires_at', until_at);
end
$$;
comment on function app.system_create_token is
  'Makes a token of the acting person: {id, name, argon2id, scopes, role, lifetimeSeconds, networks, projects}. Refuses with insufficient_role, already_exists (the id), limit_exceeded or invalid_arguments (details: network, project or seconds_max).';

reset role;
revoke create on schema app from causeway_keeper;
