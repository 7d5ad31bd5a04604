-- What an audit event says beside who, when and what: the agent's client, the trace that the client names, and what the
-- call was given, as a digest. And the event of a call itself, by whatever it came.

alter table app.audit_events
  add column client_id text check (length(client_id) <= 300),
  add column trace_id text check (trace_id ~ '^[0-9a-f]{32}$'),
  add column input_sha256 text check (input_sha256 ~ '^[0-9a-f]{64}$'),
  add column input_bytes integer check (input_bytes >= 0);

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

create function app.client_id() returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when c.caller ->> 'kind' = 'oauth' then
           (select left(g.client_id, 300) from app.oauth_grants as g
             where g.tenant_id = c.caller ->> 'tenant' and g.grant_id = c.caller ->> 'credential') end
    from (select app.context() as caller) as c
$$;
comment on function app.client_id is 'The OAuth client by which the entered call comes; NULL where it comes by none.';
grant execute on function app.client_id to causeway_owner, causeway_app, causeway_keeper, causeway_resolver;
reset role;
revoke create on schema app from causeway_resolver;

alter table app.audit_events alter column client_id set default app.client_id();

grant insert (trace_id, input_sha256, input_bytes) on app.audit_events to causeway_app;
grant insert (client_id, trace_id, input_sha256, input_bytes) on app.audit_events to causeway_keeper;
grant select (client_id, trace_id, input_sha256, input_bytes) on app.audit_events to causeway_app;

create index audit_events_by_actor on app.audit_events (tenant_id, actor_user_id, occurred_at desc);
create index audit_events_by_credential on app.audit_events (tenant_id, credential_id, occurred_at desc);
create index audit_events_by_client on app.audit_events (tenant_id, client_id, occurred_at desc) where client_id is not null;
create index audit_events_by_action on app.audit_events (tenant_id, action, occurred_at desc);

create function app.audit_call(call jsonb) returns text
language sql volatile
as $$
  insert into app.audit_events (action, target_kind, target_id, outcome, details, trace_id, input_sha256, input_bytes)
  values (call ->> 'action', call ->> 'kind', call ->> 'target', 'ok', coalesce(call -> 'details', '{}'),
          call ->> 'trace', call ->> 'sha256', (call ->> 'bytes')::integer)
  returning event_id
$$;
comment on function app.audit_call is
  'Adds the event of a call that the entered tenant admits, in the transaction in which its work begins: {action, kind, target, details, trace, sha256, bytes}.';
grant execute on function app.audit_call to causeway_app;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_audit_refusal(who jsonb, call jsonb, outcome text, code text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  -- Only the Worker itself says what became of a call of somebody whom it may not have let in.
  if (app.context() ->> 'kind') is distinct from 'system' then
    raise exception 'refusals are recorded by the system alone' using errcode = 'insufficient_privilege';
  end if;
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, credential_id, client_id, action, target_kind,
                                target_id, outcome, details, request_id, address, user_agent, trace_id, input_sha256, input_bytes)
  values (app.tenant_id(), who ->> 'user', who ->> 'kind', who ->> 'credential',
          (select left(g.client_id, 300) from app.oauth_grants as g
            where g.tenant_id = app.tenant_id() and g.grant_id = who ->> 'credential' and who ->> 'kind' = 'oauth'),
          call ->> 'action', call ->> 'kind', call ->> 'target', outcome,
          coalesce(call -> 'details', '{}') || jsonb_build_object('code', code),
          app.request_id(), (app.context() ->> 'address')::inet, app.context() ->> 'agent',
          call ->> 'trace', call ->> 'sha256', (call ->> 'bytes')::integer);
end
$$;
comment on function app.system_audit_refusal is
  'Adds the event of a call that was refused or failed: `who` is {user, kind, credential}, `call` as of app.audit_call.';
grant execute on function app.system_audit_refusal to causeway_app;

-- How a person signs in stands in the log of each of their tenants too.
create function app.audit_authentication() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, action, target_kind, target_id, outcome, details,
                                request_id, address, user_agent)
  select m.tenant_id, new.user_id, 'session', 'person.sign_in', 'user', new.user_id,
         case new.outcome when 'ok' then 'ok' else 'refused' end,
         jsonb_build_object('method', new.method) || case new.outcome when 'ok' then '{}' else jsonb_build_object('code', new.outcome) end,
         new.request_id, new.address, new.user_agent
    from app.memberships as m
   where m.user_id = new.user_id and m.status = 'active' and new.method in ('password', 'invitation', 'recovery');
  return null;
end
$$;
grant execute on function app.audit_authentication to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;

create trigger audit_authentication after insert on app.authentication_events
  for each row when (new.user_id is not null) execute function app.audit_authentication();
alter table app.authentication_events enable always trigger audit_authentication;
