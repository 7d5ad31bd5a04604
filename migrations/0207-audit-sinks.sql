-- Where a tenant's events are sent as well: webhooks, in the order of the leaves, each batch until it is taken. A batch that is
-- not taken for about a day is put on the list of dead letters, so that what comes after is not held up for ever.

select app_private.create_id_domain('snk');

create table app.audit_sinks (
  tenant_id app.ten_id not null default app.tenant_id(),
  sink_id app.snk_id not null default app.new_id('snk'),
  url text not null check (length(url) between 1 and 1000),
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  -- The first leaf that was not taken yet.
  next_leaf bigint not null default 0 check (next_leaf >= 0),
  failures integer not null default 0 check (failures >= 0),
  last_failure text check (length(last_failure) <= 100),
  next_attempt_at timestamptz not null default now(),
  primary key (tenant_id, sink_id),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
create table app.audit_dead_letters (
  tenant_id app.ten_id not null,
  sink_id app.snk_id not null,
  from_leaf bigint not null,
  until_leaf bigint not null check (until_leaf > from_leaf),
  reason text not null check (length(reason) <= 100),
  created_at timestamptz not null default now(),
  primary key (tenant_id, sink_id, from_leaf),
  foreign key (tenant_id, sink_id) references app.audit_sinks (tenant_id, sink_id)
);
comment on table app.audit_dead_letters is 'Leaves from from_leaf up to, and without, until_leaf that a sink did not take.';

select app_private.protect_table('app.audit_sinks');
select app_private.protect_table('app.audit_dead_letters');
create policy keeper on app.audit_sinks for all to causeway_keeper using (true) with check (true);
create policy keeper on app.audit_dead_letters for all to causeway_keeper using (true) with check (true);
grant select, insert, update on app.audit_sinks to causeway_keeper;
grant select, insert on app.audit_dead_letters to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_add_audit_sink(sink text, url text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  perform pg_advisory_xact_lock(hashtext('app.audit_sinks ' || app.tenant_id()));
  if (select count(*) from app.audit_sinks as s where s.tenant_id = app.tenant_id() and s.ended_at is null) >= 5 then
    perform app.audit('audit.add_sink', 'sink', sink, 'refused', jsonb_build_object('code', 'limit_exceeded'));
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.audit_sinks (tenant_id, sink_id, url) values (app.tenant_id(), sink, url);
  perform app.audit('audit.add_sink', 'sink', sink, 'ok', jsonb_build_object('url', url));
  return jsonb_build_object('ok', true);
end
$$;

create function app.system_end_audit_sink(sink text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  update app.audit_sinks as s set ended_at = now()
   where s.tenant_id = app.tenant_id() and s.sink_id = sink and s.ended_at is null;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('audit.end_sink', 'sink', sink, 'ok');
  return jsonb_build_object('ok', true);
end
$$;

create function app.system_list_audit_sinks() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'sink', s.sink_id, 'url', s.url, 'created_at', s.created_at, 'next_entry', s.next_leaf,
           'waiting', greatest(0, coalesce((select t.tree_size from app.audit_trees as t where t.tree = s.tenant_id), 0) - s.next_leaf),
           'failures', s.failures, 'last_failure', s.last_failure,
           'dead_letters', (select coalesce(jsonb_agg(jsonb_build_object('from', d.from_leaf, 'until', d.until_leaf,
                                    'reason', d.reason, 'at', d.created_at) order by d.from_leaf desc), '[]')
                              from (select * from app.audit_dead_letters as l
                                     where l.tenant_id = s.tenant_id and l.sink_id = s.sink_id
                                     order by l.from_leaf desc limit 100) as d)) order by s.sink_id), '[]')
    from app.audit_sinks as s
   where s.tenant_id = app.tenant_id() and s.ended_at is null and app.is_in_session() and app.may_read_audit()
$$;

create function app.system_claim_audit_sinks(entries_max integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  claimed jsonb;
begin
  perform app.refuse_inside_tenant();
  -- Whoever has claimed a sink and dies loses it after two minutes; until then nobody else sends to it, so order holds.
  with due as (
    select s.tenant_id, s.sink_id from app.audit_sinks as s join app.audit_trees as t on t.tree = s.tenant_id
     where s.ended_at is null and s.next_attempt_at <= clock_timestamp() and s.next_leaf < t.tree_size
     order by s.next_attempt_at limit 20 for update of s skip locked
  ), taken as (
    update app.audit_sinks as s set next_attempt_at = clock_timestamp() + interval '2 minutes'
      from due where s.tenant_id = due.tenant_id and s.sink_id = due.sink_id
    returning s.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
           'tenant', s.tenant_id, 'sink', s.sink_id, 'url', s.url, 'from', s.next_leaf,
           'entries', (select jsonb_agg(format('{"entry":%s,"event":%s}', b.leaf_index, b.event) order by b.leaf_index)
                         from (select l.leaf_index, case when e.event_id is null then 'null' else app.audit_leaf(e) end as event
                                 from app.audit_seals as l
                                 left join app.audit_events as e on e.tenant_id = l.tenant_id and e.event_id = l.event_id
                                where l.tenant_id = s.tenant_id and l.leaf_index >= s.next_leaf
                                order by l.leaf_index limit entries_max) as b))), '[]')
    into claimed from taken as s;
  return claimed;
end
$$;
comment on function app.system_claim_audit_sinks is
  'Sinks that have something to be sent, each with its next entries as texts: [{tenant, sink, url, from, entries}].';

create function app.system_settle_audit_sink(tenant text, sink text, from_leaf bigint, until_leaf bigint, failure text, attempts_max integer)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  failed integer;
begin
  perform app.refuse_inside_tenant();
  select s.failures + 1 into failed from app.audit_sinks as s
   where s.tenant_id = tenant and s.sink_id = sink and s.next_leaf = from_leaf for update;
  if not found then
    return;
  end if;
  if failure is not null and failed < attempts_max then
    update app.audit_sinks as s
       set failures = failed, last_failure = failure,
           next_attempt_at = clock_timestamp() + make_interval(secs => least(3600, 30 * power(2, least(failed - 1, 10))))
     where s.tenant_id = tenant and s.sink_id = sink;
    return;
  end if;
  if failure is not null then
    insert into app.audit_dead_letters (tenant_id, sink_id, from_leaf, until_leaf, reason)
    values (tenant, sink, from_leaf, until_leaf, failure);
  end if;
  update app.audit_sinks as s
     set next_leaf = until_leaf, failures = 0, last_failure = failure, next_attempt_at = clock_timestamp()
   where s.tenant_id = tenant and s.sink_id = sink;
end
$$;
comment on function app.system_settle_audit_sink is
  'What became of a batch: taken where `failure` is NULL, else to be tried again later, or after so many attempts a dead letter.';

grant execute on function app.system_add_audit_sink, app.system_end_audit_sink, app.system_list_audit_sinks,
  app.system_claim_audit_sinks, app.system_settle_audit_sink to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
