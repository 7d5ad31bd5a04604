-- How long a tenant keeps what its runs left: records of runs, logs, outputs, and snapshots of data that are current no more.
-- Rows go by time; a blob goes when nothing has named it for a day (docs/decisions/0231, 0232).

create table app.retention_defaults (
  kind text primary key check (kind in ('runs', 'logs', 'outputs', 'snapshots')),
  -- NULL: for ever.
  retain_days integer check (retain_days between 1 and 36500),
  -- Time of before does not count: nobody loses at an upgrade, or at a change of the default, what they could not know of.
  changed_at timestamptz not null default clock_timestamp()
);
comment on table app.retention_defaults is 'How long tenants keep what they said nothing about.';
alter table app.retention_defaults enable row level security;
alter table app.retention_defaults force row level security;
create policy keeper on app.retention_defaults for all to causeway_keeper using (true) with check (true);
create policy backup on app.retention_defaults for select to causeway_backup using (true);
grant select, insert, update on app.retention_defaults to causeway_keeper;
grant select on app.retention_defaults to causeway_backup;

create function app.are_retention_days(days jsonb) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_typeof(days) = 'object' and not exists (
    select from jsonb_each(days) as d
     where d.key not in ('runs', 'logs', 'outputs', 'snapshots')
        or case jsonb_typeof(d.value) when 'null' then false
                                      when 'number' then d.value::numeric not between 1 and 36500 or d.value::numeric % 1 <> 0
                                      else true end)
$$;
grant execute on function app.are_retention_days to causeway_keeper;

create table app.retention (
  tenant_id app.ten_id primary key default app.tenant_id(),
  -- By kind, null for ever; a kind that is not there is by the platform's default.
  days jsonb not null check (app.are_retention_days(days)),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
select app_private.protect_table('app.retention');
create policy keeper_adds on app.retention for insert to causeway_keeper with check (true);
create policy keeper_changes on app.retention for update to causeway_keeper using (true) with check (true);
grant select, insert, update on app.retention to causeway_keeper;

-- When the sweep last found nothing left to do.
create table app.retention_sweeps (
  tenant_id app.ten_id primary key,
  swept_at timestamptz,
  foreign key (tenant_id) references app.tenants (tenant_id)
);
select app_private.protect_table('app.retention_sweeps');
create policy keeper_adds on app.retention_sweeps for insert to causeway_keeper with check (true);
create policy keeper_changes on app.retention_sweeps for update to causeway_keeper using (true) with check (true);
grant select, insert, update on app.retention_sweeps to causeway_keeper;

create table app.blobs_to_remove (
  tenant_id app.ten_id not null,
  sha256 app.sha256 not null,
  -- When a row that named it went, or somebody stored the same bytes anew.
  found_at timestamptz not null default clock_timestamp(),
  -- Nothing names it, and a Worker is removing it.
  claimed_at timestamptz,
  primary key (tenant_id, sha256),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
comment on table app.blobs_to_remove is 'Blobs that a row named which is gone. A day later they go, where nothing names them then.';
select app_private.protect_table('app.blobs_to_remove');
create policy keeper on app.blobs_to_remove for all to causeway_keeper using (true) with check (true);
grant select, insert, update, delete on app.blobs_to_remove to causeway_keeper;
create index blobs_to_remove_waiting on app.blobs_to_remove (tenant_id, found_at);

-- What a run left: whether its log and its outputs have been removed.
alter table app.runs
  add column log_expired boolean not null default false,
  add column outputs_expired boolean not null default false,
  -- What is said of what expired must not make an outcome too long that was as long as one may be.
  drop constraint runs_outcome_check,
  add constraint runs_outcome_check check (length(outcome::text) <= 1048576 or log_expired or outputs_expired);
create index runs_by_end on app.runs (tenant_id, log_expired, outputs_expired, finished_at) where finished_at is not null;
grant update (log_expired, outputs_expired) on app.runs to causeway_keeper;

-- Since when a snapshot is not the one that its source means.
alter table app.data_snapshots add column superseded_at timestamptz;
comment on column app.data_snapshots.superseded_at is 'NULL: it is the current one of its source.';
grant update (superseded_at) on app.data_snapshots to causeway_keeper;
create index data_snapshots_superseded on app.data_snapshots (tenant_id, superseded_at) where superseded_at is not null;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

insert into app.retention_defaults (kind, retain_days) values ('runs', null), ('logs', 90), ('outputs', 90), ('snapshots', 90);

-- It was current until now, for all that is known.
update app.data_snapshots as n set superseded_at = clock_timestamp()
 where not exists (
   select from app.data_sources as d
    where d.tenant_id = n.tenant_id and d.project_id = n.project_id and d.source_id = n.source_id and d.current_sha256 = n.sha256);

create function app.note_superseded() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.data_snapshots as n
     set superseded_at = case n.sha256 when old.current_sha256 then clock_timestamp() end
   where n.tenant_id = new.tenant_id and n.project_id = new.project_id and n.source_id = new.source_id
     and n.sha256 in (old.current_sha256, new.current_sha256);
  return null;
end
$$;

create function app.expired_before(tenant text, kind text) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
           when r.days ? kind then clock_timestamp() - make_interval(days => (r.days ->> kind)::integer)
           when d.changed_at < clock_timestamp() - make_interval(days => d.retain_days)
             then clock_timestamp() - make_interval(days => d.retain_days)
         end
    from app.retention_defaults as d left join app.retention as r on r.tenant_id = tenant
   where d.kind = expired_before.kind
$$;
comment on function app.expired_before is 'What ended before it is over its time; NULL: nothing is.';

create function app.retention_of(tenant text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_object_agg(d.kind, jsonb_build_object(
           'days', case when r.days ? d.kind then r.days -> d.kind else to_jsonb(d.retain_days) end, 'is_own', coalesce(r.days ? d.kind, false)))
         || jsonb_build_object('audit', jsonb_build_object('days', a.retain_days, 'is_own', a.retain_days is not null))
    from app.retention_defaults as d
    left join app.retention as r on r.tenant_id = tenant
    left join app.audit_retention as a on a.tenant_id = tenant
   group by a.retain_days
$$;
comment on function app.retention_of is 'For how many days a tenant keeps what, by kind (null: for ever), and whether it said so itself.';

create function app.change_retention(tenant text, wanted jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  said constant jsonb := (select coalesce(jsonb_object_agg(w.key, w.value), '{}') from jsonb_each(wanted - 'audit') as w where w.value <> '"default"');
  unsaid constant text[] := array(select w.key from jsonb_each(wanted - 'audit') as w where w.value = '"default"');
begin
  insert into app.retention as r (tenant_id, days) values (tenant, said)
    on conflict (tenant_id) do update set days = (r.days || said) - unsaid;
  if wanted ? 'audit' then
    insert into app.audit_retention as r (tenant_id, retain_days) values (tenant, nullif(wanted ->> 'audit', 'default')::integer)
      on conflict (tenant_id) do update set retain_days = excluded.retain_days;
  end if;
end
$$;
comment on function app.change_retention is 'Sets by kind for how many days a tenant keeps it: a number, null for ever, or "default".';

create function app.system_retention() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select app.retention_of(app.tenant_id()) $$;

create function app.system_set_retention(wanted jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    perform app.audit('tenant.set_retention', 'tenant', app.tenant_id(), 'refused', jsonb_build_object('code', 'insufficient_role'));
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  perform app.change_retention(app.tenant_id(), wanted);
  perform app.audit('tenant.set_retention', 'tenant', app.tenant_id(), 'ok', wanted);
  return jsonb_build_object('ok', true, 'retention', app.retention_of(app.tenant_id()));
end
$$;
comment on function app.system_set_retention is 'app.change_retention of the entered tenant, for an owner in a session.';

create function app.find_retention(tenant text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select app.retention_of(tenant) $$;

create function app.set_retention(tenant text, wanted jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.require_open_log(tenant);
  perform app.change_retention(tenant, wanted);
  perform app.audit_person(tenant, null, 'operator', 'tenant.set_retention', 'tenant', tenant, wanted);
end
$$;
comment on function app.set_retention is 'app.change_retention for the operator.';

create function app.find_retention_defaults() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select jsonb_object_agg(d.kind, d.retain_days) from app.retention_defaults as d $$;

create function app.set_retention_defaults(wanted jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not app.are_retention_days(wanted) then
    raise exception 'not by kind a number of days from 1 to 36500, or null';
  end if;
  update app.retention_defaults as d set retain_days = (wanted ->> d.kind)::integer, changed_at = clock_timestamp()
   where wanted ? d.kind and d.retain_days is distinct from (wanted ->> d.kind)::integer;
  perform app.note_platform_event('retention.set_defaults', 'platform', null, wanted);
end
$$;
comment on function app.set_retention_defaults is 'Sets for how many days what tenants said nothing about is kept, by kind, null for ever; the time begins now.';

drop function app.system_set_audit_retention(integer);
drop function app.set_audit_retention(text, integer);
drop function app.find_audit_retention(text);

create function app.saying_expired(outcome jsonb, what jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select jsonb_build_object('expired', coalesce(outcome -> 'expired', '{}') || what) $$;

-- What of an outcome quotes what the run printed.
create function app.without_log(outcome jsonb, mark text, message text) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select outcome || jsonb_build_object(
           'stdout', outcome -> 'stdout' || jsonb_build_object('inline', mark, 'sha256', null),
           'stderr', outcome -> 'stderr' || jsonb_build_object('inline', mark, 'sha256', null),
           'message', message,
           'error', case when jsonb_typeof(outcome -> 'error') = 'object' then outcome -> 'error' || jsonb_build_object('message', mark)
                         else 'null' end)
         || case when outcome ? 'progress'
                 then jsonb_build_object('progress', outcome -> 'progress' || '{"inline": "", "sha256": null}') else '{}' end
$$;

create function app.has_log(outcome jsonb) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((outcome #>> '{stdout,bytes}')::bigint, 0) + coalesce((outcome #>> '{stderr,bytes}')::bigint, 0) > 0
         or outcome ? 'progress' or jsonb_typeof(outcome -> 'error') = 'object'
$$;

create function app.digests_in(document jsonb) returns setof text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select distinct found[1] from regexp_matches(document::text, '"sha256": "([0-9a-f]{64})"', 'g') as found $$;

create function app.note_unnamed(tenant text, digests text[]) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.blobs_to_remove as b (tenant_id, sha256) select distinct tenant, d from unnest(digests) as d
    on conflict (tenant_id, sha256) do update set found_at = clock_timestamp() where b.claimed_at is null
$$;

grant execute on function app.system_retention, app.system_set_retention to causeway_app;
grant execute on function app.find_retention, app.set_retention, app.find_retention_defaults, app.set_retention_defaults,
  app.expired_before, app.note_superseded to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;

create trigger note_superseded after update of current_sha256 on app.data_sources
  for each row when (old.current_sha256 <> new.current_sha256) execute function app.note_superseded();
