-- Who may do what on a project. A project is open (every member of the tenant works on it by the tenant role) or
-- restricted to those who have a role on it. What counts is the least of tenant role, project role and credential.

create domain app.project_role as text collate "C" check (value in ('viewer', 'editor', 'owner'));

create function app.project_role_rank(role text) returns integer
language sql immutable parallel safe
as $$ select array_position(array['viewer', 'editor', 'owner'], role) $$;
comment on function app.project_role_rank is 'viewer 1, editor 2, owner 3; NULL for anything else.';

alter table app.projects add column restricted boolean not null default false;
comment on column app.projects.restricted is 'Seen by those alone who have a role on it; the tenant''s admins may say who.';
grant insert (restricted) on app.projects to causeway_app;
create index projects_restricted on app.projects (tenant_id) where restricted;

-- A unique name would tell of projects that one may not see, so only the open ones have theirs for themselves.
drop index app.projects_name_once;
create unique index projects_name_once on app.projects (tenant_id, lower(name)) where archived_at is null and not restricted;
create index projects_by_name on app.projects (tenant_id, lower(name)) where archived_at is null;

create table app.project_members (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  user_id app.usr_id not null,
  role app.project_role not null,
  created_at timestamptz not null default now(),
  -- NULL: the project came with them, as its maker's.
  created_by app.usr_id,
  primary key (tenant_id, project_id, user_id),
  foreign key (tenant_id, project_id) references app.projects (tenant_id, project_id),
  foreign key (tenant_id, user_id) references app.memberships (tenant_id, user_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id)
);
create index project_members_by_user on app.project_members (tenant_id, user_id, project_id);
select app_private.protect_table('app.project_members');
-- Changed by functions alone: whoever may write a project may not say who else does.
grant select on app.project_members to causeway_app;

create policy resolver on app.projects for select to causeway_resolver using (true);
create policy resolver on app.project_members for select to causeway_resolver using (true);
grant select on app.projects, app.project_members to causeway_resolver;
create policy keeper on app.projects for all to causeway_keeper using (true) with check (true);
create policy keeper on app.project_members for all to causeway_keeper using (true) with check (true);
grant select, update (restricted) on app.projects to causeway_keeper;
grant select, insert, update, delete on app.project_members to causeway_keeper;

create function app.least_project_role(tenant_role text, restricted boolean, project_role text) returns text
language sql immutable parallel safe
as $$
  select case
    when tenant_role is null then null
    when project_role is null and restricted then null
    when tenant_role = 'viewer' then 'viewer'
    when project_role is not null then project_role
    when tenant_role = 'member' then 'editor'
    else 'owner'
  end
$$;
comment on function app.least_project_role is
  'What a person may do on a project: their role on it, or without one, in an open project, what the tenant role gives; never more than the tenant role lets them. NULL: nothing.';
grant execute on function app.project_role_rank, app.least_project_role to causeway_app, causeway_resolver, causeway_keeper;

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

-- NULL is by far the most frequent answer: no restricted project in the tenant is hidden, and the credential reaches all.
create function app.reachable_projects() returns text[]
language plpgsql stable parallel restricted security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  caller constant jsonb := app.context();
  tenant constant text := caller ->> 'tenant';
  person constant text := caller ->> 'user';
  bound constant jsonb := nullif(caller -> 'projects', 'null');
begin
  if caller ->> 'kind' in ('system', 'executor') then
    return null;
  end if;
  if bound is null and not exists (
    select from app.projects as p
     where p.tenant_id = tenant and p.restricted and not exists (
       select from app.project_members as m
        where m.tenant_id = tenant and m.project_id = p.project_id and m.user_id = person)
  ) then
    return null;
  end if;
  return array(
    select p.project_id::text from app.projects as p
     where p.tenant_id = tenant and (bound is null or bound ? p.project_id)
       and (not p.restricted or exists (
         select from app.project_members as m
          where m.tenant_id = tenant and m.project_id = p.project_id and m.user_id = person)));
end
$$;
comment on function app.reachable_projects is
  'The projects that the entered call may see; NULL: all of the tenant. Policies call it as (select app.reachable_projects()): once a query, not once a row.';

create function app.role_in(project text) returns text
language plpgsql stable parallel restricted security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  caller constant jsonb := app.context();
  bound constant jsonb := nullif(caller -> 'projects', 'null');
  is_restricted boolean;
  given text;
begin
  if caller ->> 'kind' = 'system' then
    return 'owner';
  end if;
  if bound is not null and not bound ? project then
    return null;
  end if;
  select p.restricted, m.role into is_restricted, given
    from app.projects as p
    left join app.project_members as m
      on m.tenant_id = p.tenant_id and m.project_id = p.project_id and m.user_id = caller ->> 'user'
   where p.tenant_id = caller ->> 'tenant' and p.project_id = role_in.project;
  if not found then
    return null;
  end if;
  return app.least_project_role(caller ->> 'role', is_restricted, given);
end
$$;
comment on function app.role_in is 'The role that the entered call has on a project; NULL where it may not see it, or there is none.';

grant execute on function app.reachable_projects, app.role_in to causeway_app, causeway_keeper;
set local role causeway_keeper;

create function app.add_first_owner() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.project_members (tenant_id, project_id, user_id, role)
  values (new.tenant_id, new.project_id, new.created_by, 'owner');
  return null;
end
$$;
comment on function app.add_first_owner is 'Whoever makes a project is its owner.';

create function app.end_project_roles() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from app.project_members as m where m.tenant_id = new.tenant_id and m.user_id = new.user_id;
  return null;
end
$$;
comment on function app.end_project_roles is 'Who leaves a tenant leaves its projects: an invitation back brings none of them back.';

grant execute on function app.add_first_owner, app.end_project_roles to causeway_owner;

insert into app.project_members (tenant_id, project_id, user_id, role)
select p.tenant_id, p.project_id, p.created_by, 'owner'
  from app.projects as p join app.memberships as m on m.tenant_id = p.tenant_id and m.user_id = p.created_by
 where m.status = 'active';

reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;

create trigger first_owner after insert on app.projects for each row execute function app.add_first_owner();
create trigger roles_end after update of status on app.memberships
  for each row when (new.status = 'ended') execute function app.end_project_roles();

create function app.may_write(project text) returns boolean
language plpgsql stable parallel restricted
as $$ begin return coalesce(app.role_in(project) in ('editor', 'owner'), false); end $$;

create function app.may_add_project() returns boolean
language sql stable parallel restricted
as $$
  select coalesce(app.role_rank(c.caller ->> 'role') >= app.role_rank('member')
                  and coalesce(c.caller -> 'projects', 'null') = 'null', false)
    from (select app.context() as caller) as c
$$;
comment on function app.may_add_project is 'Never a credential for some projects only: it would make what it cannot see.';
grant execute on function app.may_write, app.may_add_project to causeway_app;

-- Restrictive policies can only take away from what `tenant` gives. NULL as the list lets all pass: `is not false`.
create policy project on app.projects as restrictive for select to causeway_app
  using ((project_id = any ((select app.reachable_projects())::text[])) is not false);
create policy project_add on app.projects as restrictive for insert to causeway_app with check (app.may_add_project());
create policy project_change on app.projects as restrictive for update to causeway_app
  using ((project_id = any ((select app.reachable_projects())::text[])) is not false)
  with check (app.may_write(project_id));
create policy project_delete on app.projects as restrictive for delete to causeway_app using (false);

create function app_private.guard_by_project(target regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Where the column may be NULL, a row without a project is a matter of the tenant alone.
  without_project constant text := case
    when (select a.attnotnull from pg_attribute as a where a.attrelid = target and a.attname = 'project_id') then ''
    else 'project_id is null or ' end;
  seen constant text := without_project ||
    '(project_id = any ((select app.reachable_projects())::text[])) is not false';
begin
  execute format(
    'create policy project on %s as restrictive for all to causeway_app using (%s) with check (%s)',
    target, seen, without_project || 'app.may_write(project_id)');
  execute format(
    'create policy project_delete on %s as restrictive for delete to causeway_app using (%s)',
    target, without_project || 'app.may_write(project_id)');
end
$$;
comment on function app_private.guard_by_project is
  'For a table with project_id: its rows are seen by whoever sees the project, and written by whoever may write it.';

select app_private.guard_by_project(name::regclass)
  from unnest(array['app.project_members', 'app.trees', 'app.commits', 'app.data_sources', 'app.data_snapshots',
                    'app.uploads', 'app.runs']) as name;

-- plpgsql keeps its plans from call to call: this stands in nearly every request.
create or replace function app.project_id(reference text) returns text
language plpgsql stable
as $$
begin
  if reference ~ '^prj_[0-7][0-9a-hjkmnp-tv-z]{25}$' then
    return (select p.project_id from app.projects as p where p.project_id = reference);
  end if;
  return (select min(p.project_id::text) from app.projects as p
           where lower(p.name) = lower(reference) and p.archived_at is null having count(*) = 1);
end
$$;
comment on function app.project_id is
  'The id of the project that an id or a name names, or NULL; a name that two projects share names neither.';

create or replace function app.resolve_commit(project text, ref text) returns text
language plpgsql stable
as $$
begin
  if ref is null or lower(ref) = 'head' then
    return (select p.head_commit from app.projects as p where p.project_id = project);
  elsif ref ~ '^[0-9a-f]{7,40}$' then
    return (select min(c.commit_id::text) from app.commits as c
             where c.project_id = project and c.commit_id >= ref and c.commit_id < ref || 'g'
            having count(*) = 1);
  end if;
  return null;
end
$$;
