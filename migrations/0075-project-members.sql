-- Who has a role on a project: said by an owner of the project or an admin of the tenant, signed in, in the browser or by
-- the management API; by no token. An admin may say who sees a restricted project, and sees it only after having named
-- themselves, which is recorded.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- What the entered person is to a project: {name, restricted, archived, role, administers}, or NULL where the project is
-- absent or none of their business. An admin who does not see it has the role null.
create function app.project_standing(project text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('name', s.name, 'restricted', s.restricted, 'archived', s.archived_at is not null,
                            'role', s.role, 'administers', s.administers)
    from (
      select p.name, p.restricted, p.archived_at, held.role,
             coalesce(held.role = 'owner', false) or c.caller ->> 'role' in ('admin', 'owner') as administers
        from (select app.context() as caller) as c
        join app.projects as p on p.tenant_id = c.caller ->> 'tenant' and p.project_id = project_standing.project
        cross join lateral (select app.role_in(p.project_id) as role) as held
       where c.caller ->> 'kind' = 'session') as s
   where s.role is not null or s.administers
$$;

-- The refusal of a change that the entered person may not make, or NULL. Locks the project, so that changes take turns.
create function app.project_change_refusal(project text) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  standing jsonb;
begin
  perform from app.projects as p where p.tenant_id = app.tenant_id() and p.project_id = project_change_refusal.project for update;
  standing := app.project_standing(project);
  return case when standing is null then '{"ok": false, "code": "not_found", "details": {"kind": "project"}}'::jsonb
              when (standing ->> 'administers')::boolean then null
              else '{"ok": false, "code": "insufficient_role"}'::jsonb end;
end
$$;

create function app.other_project_owners(project text, user_id text) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select count(*) from app.project_members as m join app.memberships as t using (tenant_id, user_id)
   where m.tenant_id = app.tenant_id() and m.project_id = other_project_owners.project and m.role = 'owner'
     and m.user_id <> other_project_owners.user_id and t.status = 'active'
$$;

create function app.system_list_projects(administered_only boolean, after_name text, after_id text, rows_max integer) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with shown as (
    select p.project_id as project, p.name, p.restricted, p.archived_at is not null as archived, held.role,
           coalesce(held.role = 'owner', false) or c.caller ->> 'role' in ('admin', 'owner') as administers,
           (select count(*) from app.project_members as m
             where m.tenant_id = p.tenant_id and m.project_id = p.project_id) as members
      from (select app.context() as caller) as c
      join app.projects as p on p.tenant_id = c.caller ->> 'tenant'
      left join app.project_members as own
        on own.tenant_id = p.tenant_id and own.project_id = p.project_id and own.user_id = c.caller ->> 'user'
      cross join lateral (select app.least_project_role(c.caller ->> 'role', p.restricted, own.role) as role) as held
     where c.caller ->> 'kind' = 'session'
       and (held.role is not null or c.caller ->> 'role' in ('admin', 'owner'))
  ), wanted as (select * from shown where administers or not administered_only)
  select jsonb_build_object(
    'total', (select count(*) from wanted),
    'rows', (select coalesce(jsonb_agg(page order by lower(page.name) collate "C", page.project), '[]') from (
      select * from wanted as w where (lower(w.name) collate "C", w.project) > (after_name, after_id)
       order by lower(w.name) collate "C", w.project limit rows_max) as page))
$$;
comment on function app.system_list_projects is
  'The projects that the signed-in person sees or administers, a page by name: {total, rows: [{project, name, restricted, archived, role, administers, members}]}.';

create function app.system_list_project_members(project text, after_name text, after_id text, rows_max integer) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  standing constant jsonb := app.project_standing(project);
begin
  if standing is null then
    return '{"ok": false, "code": "not_found", "details": {"kind": "project"}}';
  end if;
  return standing || jsonb_build_object(
    'ok', true,
    'total', (select count(*) from app.project_members as m
               where m.tenant_id = app.tenant_id() and m.project_id = system_list_project_members.project),
    'rows', (select coalesce(jsonb_agg(page order by lower(page.name) collate "C", page."user"), '[]') from (
      select u.user_id as "user", u.name, u.email, m.role, t.role as tenant_role, app.utc_text(m.created_at) as since
        from app.project_members as m
        join app.memberships as t using (tenant_id, user_id)
        join app.users as u using (user_id)
       where m.tenant_id = app.tenant_id() and m.project_id = system_list_project_members.project
         and (lower(u.name) collate "C", u.user_id::text) > (after_name, after_id)
       order by lower(u.name) collate "C", u.user_id limit rows_max) as page));
end
$$;
comment on function app.system_list_project_members is
  'Who has a role on a project, a page by name, for who sees or administers it. Refuses with not_found.';

create function app.system_set_project_member(project text, member text, role text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.project_change_refusal(project);
  before text;
begin
  if refusal is not null then return refusal; end if;
  if not exists (select from app.memberships as t
                  where t.tenant_id = app.tenant_id() and t.user_id = member and t.status = 'active') then
    return '{"ok": false, "code": "not_found", "details": {"kind": "member"}}';
  end if;
  select m.role into before from app.project_members as m
   where m.tenant_id = app.tenant_id() and m.project_id = project and m.user_id = member;
  if before = role then
    return '{"ok": true, "changed": false}';
  end if;
  if before = 'owner' and app.other_project_owners(project, member) = 0 then
    return '{"ok": false, "code": "last_owner"}';
  end if;
  insert into app.project_members as m (tenant_id, project_id, user_id, role, created_by)
  values (app.tenant_id(), project, member, role, app.user_id())
  on conflict on constraint project_members_pkey do update set role = excluded.role;
  perform app.audit('project.set_member', 'project', project, 'ok',
                    jsonb_build_object('user', member, 'role', role, 'before', before));
  return '{"ok": true, "changed": true}';
end
$$;
comment on function app.system_set_project_member is
  'Gives a member of the tenant a role on a project, or another one. Refuses with not_found (details.kind: project or member), insufficient_role or last_owner.';

create function app.system_remove_project_member(project text, member text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.project_change_refusal(project);
  before text;
begin
  -- Leaving is everybody's own affair.
  if refusal is not null and (refusal ->> 'code' = 'not_found' or member is distinct from app.user_id()) then
    return refusal;
  end if;
  select m.role into before from app.project_members as m
   where m.tenant_id = app.tenant_id() and m.project_id = project and m.user_id = member;
  if not found then
    return '{"ok": false, "code": "not_found", "details": {"kind": "member"}}';
  end if;
  if before = 'owner' and app.other_project_owners(project, member) = 0 then
    return '{"ok": false, "code": "last_owner"}';
  end if;
  delete from app.project_members as m where m.tenant_id = app.tenant_id() and m.project_id = project and m.user_id = member;
  perform app.audit('project.remove_member', 'project', project, 'ok', jsonb_build_object('user', member, 'before', before));
  return '{"ok": true}';
end
$$;
comment on function app.system_remove_project_member is
  'Takes a person''s role on a project; one''s own too. Refuses with not_found (details.kind: project or member), insufficient_role or last_owner.';

create function app.system_restrict_project(project text, restricted boolean) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.project_change_refusal(project);
  held record;
begin
  if refusal is not null then return refusal; end if;
  select p.name, p.restricted, p.archived_at into held
    from app.projects as p where p.tenant_id = app.tenant_id() and p.project_id = project;
  if held.restricted = restricted then
    return '{"ok": true, "changed": false}';
  end if;
  if not restricted and held.archived_at is null and exists (
    select from app.projects as p
     where p.tenant_id = app.tenant_id() and lower(p.name) = lower(held.name) and p.archived_at is null and not p.restricted
  ) then
    return '{"ok": false, "code": "already_exists"}';
  end if;
  -- Somebody is to see it: where its owners have left the tenant, whoever restricts it.
  if restricted and app.other_project_owners(project, '') = 0 then
    insert into app.project_members as m (tenant_id, project_id, user_id, role, created_by)
    values (app.tenant_id(), project, app.user_id(), 'owner', app.user_id())
    on conflict on constraint project_members_pkey do update set role = 'owner';
    perform app.audit('project.set_member', 'project', project, 'ok', jsonb_build_object('user', app.user_id(), 'role', 'owner'));
  end if;
  update app.projects as p set restricted = system_restrict_project.restricted
   where p.tenant_id = app.tenant_id() and p.project_id = project;
  perform app.audit(case when restricted then 'project.restrict' else 'project.open' end, 'project', project, 'ok');
  return '{"ok": true, "changed": true}';
end
$$;
comment on function app.system_restrict_project is
  'Makes a project its members'' alone, or open to the tenant again. Refuses with not_found, insufficient_role, or already_exists where an open project has the name.';

grant execute on function app.system_list_projects, app.system_list_project_members, app.system_set_project_member,
  app.system_remove_project_member, app.system_restrict_project to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
grant execute on function app.utc_text to causeway_keeper;
