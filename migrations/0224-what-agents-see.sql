-- What agents may see of data. A source says `full` or `schema_only`; of the latter, and of everything that was computed
-- from it, no row, value or aggregate goes to an agent. An agent is whatever is not a person's session.
--
-- Whether a run is withheld is decided by a trigger in the transaction that queues it, from the sources that it pins; what
-- it leaves is withheld with it, and so is what is imported from that. A setting can be tightened by whoever may write
-- the project, and loosened by a person who is signed in alone.

create domain app.agent_sees as text collate "C" check (value in ('full', 'schema_only'));

alter table app.tenants add column agent_sees app.agent_sees not null default 'full';
comment on column app.tenants.agent_sees is 'What new sources and uploads of all projects say, where they say nothing themselves.';
alter table app.projects add column agent_sees app.agent_sees not null default 'full';
comment on column app.projects.agent_sees is 'The same for those of the project.';
alter table app.data_sources add column agent_sees app.agent_sees not null default 'full';
alter table app.uploads add column agent_sees app.agent_sees not null default 'full';
alter table app.data_snapshots add column derived boolean not null default false;
comment on column app.data_snapshots.derived is 'An output of a withheld run: its columns were named by a program that had seen the data.';
alter table app.runs add column withheld boolean not null default false;
comment on column app.runs.withheld is 'It had a source that agents may not see, when it was queued or since.';
create index runs_withheld on app.runs (tenant_id, project_id) where withheld;
create index data_snapshots_of_runs on app.data_snapshots (tenant_id, project_id, (origin ->> 'run')) where origin ->> 'kind' = 'run';

grant insert (agent_sees), update (agent_sees) on app.data_sources to causeway_app;
grant insert (agent_sees), update (agent_sees) on app.uploads to causeway_app;
create policy keeper on app.data_sources for all to causeway_keeper using (true) with check (true);
create policy keeper_withholds on app.data_snapshots for update to causeway_keeper using (true) with check (true);
grant select, update (agent_sees) on app.data_sources to causeway_keeper;
grant select (project_id, source_id, origin, derived), update (derived) on app.data_snapshots to causeway_keeper;
grant update (withheld) on app.runs to causeway_keeper;
grant update (agent_sees) on app.projects to causeway_keeper;

-- What the entered call sees of a source: `all`; `schema`, names and types of columns; or `shape`, how large about.
create function app.sight(agent_sees text, derived boolean) returns text
language sql stable
as $$
  select case when agent_sees = 'full' or app.is_in_session() then 'all' when derived then 'shape' else 'schema' end
$$;

create function app.sight_of(project text, source text, sha256 text) returns jsonb
language sql stable
as $$
  select jsonb_build_object('agent_sees', d.agent_sees, 'sight', app.sight(d.agent_sees, n.derived))
    from app.data_sources as d
    join app.data_snapshots as n on n.project_id = d.project_id and n.source_id = d.source_id and n.sha256 = sight_of.sha256
   where d.project_id = sight_of.project and d.source_id = sight_of.source
$$;

-- Whoever pins or records takes it shared, whoever tightens takes it alone, first of all locks: no run or snapshot falls between.
create function app.lock_sight(project text, alone boolean) returns void
language plpgsql volatile
as $$
begin
  if alone then
    perform pg_advisory_xact_lock(hashtextextended('sight ' || project, 0));
  else
    perform pg_advisory_xact_lock_shared(hashtextextended('sight ' || project, 0));
  end if;
end
$$;

create function app.pins_withheld(project text, pinned jsonb) returns boolean
language sql stable
as $$
  select exists (
    select from jsonb_array_elements(pinned) as p
      join app.data_sources as d on d.project_id = pins_withheld.project and d.source_id = p ->> 'source'
     where d.agent_sees = 'schema_only')
$$;

create function app.is_withheld_output(project text, origin jsonb) returns boolean
language sql stable
as $$
  select origin ->> 'kind' = 'run' and exists (
    select from app.runs as r
     where r.project_id = is_withheld_output.project and r.run_id = origin ->> 'run' and r.withheld)
$$;

create function app.guard_run_sight() returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.lock_sight(new.project_id, false);
  new.withheld := app.pins_withheld(new.project_id, new.manifest -> 'data');
  return new;
end
$$;
create trigger guard_sight before insert on app.runs for each row execute function app.guard_run_sight();

create function app.guard_snapshot_sight() returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.lock_sight(new.project_id, false);
  new.derived := app.is_withheld_output(new.project_id, new.origin);
  if new.derived then
    update app.data_sources as d set agent_sees = 'schema_only'
     where d.project_id = new.project_id and d.source_id = new.source_id and d.agent_sees = 'full';
  end if;
  return new;
end
$$;
create trigger guard_sight before insert on app.data_snapshots for each row execute function app.guard_snapshot_sight();

create function app.refuse_loosening() returns trigger
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not app.is_in_session() then
    raise exception 'what agents may see of % is loosened by a person who is signed in alone', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger guard_loosening before update of agent_sees on app.data_sources
  for each row when (old.agent_sees = 'schema_only' and new.agent_sees = 'full') execute function app.refuse_loosening();
create trigger guard_loosening before update of agent_sees on app.uploads
  for each row when (old.agent_sees = 'schema_only' and new.agent_sees = 'full') execute function app.refuse_loosening();

-- Starts of sandboxes from whose end an agent learns something of data that it may not see: the minute, and how many in it.
create table app.withheld_starts (
  tenant_id app.ten_id primary key default app.tenant_id(),
  minute timestamptz not null,
  starts integer not null check (starts > 0),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
select app_private.protect_table('app.withheld_starts');
create policy keeper on app.withheld_starts for all to causeway_keeper using (true) with check (true);
grant select, insert, update on app.withheld_starts to causeway_keeper;

grant execute on function app.lock_sight to causeway_keeper;
grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_take_withheld_start(most integer) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  now_at constant timestamptz := clock_timestamp();
begin
  insert into app.withheld_starts as w (tenant_id, minute, starts) values (app.tenant_id(), date_trunc('minute', now_at), 1)
  on conflict (tenant_id) do update
     set minute = excluded.minute, starts = case when w.minute = excluded.minute then w.starts + 1 else 1 end
   where w.minute <> excluded.minute or w.starts < most;
  return case when found then null
              else ceil(extract(epoch from date_trunc('minute', now_at) + interval '1 minute' - now_at))::integer end;
end
$$;
comment on function app.system_take_withheld_start is
  'Takes one of the starts on data that agents may not see which the entered tenant has a minute: NULL, or the seconds until there are more.';

-- What exists already is covered: runs that had the source, what was imported from them, runs that had that, and so on.
create function app.withhold(project text, source text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  sources text[] := array[source];
  found_runs text[];
  total integer := 0;
begin
  loop
    update app.data_sources as d set agent_sees = 'schema_only'
     where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = any (sources) and d.agent_sees = 'full';
    with changed as (
      update app.runs as r set withheld = true
       where r.tenant_id = app.tenant_id() and r.project_id = project and not r.withheld
         and exists (select from jsonb_array_elements(r.manifest -> 'data') as p where p ->> 'source' = any (sources))
      returning r.run_id)
    select array_agg(c.run_id::text) into found_runs from changed as c;
    exit when found_runs is null;
    total := total + cardinality(found_runs);
    with changed as (
      update app.data_snapshots as n set derived = true
       where n.tenant_id = app.tenant_id() and n.project_id = project and not n.derived
         and n.origin ->> 'kind' = 'run' and n.origin ->> 'run' = any (found_runs)
      returning n.source_id)
    select array_agg(distinct c.source_id::text) into sources from changed as c;
    exit when sources is null;
  end loop;
  return total;
end
$$;

create function app.system_withhold_source(project text, source text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform app.lock_sight(project, true);
  if coalesce(app.project_role_rank(app.role_in(project)) >= app.project_role_rank('editor'), false) then
    perform app.withhold(project, source);
  end if;
end
$$;
comment on function app.system_withhold_source is
  'Sets a source of a project that the entered call may write to schema_only, with all that was computed from it.';

create function app.system_set_agent_sees(project text, name text, agent_sees text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal jsonb;
  held record;
  runs integer := 0;
begin
  perform app.lock_sight(project, true);
  refusal := app.project_change_refusal(project);
  if refusal is not null then return refusal; end if;
  select d.source_id, d.agent_sees into held
    from app.data_sources as d where d.tenant_id = app.tenant_id() and d.project_id = project and d.name = name;
  if not found then
    return '{"ok": false, "code": "not_found", "details": {"kind": "source"}}';
  elsif held.agent_sees = agent_sees then
    return '{"ok": true, "changed": false}';
  end if;
  if agent_sees = 'schema_only' then
    runs := app.withhold(project, held.source_id);
  else
    update app.data_sources as d set agent_sees = 'full'
     where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = held.source_id;
  end if;
  perform app.audit('data.agent_sees', 'data_source', held.source_id, 'ok', jsonb_build_object(
    'project', project, 'name', name, 'agent_sees', agent_sees, 'before', held.agent_sees, 'runs', runs));
  return '{"ok": true, "changed": true}';
end
$$;
comment on function app.system_set_agent_sees is
  'Says what agents see of a source, by a signed-in owner of the project or admin of the tenant. Refuses with not_found (details.kind: project or source) or insufficient_role.';

create function app.system_set_default_agent_sees(project text, agent_sees text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal jsonb;
begin
  if project is null then
    if not app.administers() then return '{"ok": false, "code": "insufficient_role"}'; end if;
    update app.tenants as t set agent_sees = agent_sees where t.tenant_id = app.tenant_id();
  else
    refusal := app.project_change_refusal(project);
    if refusal is not null then return refusal; end if;
    update app.projects as p set agent_sees = agent_sees where p.tenant_id = app.tenant_id() and p.project_id = project;
  end if;
  perform app.audit('data.default_agent_sees', case when project is null then 'tenant' else 'project' end,
                    coalesce(project, app.tenant_id()), 'ok', jsonb_build_object('agent_sees', agent_sees));
  return '{"ok": true, "changed": true}';
end
$$;
comment on function app.system_set_default_agent_sees is
  'Says what agents see of sources that come: of a project by its owners and the tenant''s admins, of all (NULL) by admins, signed in.';

grant execute on function app.system_take_withheld_start, app.system_withhold_source, app.system_set_agent_sees,
  app.system_set_default_agent_sees to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

grant execute on function app.sight, app.sight_of, app.lock_sight, app.pins_withheld, app.is_withheld_output to causeway_app;
