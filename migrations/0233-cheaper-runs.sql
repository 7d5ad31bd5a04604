-- What every call and every run pays for in the database, measured (docs/performance.md): the same answers for less.

-- The same id as before, without a set of rows to sort: 26 characters of 5 bits, two bits of zero, 48 of time, the version 7, and random ones.
create or replace function app.new_id(prefix text) returns text
language plpgsql volatile parallel safe
as $$
declare
  digits constant text := '0123456789abcdefghjkmnpqrstvwxyz';
  random constant text := encode(uuid_send(gen_random_uuid()), 'hex');
  -- RFC 9562 section 5.7: 48 bits of time, the version 7, then what gen_random_uuid() put after its own version.
  ms constant bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
  high constant bigint := ('x7' || substr(random, 14, 9))::bit(40)::bigint;
  low constant bigint := ('x' || substr(random, 23, 10))::bit(40)::bigint;
begin
  return prefix || '_'
    || substr(digits, (ms >> 45 & 31)::integer + 1, 1) || substr(digits, (ms >> 40 & 31)::integer + 1, 1)
    || substr(digits, (ms >> 35 & 31)::integer + 1, 1) || substr(digits, (ms >> 30 & 31)::integer + 1, 1)
    || substr(digits, (ms >> 25 & 31)::integer + 1, 1) || substr(digits, (ms >> 20 & 31)::integer + 1, 1)
    || substr(digits, (ms >> 15 & 31)::integer + 1, 1) || substr(digits, (ms >> 10 & 31)::integer + 1, 1)
    || substr(digits, (ms >> 5 & 31)::integer + 1, 1) || substr(digits, (ms & 31)::integer + 1, 1)
    || substr(digits, (high >> 35 & 31)::integer + 1, 1) || substr(digits, (high >> 30 & 31)::integer + 1, 1)
    || substr(digits, (high >> 25 & 31)::integer + 1, 1) || substr(digits, (high >> 20 & 31)::integer + 1, 1)
    || substr(digits, (high >> 15 & 31)::integer + 1, 1) || substr(digits, (high >> 10 & 31)::integer + 1, 1)
    || substr(digits, (high >> 5 & 31)::integer + 1, 1) || substr(digits, (high & 31)::integer + 1, 1)
    || substr(digits, (low >> 35 & 31)::integer + 1, 1) || substr(digits, (low >> 30 & 31)::integer + 1, 1)
    || substr(digits, (low >> 25 & 31)::integer + 1, 1) || substr(digits, (low >> 20 & 31)::integer + 1, 1)
    || substr(digits, (low >> 15 & 31)::integer + 1, 1) || substr(digits, (low >> 10 & 31)::integer + 1, 1)
    || substr(digits, (low >> 5 & 31)::integer + 1, 1) || substr(digits, (low & 31)::integer + 1, 1);
end
$$;

-- Nearly every run and every tenant has none.
create or replace function app.are_labels(given jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
begin
  if given = '{}' then
    return true;
  end if;
  return coalesce(jsonb_typeof(given) = 'object' and (
    select count(*) <= 16 and coalesce(bool_and(
             jsonb_typeof(label.value) = 'string' and label.key ~ '^[a-z][a-z0-9_.-]{0,39}$'
             and label.value #>> '{}' ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'), true)
      from jsonb_each(given) as label), false);
end
$$;

create or replace function app.remember(idempotency jsonb, result jsonb, project text default null) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
begin
  if idempotency is not null then
    insert into app.idempotency_keys (key, tool, arguments_sha256, result, project_id)
    values (idempotency ->> 'key', idempotency ->> 'tool', idempotency ->> 'arguments_sha256', result, project);
  end if;
  return result;
end
$$;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;
-- It adds for the entered tenant alone. As the keeper, because a statement with which two roles take turns is analysed and planned
-- anew at each turn; and who acts is read once, not once a column.
create function app.system_add_event(call jsonb, outcome text) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  caller constant jsonb := app.context();
  added text;
begin
  insert into app.audit_events as e (tenant_id, actor_user_id, credential_kind, credential_id, client_id, action, target_kind,
                                     target_id, outcome, details, request_id, address, user_agent, trace_id, input_sha256, input_bytes)
  values (caller ->> 'tenant', caller ->> 'user', caller ->> 'kind', caller ->> 'credential',
          case when caller ->> 'kind' = 'oauth' then app.client_id() end, call ->> 'action', call ->> 'kind',
          call ->> 'target', outcome, coalesce(nullif(call -> 'details', 'null'), '{}'), caller ->> 'request',
          (caller ->> 'address')::inet, caller ->> 'agent', call ->> 'trace', call ->> 'sha256', (call ->> 'bytes')::integer)
  returning e.event_id into added;
  return added;
end
$$;
comment on function app.system_add_event is 'What app.audit and app.audit_call have in common; `call` as of the latter.';
grant execute on function app.system_add_event to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

create or replace function app.audit(action text, target_kind text, target_id text, outcome text, details jsonb default '{}')
returns text
language sql volatile
as $$
  select app.system_add_event(
    jsonb_build_object('action', action, 'kind', target_kind, 'target', target_id, 'details', details), outcome)
$$;

create or replace function app.audit_call(call jsonb) returns text
language sql volatile
as $$
  select app.system_add_event(call, 'ok')
$$;

-- The commit of a new run whose caller waits for its end does not wait for the disk: the outcome's does, and what is written
-- later is never on the disk sooner. Whoever is answered before the end has app.flush_commits() first (decision 0228).
create function app.queue_awaited_run(request jsonb) returns jsonb
language plpgsql volatile
as $$
declare
  answer constant jsonb := app.queue_run(request);
begin
  if answer ? 'manifest' then
    set local synchronous_commit to off;
  end if;
  return answer;
end
$$;
comment on function app.queue_awaited_run is
  'As app.queue_run; a new run may be lost with the server''s memory until the next commit that waits for the disk.';
grant execute on function app.queue_awaited_run to causeway_app;

create function app.flush_commits() returns void
language sql volatile
as $$
  select pg_logical_emit_message(true, 'causeway', '')
$$;
comment on function app.flush_commits is 'The transaction that calls it is on the disk, and all that committed before it, when its commit returns.';
grant execute on function app.flush_commits to causeway_app;
