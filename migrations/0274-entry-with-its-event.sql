-- What each call pays in the database, counted in instructions (docs/performance.md): its event is written by the entry, which knows
-- who calls and need not verify the context that it has just signed; a ticket is the text that was signed, after its signature,
-- as the context is, where translating base64url and a pattern over it were 280,000 of the 1,100,000 of an entry.

-- `ticket` is an HMAC-SHA-256 in hexadecimal digits and, after it, the JSON that it signs.
create or replace function app_private.read_ticket(ticket text) returns jsonb
language plpgsql stable
as $$
declare
  payload constant text := substr(ticket, 65);
  signed constant bytea := convert_to(payload, 'UTF8');
begin
  if exists (
    select from app_private.signing_keys as key
     where key.purpose = 'ticket'
       and sha256(convert_to(encode(sha256(key.outer_block || sha256(key.inner_block || signed)), 'hex'), 'UTF8'))
         = sha256(convert_to(left(ticket, 64), 'UTF8'))
  ) then
    return payload::jsonb;
  end if;
  return null;
end
$$;

grant insert (event_id) on app.audit_events to causeway_keeper;
grant create on schema app to causeway_keeper, causeway_resolver;
set local role causeway_keeper;

-- The id is the Worker's, as those of requests, runs and projects are, where it gives one: made here it is a tenth of the event. Who,
-- from where and when are not.
create function app.add_event(caller jsonb, call jsonb, outcome text) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  added text;
begin
  insert into app.audit_events as e (tenant_id, event_id, actor_user_id, credential_kind, credential_id, client_id, action, target_kind,
                                     target_id, outcome, details, request_id, address, user_agent, trace_id, input_sha256, input_bytes)
  values (caller ->> 'tenant', coalesce(call ->> 'id', app.new_id('evt')), caller ->> 'user', caller ->> 'kind', caller ->> 'credential',
          case when caller ->> 'kind' = 'oauth' then app.client_id() end, call ->> 'action', call ->> 'kind',
          call ->> 'target', outcome, coalesce(nullif(call -> 'details', 'null'), '{}'), caller ->> 'request',
          (caller ->> 'address')::inet, caller ->> 'agent', call ->> 'trace', call ->> 'sha256', (call ->> 'bytes')::integer)
  returning e.event_id into added;
  return added;
end
$$;
grant execute on function app.add_event to causeway_resolver;
comment on function app.add_event is
  'Adds an event of `caller`, the JSON of a ticket that app.enter() read or of the context that it signed; `call` is {id, action, kind, target, details, trace, sha256, bytes}.';

create or replace function app.system_add_event(call jsonb, outcome text) returns text
language sql security definer
set search_path = pg_catalog, pg_temp
as $$ select app.add_event(app.context(), call, outcome) $$;
comment on function app.system_add_event(jsonb, text) is 'Adds an event of the entered tenant; `call` as of app.add_event().';

reset role;
drop function app.audit_call(jsonb);

set local role causeway_resolver;

drop function app.enter(text);
create function app.enter(ticket text, call jsonb default null)
returns json
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  claim jsonb;
  kind text;
  needs jsonb;
  who record;
  granted_scopes text[];
  role_ceiling text;
  effective_role text;
  refusal text;
  context text;
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
  needs := claim -> 'needs';

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
    refusal := app.credential_refusal(kind, claim ->> 'tenant', claim ->> 'user', claim ->> 'credential');
    if refusal is not null then
      perform app_private.refuse_entry(refusal);
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
    if not coalesce(to_jsonb(granted_scopes), '[]') @> (needs -> 'scopes') then
      perform app_private.refuse_entry('insufficient_scope', needs -> 'scopes');
    end if;
    if needs ->> 'role' is not null
       and not coalesce(app.role_rank(effective_role) >= app.role_rank(needs ->> 'role'), false) then
      perform app_private.refuse_entry('insufficient_role', jsonb_build_array(needs -> 'role'));
    end if;
  elsif needs ->> 'role' is not null then
    perform app_private.refuse_entry('insufficient_role', jsonb_build_array(needs -> 'role'));
  end if;

  -- 5. From here to COMMIT this backend works for that tenant: the context is the ticket's text, and after it what was found. Where a
  -- name comes twice in JSON its last value counts.
  context := format('%s,"role":%s,"projects":%s}', left(substr(ticket, 65), -1),
    coalesce(to_json(effective_role)::text, 'null'), coalesce(to_json(who.project_ids)::text, 'null'));
  select inner_block, outer_block into strict key
    from app_private.signing_keys where purpose = 'context' and slot = 1;
  perform set_config('app.context', app_private.context_mac(context, key.inner_block, key.outer_block) || context, true);

  -- 6. The event of the call stands before its work begins.
  if call is not null then
    perform app.add_event(claim, call, 'ok');
  end if;

  return json_build_object(
    'tenant_id', claim -> 'tenant', 'tenant_name', who.tenant_name, 'user_id', who.user_id, 'user_name', who.name,
    'user_email', who.email, 'role', effective_role, 'scopes', coalesce(to_jsonb(granted_scopes), needs -> 'scopes'),
    'projects', who.project_ids);
end
$$;
grant execute on function app.enter(text, jsonb) to causeway_app;
comment on function app.enter(text, jsonb) is
  'Enters the tenant that a ticket of the Worker names, once a transaction, and adds the event of the call that it admits, as of app.add_event(). Refuses by raising CW001; DETAIL is JSON {reason, needed}.';

reset role;
revoke create on schema app from causeway_keeper, causeway_resolver;
