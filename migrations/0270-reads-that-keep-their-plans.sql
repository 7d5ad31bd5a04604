-- What each read of a project and each question about a run asks, as functions: a statement that joins tables under row security is
-- planned anew in each request, PL/pgSQL keeps its plan for the session. CPU of Postgres for `project_at`: 600 to 180 us
-- (docs/performance.md). They answer what the statements did.

create function app.project_at(reference text, ref text)
returns table (project_id text, name text, description text, head_commit text, created_at timestamptz, archived_at timestamptz,
               restricted boolean, commit_id text, files jsonb)
language plpgsql stable rows 1
as $$
begin
  return query
    select p.project_id::text, p.name, p.description, p.head_commit::text, p.created_at, p.archived_at,
           p.restricted, c.commit_id::text, coalesce(t.files, '{}')
      from app.projects as p
      left join app.commits as c
        on c.project_id = p.project_id and c.commit_id = app.resolve_commit(p.project_id, project_at.ref)
      left join app.trees as t on t.project_id = p.project_id and t.tree_id = c.tree_id
     where p.project_id = app.project_id(project_at.reference);
end
$$;
grant execute on function app.project_at to causeway_app;
comment on function app.project_at(text, text) is
  'The project that an id or a name names, with the commit that `ref` names in it (app.resolve_commit) and its files; no row where there is no such project.';

create function app.runs_by_id(runs text[])
returns table (run_id text, project_id text, project_name text, pool_id text, manifest jsonb, manifest_sha256 text, state text,
               fence integer, created_at timestamptz, finished_at timestamptz, outcome jsonb, execution jsonb, withheld boolean)
language plpgsql stable rows 1
as $$
begin
  return query
    select r.run_id::text, r.project_id::text, p.name, r.pool_id::text, r.manifest, r.manifest_sha256::text, r.state,
           r.fence, r.created_at, r.finished_at, r.outcome, r.execution, r.withheld
      from app.runs as r join app.projects as p on p.tenant_id = r.tenant_id and p.project_id = r.project_id
     where r.run_id = any (runs_by_id.runs);
end
$$;
grant execute on function app.runs_by_id to causeway_app;
comment on function app.runs_by_id(text[]) is 'Runs in no order, each with the name of its project; none for an id that is absent or not the caller''s.';

create function app.may_open_run(run text) returns boolean
language plpgsql stable
as $$
begin
  return exists (select from app.runs as r where r.run_id = run and (not r.withheld or app.is_in_session()));
end
$$;
grant execute on function app.may_open_run to causeway_app;
comment on function app.may_open_run(text) is 'Whether the caller may see what a run printed and left.';
