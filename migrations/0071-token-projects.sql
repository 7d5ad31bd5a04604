-- API tokens for some projects only. A token names its projects once, when it is made; what it reaches is decided anew in
-- each transaction, as the least of them and of what its person may see at that moment.

alter table app.api_tokens add column project_ids app.prj_id[] check (cardinality(project_ids) between 1 and 100);
comment on column app.api_tokens.project_ids is 'The only projects that the token reaches; NULL: all that its person does.';
grant select (project_ids) on app.api_tokens to causeway_app;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

drop function app.enter(text);
create function app.enter(ticket text)
returns table (
  tenant_id text, user_id text, user_name text, user_email text, tenant_name text, role text, scopes text[],
  projects text[]
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
         k.token_id, k.scopes, k.role_ceiling, k.revoked_at, k.expires_at, k.address_ranges, k.project_ids
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
    'scopes', to_jsonb(granted_scopes), 'projects', to_jsonb(who.project_ids),
    'request', claim ->> 'request', 'address', claim ->> 'address', 'agent', left(claim ->> 'agent', 500)
  )::text;
  select inner_block, outer_block into strict key
    from app_private.signing_keys where purpose = 'context' and slot = 1;
  perform set_config('app.context', app_private.context_mac(payload, key.inner_block, key.outer_block) || payload, true);

  return query select claim ->> 'tenant', who.user_id::text, who.name, who.email, who.tenant_name,
                      effective_role, coalesce(granted_scopes, needed_scopes), who.project_ids::text[];
end
$$;
comment on function app.enter is
  'Enters the tenant that a ticket of the Worker names, once a transaction. Refuses by raising CW001; DETAIL is JSON {reason, needed}.';
comment on function app.context is
  'The context that app.enter() signed for this transaction, or NULL: {tenant,user,role,kind,credential,scopes,projects,request,address,agent}.';
grant execute on function app.enter to causeway_app;
reset role;
revoke create on schema app from causeway_resolver;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- For who makes tokens: the ids of projects that a person names by id or name, of those that the person may see.
create function app.resolve_projects(tenant_id text, user_id text, reference text[]) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  named text;
  meant text[];
  found text[] := '{}';
begin
  if reference is null then
    return jsonb_build_object('ok', true, 'project_ids', null);
  end if;
  foreach named in array reference loop
    meant := array(
      select p.project_id::text from app.projects as p
       where p.tenant_id = resolve_projects.tenant_id
         and (p.project_id = named or (lower(p.name) = lower(named) and p.archived_at is null))
         and (not p.restricted or exists (
           select from app.project_members as m
            where m.tenant_id = p.tenant_id and m.project_id = p.project_id and m.user_id = resolve_projects.user_id)));
    if cardinality(meant) <> 1 then
      return jsonb_build_object('ok', false, 'code', 'project_not_found', 'details', jsonb_build_object('project', named));
    end if;
    found := found || meant;
  end loop;
  return jsonb_build_object('ok', true, 'project_ids', (select coalesce(jsonb_agg(distinct id), '[]') from unnest(found) as id));
end
$$;
comment on function app.resolve_projects is
  'Refuses with project_not_found where a name or an id names none, or more than one, of those that the person may see. NULL for no bound stays NULL.';

create function app.text_array(list jsonb) returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select case when jsonb_typeof(list) = 'array' then array(select jsonb_array_elements_text(list)) end $$;

drop function app.create_api_token(text, text, text, text, text, text[], text, timestamptz, cidr[]);
create function app.create_api_token(
  tenant_id text, token_id text, user_id text, name text, argon2id_hash text, scopes text[],
  role_ceiling text default null, expires_at timestamptz default null, address_ranges cidr[] default null, projects text[] default null
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal jsonb := app.token_lifetime_refusal(tenant_id, expires_at);
  bound jsonb;
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
  bound := app.resolve_projects(tenant_id, user_id, projects);
  if not (bound ->> 'ok')::boolean then
    return bound;
  end if;
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at,
                              address_ranges, project_ids)
  values (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges,
          app.text_array(bound -> 'project_ids'));
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant_id, 'operator', 'token.create', 'token', token_id, 'ok',
          jsonb_build_object('user', user_id, 'name', name, 'scopes', scopes, 'role_ceiling', role_ceiling,
                             'expires_at', expires_at, 'address_ranges', address_ranges,
                             'projects', bound -> 'project_ids'));
  return jsonb_build_object('ok', true, 'token_id', token_id, 'project_ids', bound -> 'project_ids');
end
$$;
comment on function app.create_api_token is
  'Stores a token''s argon2id hash. Refuses with member_not_found, token_lifetime_too_long or project_not_found.';

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
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges,
                              project_ids)
  values (old.tenant_id, new_token_id, old.user_id, old.name, rotate_api_token.argon2id_hash, old.scopes, old.role_ceiling,
          new_until, old.address_ranges, old.project_ids);
  update app.api_tokens as k set expires_at = old_until, successor_id = new_token_id
   where k.tenant_id = old.tenant_id and k.token_id = old.token_id;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (old.tenant_id, 'operator', 'token.rotate', 'token', old.token_id, 'ok',
          jsonb_build_object('successor', new_token_id, 'old_until', old_until, 'expires_at', new_until));
  return jsonb_build_object('ok', true, 'tenant_id', old.tenant_id, 'token_id', new_token_id, 'old_until', old_until, 'expires_at', new_until);
end
$$;

drop function app.list_api_tokens(text);
create function app.list_api_tokens(tenant_id text)
returns table (
  token_id text, name text, email text, scopes text[], role_ceiling text, address_ranges text[], project_ids text[],
  created_at timestamptz, expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.token_id, k.name, u.email, k.scopes, k.role_ceiling, k.address_ranges::text[], k.project_ids::text[],
         k.created_at, k.expires_at, k.revoked_at, l.last_used_at
    from app.api_tokens as k join app.users as u using (user_id)
    left join app.token_last_uses as l on l.tenant_id = k.tenant_id and l.credential_id = k.token_id
   where k.tenant_id = list_api_tokens.tenant_id
   order by k.created_at, k.token_id
$$;

grant execute on function app.create_api_token, app.list_api_tokens to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
