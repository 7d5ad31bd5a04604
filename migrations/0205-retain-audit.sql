-- How long a tenant keeps what its events say. When the time is over the contents go; leaves, and so every proof, stay.
-- First an event announces up to which leaf; contents below it go when that event itself is under a checkpoint, so that at no
-- moment a content is missing from an export without an entry that says why.

create table app.audit_retention (
  tenant_id app.ten_id primary key default app.tenant_id(),
  retain_days integer check (retain_days between 30 and 36500),
  -- Leaves below it are announced, by that event.
  removed_below bigint not null default 0 check (removed_below >= 0),
  announced_event app.evt_id,
  announced_at timestamptz,
  foreign key (tenant_id) references app.tenants (tenant_id)
);
comment on table app.audit_retention is 'Without a row, or with NULL days, events are kept for ever.';
select app_private.protect_table('app.audit_retention');
grant select on app.audit_retention to causeway_app;
create policy keeper on app.audit_retention for all to causeway_keeper using (true) with check (true);
grant select, insert, update on app.audit_retention to causeway_keeper;

-- Contents that may go: announced by an event that a checkpoint covers, and old enough now.
grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.is_past_retention(tenant text, event text, at timestamptz) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from app.audit_retention as r
      join app.audit_seals as own on own.tenant_id = r.tenant_id and own.event_id = event
      join app.audit_seals as said on said.tenant_id = r.tenant_id and said.event_id = r.announced_event
     where r.tenant_id = tenant and own.leaf_index < r.removed_below
       and at < clock_timestamp() - make_interval(days => r.retain_days)
       and said.leaf_index < (select max(h.tree_size) from app.audit_heads as h
                               where h.tenant_id = tenant and h.head_index < (select max(c.tree_size) from app.audit_checkpoints as c)))
$$;

create function app.system_set_audit_retention(days integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    perform app.audit('audit.set_retention', 'tenant', app.tenant_id(), 'refused', jsonb_build_object('code', 'insufficient_role'));
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  insert into app.audit_retention as r (tenant_id, retain_days) values (app.tenant_id(), days)
    on conflict (tenant_id) do update set retain_days = excluded.retain_days;
  perform app.audit('audit.set_retention', 'tenant', app.tenant_id(), 'ok', jsonb_build_object('days', days));
  return jsonb_build_object('ok', true, 'days', days);
end
$$;
comment on function app.system_set_audit_retention is 'Sets for how many days the entered tenant keeps the contents of its events; NULL: for ever. For an owner in a session.';

create function app.system_retain_audit() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  due record;
  young bigint;
  announced text;
  removed bigint := 0;
  gone bigint;
begin
  perform app.refuse_inside_tenant();
  for due in select * from app.audit_retention where retain_days is not null for update skip locked loop
    delete from app.audit_events as e
     using app.audit_seals as s
     where s.tenant_id = due.tenant_id and s.leaf_index < due.removed_below
       and e.tenant_id = s.tenant_id and e.event_id = s.event_id;
    get diagnostics gone = row_count;
    removed := removed + gone;
    continue when due.announced_at > clock_timestamp() - interval '1 day';
    -- The first leaf that is too young; of a tenant that was quiet for so long, the end.
    young := coalesce(
      (select s.leaf_index
         from app.audit_seals as s join app.audit_events as e on e.tenant_id = s.tenant_id and e.event_id = s.event_id
        where s.tenant_id = due.tenant_id and s.leaf_index >= due.removed_below
          and e.occurred_at >= clock_timestamp() - make_interval(days => due.retain_days)
        order by s.leaf_index limit 1),
      (select t.tree_size from app.audit_trees as t where t.tree = due.tenant_id));
    continue when young is null or young <= due.removed_below;
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (due.tenant_id, 'system', 'audit.retain', 'tenant', due.tenant_id, 'ok',
            jsonb_build_object('removed_below', young, 'days', due.retain_days))
    returning event_id into announced;
    update app.audit_retention as r
       set removed_below = young, announced_event = announced, announced_at = clock_timestamp()
     where r.tenant_id = due.tenant_id;
  end loop;
  return removed;
end
$$;
comment on function app.system_retain_audit is
  'Takes away the contents of events whose time is over and announced, and announces the next, at most once a day a tenant.';

grant execute on function app.system_set_audit_retention, app.system_retain_audit to causeway_app;
grant execute on function app.is_past_retention to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;

create function app_private.refuse_unretained() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_user <> 'causeway_keeper' then
    raise exception '% on % is refused: the table is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;
create policy keeper_retains on app.audit_events for delete to causeway_keeper
  using (app.is_past_retention(tenant_id, event_id, occurred_at));
grant delete on app.audit_events to causeway_keeper;
drop trigger append_only on app.audit_events;
create trigger append_only before update or truncate on app.audit_events
  for each statement execute function app_private.refuse_change();
create trigger append_only_but_for_retention before delete on app.audit_events
  for each statement execute function app_private.refuse_unretained();
alter table app.audit_events enable always trigger append_only;
alter table app.audit_events enable always trigger append_only_but_for_retention;
