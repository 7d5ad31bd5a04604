-- Whoever has mended a receiver does not wait for it: a sink that fails is tried again up to an hour later, and until now what could be
-- asked for again was what had been given up, a day after. When it is tried next is told as well.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- As in 0221, with when a sink that fails is tried next.
create or replace function app.audit_sinks_of(tenant text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'sink', s.sink_id, 'kind', s.kind, 'url', s.url, 'settings', s.settings, 'created_at', s.created_at,
           'next_entry', s.next_leaf,
           'waiting', greatest(0, coalesce((select t.tree_size from app.audit_trees as t where t.tree = s.tenant_id), 0) - s.next_leaf),
           'failures', s.failures, 'last_failure', s.last_failure,
           'next_attempt_at', case when s.failures > 0 then s.next_attempt_at end,
           'dead_letters', (select coalesce(jsonb_agg(jsonb_build_object('from', d.from_leaf, 'until', d.until_leaf,
                                    'reason', d.reason, 'at', d.created_at, 'is_asked_again', d.resend_at is not null)
                                    order by d.from_leaf desc), '[]')
                              from (select * from app.audit_dead_letters as l
                                     where l.tenant_id = s.tenant_id and l.sink_id = s.sink_id and l.sent_at is null
                                     order by l.from_leaf desc limit 100) as d)) order by s.sink_id), '[]')
    from app.audit_sinks as s
   where s.tenant_id = audit_sinks_of.tenant and s.ended_at is null
$$;

-- What waits behind a failure is sent with the next sweep. A sink whose turn is within two minutes may be somebody's who is sending to
-- it, and is left to them. Returns how many sinks fail.
create function app.hasten_audit_sinks(tenant text, sink text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  failing integer;
begin
  update app.audit_sinks as s
     set next_attempt_at = case when s.next_attempt_at > clock_timestamp() + interval '2 minutes' then clock_timestamp()
                                else s.next_attempt_at end
   where s.tenant_id = tenant and (sink is null or s.sink_id = sink) and s.ended_at is null and s.failures > 0;
  get diagnostics failing = row_count;
  return failing;
end
$$;

-- As in 0221, and hastens the sink where no dead letter is named.
create or replace function app.system_resend_audit(sink text, from_leaf bigint) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  asked integer;
  hastened integer := 0;
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  asked := app.ask_audit_again(app.tenant_id(), sink, from_leaf);
  if from_leaf is null then
    hastened := app.hasten_audit_sinks(app.tenant_id(), sink);
  end if;
  if asked + hastened = 0 then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('audit.resend', 'sink', sink, 'ok', jsonb_build_object('dead_letters', asked, 'hastened', hastened > 0));
  return jsonb_build_object('ok', true, 'dead_letters', asked, 'hastened', hastened > 0);
end
$$;
comment on function app.system_resend_audit is
  'Has what a sink of the entered tenant did not take sent to it once more: all that was given up, and at once what waits behind a failure; or the range that begins at a leaf. For an owner in a session.';

-- As in 0236, and hastens.
create or replace function app.resend_audit(tenant text, sink text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  asked constant integer := app.ask_audit_again(tenant, sink, null);
  hastened constant integer := app.hasten_audit_sinks(tenant, sink);
begin
  perform app.require_open_log(tenant);
  if asked + hastened > 0 then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.resend', 'sink', sink, 'ok', jsonb_build_object('dead_letters', asked, 'hastened', hastened > 0));
  end if;
  return asked + hastened;
end
$$;
comment on function app.resend_audit is
  'Has what a sink, or (null) any of the tenant, did not take sent once more, and at once what waits behind a failure. Returns how many ranges.';

reset role;
revoke create on schema app from causeway_keeper;
