-- Audit events, and what the operator's command line does to tenants and tokens, each with its event.

create function app.new_id(prefix text) returns text
language sql volatile parallel safe
as $$
  with parts as (
    select lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as ms,
           encode(uuid_send(gen_random_uuid()), 'hex') as random
  ), bits as (
    -- RFC 9562 section 5.7: 48 bits of time, the version 7, then what gen_random_uuid() put after its own version.
    select ('x' || '0' || '0' || ms || '7' || substr(random, 14, 19))::bit(136) as value from parts
  )
  select prefix || '_' || string_agg(
           substr('0123456789abcdefghjkmnpqrstvwxyz', substring(value from 7 + 5 * i for 5)::bit(5)::integer + 1, 1),
           '' order by i)
    from bits, generate_series(0, 25) as i
   group by value
$$;
comment on function app.new_id is 'A new id of the form that protocol/ids.ts makes, for rows that the database itself adds.';
grant execute on function app.new_id to causeway_app, causeway_keeper;

select app_private.create_id_domain('evt');

-- The Worker's role may insert six columns and nothing else: who acted and when come from the signed context and the
-- clock. `position` is the order of insertion over all tenants; it counts other tenants' events, so no tenant sees it.
create table app.audit_events (
  tenant_id app.ten_id not null default app.tenant_id(),
  event_id app.evt_id not null default app.new_id('evt'),
  position bigint generated always as identity,
  occurred_at timestamptz not null default clock_timestamp(),
  actor_user_id app.usr_id default app.user_id(),
  credential_kind text not null default (app.context() ->> 'kind'),
  credential_id text default (app.context() ->> 'credential'),
  action text not null check (action ~ '^[a-z_]+(\.[a-z_]+)+$' and length(action) <= 60),
  target_kind text not null check (length(target_kind) <= 60),
  target_id text check (length(target_id) <= 300),
  outcome text not null check (outcome in ('ok', 'refused', 'error')),
  request_id text default app.request_id() check (length(request_id) <= 100),
  address inet default (app.context() ->> 'address')::inet,
  user_agent text default (app.context() ->> 'agent') check (length(user_agent) <= 500),
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object' and length(details::text) <= 16384),
  primary key (tenant_id, event_id),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
create index audit_events_by_time on app.audit_events (tenant_id, occurred_at desc);
comment on table app.audit_events is 'Append-only: no login may update, delete or truncate it.';

select app_private.protect_table('app.audit_events');
grant insert (action, target_kind, target_id, outcome, details) on app.audit_events to causeway_app;
grant select (tenant_id, event_id, occurred_at, actor_user_id, credential_kind, credential_id, action, target_kind,
              target_id, outcome, request_id, address, user_agent, details) on app.audit_events to causeway_app;

create policy keeper_reads on app.audit_events for select to causeway_keeper using (true);
create policy keeper_adds on app.audit_events for insert to causeway_keeper with check (true);
grant select on app.audit_events to causeway_keeper;
grant insert (tenant_id, actor_user_id, credential_kind, credential_id, action, target_kind, target_id, outcome, details)
  on app.audit_events to causeway_keeper;

-- Even the owner, after turning row security off, meets a statement trigger; ALWAYS, so that session_replication_role
-- does not silence it.
create function app_private.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '% on % is refused: the table is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on app.audit_events
  for each statement execute function app_private.refuse_change();
alter table app.audit_events enable always trigger append_only;

create function app.audit(action text, target_kind text, target_id text, outcome text, details jsonb default '{}')
returns text
language sql volatile
as $$
  insert into app.audit_events (action, target_kind, target_id, outcome, details)
  values (action, target_kind, target_id, outcome, coalesce(details, '{}'))
  returning event_id
$$;
comment on function app.audit is
  'Adds an event of the entered tenant in this transaction and returns its id. Outcome: ok, refused or error.';
grant execute on function app.audit to causeway_app, causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.provision_tenant(
  tenant_id text, name text, user_id text, email text, user_name text, role text default 'owner'
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  person text;
  tenants_added integer;
  members_added integer;
begin
  insert into app.tenants (tenant_id, name) values (tenant_id, name) on conflict do nothing;
  get diagnostics tenants_added = row_count;
  insert into app.users (user_id, email, name) values (user_id, lower(email), user_name)
    on conflict on constraint users_email_once do nothing;
  select u.user_id into strict person from app.users as u where u.email = lower(provision_tenant.email);
  insert into app.memberships (tenant_id, user_id, role) values (tenant_id, person, role) on conflict do nothing;
  get diagnostics members_added = row_count;
  if tenants_added + members_added > 0 then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant_id, 'operator', 'tenant.provision', 'tenant', tenant_id, 'ok',
            jsonb_build_object('user', person, 'role', role));
  end if;
  return jsonb_build_object('ok', true, 'tenant_id', tenant_id, 'user_id', person,
                            'created', tenants_added + members_added > 0);
end
$$;
comment on function app.provision_tenant is
  'Makes a tenant with its first person, once: a second call changes nothing. A person is recognised by email.';

create function app.create_api_token(
  tenant_id text, token_id text, user_id text, name text, argon2id_hash text, scopes text[],
  role_ceiling text default null, expires_at timestamptz default null
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if not exists (
    select from app.memberships as m
     where m.tenant_id = create_api_token.tenant_id and m.user_id = create_api_token.user_id and m.status = 'active'
  ) then
    return jsonb_build_object('ok', false, 'code', 'member_not_found',
                              'details', jsonb_build_object('tenant_id', tenant_id, 'user_id', user_id));
  end if;
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at)
  values (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at);
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant_id, 'operator', 'token.create', 'token', token_id, 'ok',
          jsonb_build_object('user', user_id, 'name', name, 'scopes', scopes, 'role_ceiling', role_ceiling, 'expires_at', expires_at));
  return jsonb_build_object('ok', true, 'token_id', token_id);
end
$$;
comment on function app.create_api_token is 'Stores a token''s argon2id hash. Refuses with member_not_found.';

create function app.list_api_tokens(tenant_id text)
returns table (
  token_id text, name text, email text, scopes text[], role_ceiling text,
  created_at timestamptz, expires_at timestamptz, revoked_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.token_id, k.name, u.email, k.scopes, k.role_ceiling, k.created_at, k.expires_at, k.revoked_at
    from app.api_tokens as k join app.users as u using (user_id)
   where k.tenant_id = list_api_tokens.tenant_id
   order by k.created_at, k.token_id
$$;

create function app.revoke_api_token(token_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  revoked record;
begin
  update app.api_tokens as k set revoked_at = clock_timestamp()
   where k.token_id = revoke_api_token.token_id and k.revoked_at is null
   returning k.tenant_id, k.user_id, k.name into revoked;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'token_not_found', 'details', jsonb_build_object('token_id', token_id));
  end if;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (revoked.tenant_id, 'operator', 'token.revoke', 'token', token_id, 'ok',
          jsonb_build_object('user', revoked.user_id, 'name', revoked.name));
  return jsonb_build_object('ok', true, 'token_id', token_id);
end
$$;
comment on function app.revoke_api_token is 'Revokes a token for the next request on. Refuses with token_not_found, also when revoked before.';

grant execute on function app.provision_tenant, app.create_api_token, app.list_api_tokens, app.revoke_api_token
  to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
