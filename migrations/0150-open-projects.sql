-- Of two restricted projects of one name that are opened at the same moment one is told that the name is taken.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- As in 0075, and the index decides where the look before it saw neither: the other one was not open yet.
create or replace function app.system_restrict_project(project text, restricted boolean) returns jsonb
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
  begin
    update app.projects as p set restricted = system_restrict_project.restricted
     where p.tenant_id = app.tenant_id() and p.project_id = project;
  exception when unique_violation then
    return '{"ok": false, "code": "already_exists"}';
  end;
  perform app.audit(case when restricted then 'project.restrict' else 'project.open' end, 'project', project, 'ok');
  return '{"ok": true, "changed": true}';
end
$$;

reset role;
revoke create on schema app from causeway_keeper;
