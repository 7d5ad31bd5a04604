-- The catalogue check asks of each table with project_id that its rows are guarded by the project.

alter function app.check_catalogue rename to check_tenancy;
comment on function app.check_tenancy is 'Findings against the rules of tenancy; part of app.check_catalogue().';

create function app.check_project_guards()
returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with
  reach (form) as (values (
    'project_id=ANYSELECTapp.reachable_projectsASreachable_projectsISNOTFALSE')),
  tables as (
    select c.oid, format('%I.%I', s.nspname, c.relname) as name, c.relname = 'projects' as is_projects,
           case when a.attnotnull then '' else 'project_idISNULLOR' end as unless_none
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id' and not a.attisdropped
     where s.nspname = 'app' and c.relkind in ('r', 'p')
  ),
  -- Without their spaces, parentheses and casts.
  wanted as (
    select t.oid, t.name, f.command, unless_none || replace(f.seen, 'reached', reach.form) as seen,
           unless_none || f.written as written
      from reach cross join tables t
      join (values
        (false, '*', 'reached', 'app.may_writeproject_id'),
        (false, 'd', 'app.may_writeproject_id', null),
        (true, 'r', 'reached', null),
        (true, 'a', null, 'app.may_add_project'),
        (true, 'w', 'reached', 'app.may_writeproject_id'),
        (true, 'd', 'false', null)) as f (is_projects, command, seen, written) using (is_projects)
  ),
  guards as (
    select p.polrelid, p.polcmd::text as command,
           regexp_replace(pg_get_expr(p.polqual, p.polrelid), '(::text(\[\])?|[() ]|\s)', '', 'g') as seen,
           regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '(::text(\[\])?|[() ]|\s)', '', 'g') as written
      from pg_policy p
     where not p.polpermissive and p.polroles = array[to_regrole('causeway_app')::oid]
  )
  select 'error', 'not_guarded_by_project', w.name,
         format('Rows of %s (command %s) are not kept from who may not see or write their project: call app_private.guard_by_project(%L).',
                w.name, w.command, w.name)
    from wanted w
   where not exists (
     select from guards g
      where g.polrelid = w.oid and g.command = w.command
        and g.seen is not distinct from w.seen and g.written is not distinct from w.written)
$$;
comment on function app.check_project_guards is 'Findings against the rules of projects; part of app.check_catalogue().';

create function app.check_catalogue()
returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select * from app.check_tenancy() union all select * from app.check_project_guards() order by 1, 2, 3
$$;
comment on function app.check_catalogue is
  'Findings against the rules of tenancy and projects. With one of severity `error`, nothing may be served.';
grant execute on function app.check_project_guards, app.check_catalogue to causeway_app;
