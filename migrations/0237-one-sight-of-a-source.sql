-- That an output of a withheld run was ever imported into a source is said of the source, and so of all that it holds: were it
-- said of each snapshot, an import of equal bytes, which leaves no row, would be seen by what it changes (0224, 0225).

alter table app.data_sources add column derived boolean not null default false;
comment on column app.data_sources.derived is
  'An output of a withheld run was imported into it, whether or not it had these bytes: agents that do not see its rows do not see its columns.';
grant update (derived) on app.data_sources to causeway_app, causeway_keeper;

create function app.refuse_underiving() returns trigger
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'what a withheld run left stays so' using errcode = 'insufficient_privilege';
end
$$;
create trigger guard_derived before update of derived on app.data_sources
  for each row when (old.derived and not new.derived) execute function app.refuse_underiving();

-- It fires before a conflict is looked for.
create or replace function app.guard_snapshot_sight() returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.lock_sight(new.project_id, false);
  new.derived := app.is_withheld_output(new.project_id, new.origin);
  if new.derived then
    update app.data_sources as d set agent_sees = 'schema_only', derived = true
     where d.project_id = new.project_id and d.source_id = new.source_id and (d.agent_sees = 'full' or not d.derived);
  end if;
  return new;
end
$$;

create or replace function app.sight_of(project text, source text, sha256 text) returns jsonb
language sql stable
as $$
  select jsonb_build_object('agent_sees', d.agent_sees, 'sight', app.sight(d.agent_sees, d.derived))
    from app.data_sources as d
   where d.project_id = sight_of.project and d.source_id = sight_of.source
$$;

-- As in 0225, but for `derived`.
create or replace function app.describe_source(reference text, name text) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  project text := app.project_id(reference);
  described jsonb;
begin
  if project is null then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project'));
  end if;
  select jsonb_build_object('ok', true, 'project', project, 'source', d.source_id, 'name', d.name, 'sha256', s.sha256,
           'format', s.format, 'bytes', s.bytes, 'row_count', s.row_count, 'description', s.description,
           'origin', s.origin, 'imported_at', app.utc_text(s.created_at),
           'agent_sees', d.agent_sees, 'sight', app.sight(d.agent_sees, d.derived),
           'snapshots', (select count(*) from app.data_snapshots as every
                          where every.project_id = project and every.source_id = d.source_id))
    into described
    from app.data_sources as d
    join app.data_snapshots as s on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
   where d.project_id = project and d.name = name;
  return coalesce(described, jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object(
    'kind', 'source', 'names', (
      select coalesce(jsonb_agg(first.name), '[]')
        from (select d.name from app.data_sources as d where d.project_id = project order by d.name limit 20) as first))));
end
$$;

create or replace function app.list_sources(reference text, after_name text, page_size integer) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  project text := app.project_id(reference);
begin
  if project is null then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project'));
  end if;
  return jsonb_build_object('ok', true, 'project', project,
    'total', (select count(*) from app.data_sources as d where d.project_id = project),
    'sources', (
      select coalesce(jsonb_agg(to_jsonb(page) order by page.name), '[]') from (
        select d.name, d.source_id as source, s.format, s.bytes, s.row_count,
               (s.description ->> 'column_count')::integer as column_count, s.sha256, app.utc_text(s.created_at) as imported_at,
               d.agent_sees, app.sight(d.agent_sees, d.derived) as sight
          from app.data_sources as d
          join app.data_snapshots as s
            on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
         where d.project_id = project and d.name > after_name
         order by d.name limit page_size) as page));
end
$$;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- What is there already.
update app.data_sources as d set derived = true
 where exists (
   select from app.data_snapshots as n
    where n.tenant_id = d.tenant_id and n.project_id = d.project_id and n.source_id = d.source_id and n.derived);

-- As in 0235, with `derived` of the source.
create or replace function app.withhold(project text, source text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  sources text[] := array[source];
  tightened text[];
  found_runs text[];
  total integer := 0;
begin
  loop
    with changed as (
      update app.data_sources as d set agent_sees = 'schema_only'
       where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = any (sources) and d.agent_sees = 'full'
      returning d.source_id)
    select array_agg(c.source_id::text) into tightened from changed as c;
    perform app.withhold_uploads(project, tightened);
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
    update app.data_sources as d set derived = true
     where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = any (sources) and not d.derived;
  end loop;
  return total;
end
$$;

reset role;
revoke create on schema app from causeway_keeper;
