-- Two more kinds of credential at the door: an agent's grant (`oauth`) and a browser's session (`session`).

create policy resolver_enters on app.sessions for select to causeway_resolver using (true);
grant select on app.sessions to causeway_resolver;

create or replace function app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text) returns text
language sql stable
as $$
  select case kind
    when 'system' then null
    when 'executor' then nullif(coalesce((
      select case
               when e.revoked_at is not null then 'revoked'
               when exists (select from app.runs as r
                             where r.tenant_id = credential_refusal.tenant_id and r.pool_id = e.pool_id
                               and r.state = 'queued') then 'alive'
               else 'unknown'
             end
        from app.executors as e
       where e.executor_id = credential_refusal.credential_id), 'unknown'), 'alive')
    when 'oauth' then nullif(coalesce((
      select case
               when g.revoked_at is not null or c.revoked_at is not null then 'revoked'
               when g.expires_at <= clock_timestamp() then 'expired'
               when g.activated_at is null then 'unknown'
               else 'alive'
             end
        from app.oauth_grants as g join app.oauth_clients as c using (client_id)
       where g.tenant_id = credential_refusal.tenant_id and g.grant_id = credential_refusal.credential_id
         and g.user_id = credential_refusal.user_id), 'unknown'), 'alive')
    when 'session' then nullif(coalesce((
      select case
               when s.revoked_at is not null then 'revoked'
               when s.idle_until <= clock_timestamp() or s.expires_at <= clock_timestamp() then 'expired'
               else 'alive'
             end
        from app.sessions as s
       where s.session_id = credential_refusal.credential_id and s.user_id = credential_refusal.user_id), 'unknown'), 'alive')
    else 'unknown'
  end
$$;

-- A session carries no scopes: what a person may do in the browser is a matter of the role alone.
create function app.credential_scopes(kind text, tenant_id text, credential_id text) returns text[]
language sql stable
as $$
  select g.scopes from app.oauth_grants as g
   where kind = 'oauth' and g.tenant_id = credential_scopes.tenant_id and g.grant_id = credential_scopes.credential_id
$$;
comment on function app.credential_scopes is 'The scopes of a credential that is no API token; NULL where it carries none.';
grant execute on function app.credential_scopes to causeway_resolver;

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
         k.token_id, k.scopes, k.role_ceiling, k.revoked_at, k.expires_at
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
