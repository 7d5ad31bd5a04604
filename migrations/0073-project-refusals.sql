-- What a project role does not let a call do is refused as data, before row security would raise an error.

create function app.project_refusal(project text, needed text default 'editor') returns jsonb
language plpgsql stable
as $$
declare
  role constant text := app.role_in(project);
begin
  if role is null then
    return '{"ok": false, "code": "not_found"}';
  elsif app.project_role_rank(role) < app.project_role_rank(needed) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role',
                              'details', jsonb_build_object('role', role, 'needed', needed));
  end if;
  return null;
end
$$;
comment on function app.project_refusal is
  'NULL where the entered call has the needed role on the project; else not_found, or insufficient_role with details {role, needed}.';

grant select (tenant_id, received_at, expires_at) on app.uploads to causeway_resolver;
create policy resolver on app.uploads for select to causeway_resolver using (true);
grant create on schema app to causeway_resolver;
set local role causeway_resolver;
create function app.tenant_usage(quota text) returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := app.tenant_id();
begin
  case quota
    when 'projects' then
      return (select count(*) from app.projects as p where p.tenant_id = tenant and p.archived_at is null);
    when 'queued_runs' then
      return (select count(*) from app.runs as r where r.tenant_id = tenant and r.state = 'queued');
    when 'open_uploads' then
      return (select count(*) from app.uploads as u
               where u.tenant_id = tenant and u.received_at is null and u.expires_at > clock_timestamp());
  end case;
end
$$;
comment on function app.tenant_usage is 'How much of a quota the whole tenant uses, what the call may not see too: a quota is the tenant''s.';
grant execute on function app.tenant_usage to causeway_app;
reset role;
revoke create on schema app from causeway_resolver;

drop function app.create_project(text, text, text, jsonb);
create function app.create_project(
  project text, name text, description text, restricted boolean, idempotency jsonb
) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
begin
  -- It could not see what it makes.
  if coalesce(app.context() -> 'projects', 'null') <> 'null' then
    return jsonb_build_object('ok', false, 'code', 'token_restricted');
  end if;
  if seen is not null then return seen; end if;
  if app.tenant_usage('projects') >= 1000 then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded', 'details', jsonb_build_object('limit', 'tenant_projects'));
  end if;
  -- Of a restricted project that its maker does not see, the name is free.
  if not exists (select from app.projects as p where lower(p.name) = lower(name) and p.archived_at is null) then
    insert into app.projects (project_id, name, description, restricted) values (project, name, description, restricted)
      on conflict do nothing;
  end if;
  if not exists (select from app.projects as p where p.project_id = project) then
    perform app.audit('project.create', 'project', null, 'refused', jsonb_build_object('code', 'already_exists'));
    return jsonb_build_object('ok', false, 'code', 'already_exists',
      'details', jsonb_build_object('project', app.project_id(name)));
  end if;
  perform app.audit('project.create', 'project', project, 'ok', jsonb_build_object('name', name, 'restricted', restricted));
  return app.remember(idempotency, jsonb_build_object('ok', true, 'project', project), project);
end
$$;
comment on function app.create_project is
  'Refuses with token_restricted, limit_exceeded, already_exists or idempotency_conflict; else the caller is the project''s owner.';
grant execute on function app.project_refusal, app.create_project to causeway_app;

create or replace function app.archive_project(project text) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  refusal jsonb := app.project_refusal(project, 'owner');
begin
  if refusal is not null then return refusal; end if;
  update app.projects as p set archived_at = now() where p.project_id = project and p.archived_at is null;
  if found then
    perform app.audit('project.archive', 'project', project, 'ok');
  end if;
  return jsonb_build_object('ok', true, 'changed', found);
end
$$;

create or replace function app.record_commit(project text, parent text, commit jsonb, tree jsonb, idempotency jsonb) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  refusal jsonb := app.project_refusal(project);
  head text;
  archived boolean;
  next_position integer;
begin
  if seen is not null then return seen; end if;
  if refusal is not null then return refusal; end if;
  select p.head_commit, p.archived_at is not null into head, archived
    from app.projects as p where p.project_id = project for update;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  if archived then return jsonb_build_object('ok', false, 'code', 'project_archived'); end if;
  if head is distinct from parent then return jsonb_build_object('ok', false, 'code', 'head_moved'); end if;

  insert into app.trees (project_id, tree_id, files, file_count, bytes)
  values (project, tree ->> 'id', tree -> 'files', (tree ->> 'file_count')::integer, (tree ->> 'bytes')::bigint)
    on conflict do nothing;
  select coalesce(max(c.position), 0) + 1 into next_position from app.commits as c where c.project_id = project;
  insert into app.commits (project_id, commit_id, parent_id, tree_id, message, author_name, author_email, authored_at,
                           changes, position)
  values (project, commit ->> 'id', parent, tree ->> 'id', commit ->> 'message', commit ->> 'author_name',
          commit ->> 'author_email', to_timestamp((commit ->> 'authored_at')::bigint), commit -> 'changes', next_position);
  update app.projects as p set head_commit = commit ->> 'id' where p.project_id = project;
  perform app.audit('commit.create', 'commit', commit ->> 'id', 'ok',
    jsonb_build_object('project', project, 'parent', parent, 'tree', tree ->> 'id', 'files_changed', jsonb_array_length(commit -> 'changes')));
  return app.remember(idempotency,
    jsonb_build_object('ok', true, 'commit', commit ->> 'id', 'parent', parent, 'changes', commit -> 'changes'), project);
end
$$;
comment on function app.record_commit is
  'Refuses with not_found, insufficient_role, project_archived, head_moved or idempotency_conflict; else writes tree, commit, head and event.';
