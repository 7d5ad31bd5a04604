-- Projects, their git history, and the memory by which a repeated call is not done twice.
--
-- A commit's files stand as one flat map {path: {blob, sha256, bytes}} by root tree id: reading or diffing a commit is
-- one row, and git's tree objects are derivable from it. The bytes of files are blobs in the object store.

select app_private.create_id_domain('prj');
create domain app.git_id as text collate "C" check (value ~ '^[0-9a-f]{40}$');
create domain app.sha256 as text collate "C" check (value ~ '^[0-9a-f]{64}$');

create table app.projects (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  name text not null check (length(name) between 1 and 100 and name = btrim(name)),
  description text not null default '' check (length(description) <= 2000),
  head_commit app.git_id,
  created_at timestamptz not null default now(),
  created_by app.usr_id not null default app.user_id(),
  archived_at timestamptz,
  primary key (tenant_id, project_id),
  foreign key (tenant_id) references app.tenants (tenant_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id)
);
-- An archived project gives its name free.
create unique index projects_name_once on app.projects (tenant_id, lower(name)) where archived_at is null;

create table app.trees (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  tree_id app.git_id not null,
  files jsonb not null check (jsonb_typeof(files) = 'object'),
  file_count integer not null check (file_count between 0 and 2000),
  bytes bigint not null check (bytes >= 0),
  primary key (tenant_id, project_id, tree_id),
  foreign key (tenant_id, project_id) references app.projects (tenant_id, project_id)
);

create table app.commits (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  commit_id app.git_id not null,
  parent_id app.git_id,
  tree_id app.git_id not null,
  message text not null check (length(message) between 1 and 4000),
  author_name text not null,
  author_email text not null,
  -- git keeps whole seconds, and the commit's id covers them.
  authored_at timestamptz not null,
  changes jsonb not null check (jsonb_typeof(changes) = 'array'),
  created_by app.usr_id not null default app.user_id(),
  -- Counts the project's commits from 1; the head has the highest.
  position integer not null check (position >= 1),
  primary key (tenant_id, project_id, commit_id),
  unique (tenant_id, project_id, position),
  foreign key (tenant_id, project_id) references app.projects (tenant_id, project_id),
  foreign key (tenant_id, project_id, tree_id) references app.trees (tenant_id, project_id, tree_id),
  foreign key (tenant_id, project_id, parent_id) references app.commits (tenant_id, project_id, commit_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id)
);

create table app.idempotency_keys (
  tenant_id app.ten_id not null default app.tenant_id(),
  user_id app.usr_id not null default app.user_id(),
  key text not null check (length(key) between 8 and 100),
  tool text not null,
  arguments_sha256 app.sha256 not null,
  result jsonb not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, user_id, key),
  foreign key (tenant_id, user_id) references app.memberships (tenant_id, user_id)
);
comment on table app.idempotency_keys is 'What a call with an idempotency key answered, so that its repetition does nothing.';

select app_private.protect_table(name::regclass)
  from unnest(array['app.projects', 'app.trees', 'app.commits', 'app.idempotency_keys']) as name;

grant select, insert (project_id, name, description) on app.projects to causeway_app;
grant update (head_commit, archived_at) on app.projects to causeway_app;
grant select, insert (project_id, tree_id, files, file_count, bytes) on app.trees to causeway_app;
grant select, insert (project_id, commit_id, parent_id, tree_id, message, author_name, author_email, authored_at,
                      changes, position) on app.commits to causeway_app;
grant select, insert (key, tool, arguments_sha256, result) on app.idempotency_keys to causeway_app;

-- `idempotency` is {"key", "tool", "arguments_sha256"} or null.
create function app.recall(idempotency jsonb) returns jsonb
language sql stable
as $$
  select case
           when k.tool = idempotency ->> 'tool' and k.arguments_sha256 = idempotency ->> 'arguments_sha256'
             then k.result || '{"replayed": true}'
           else jsonb_build_object('ok', false, 'code', 'idempotency_conflict',
                                   'details', jsonb_build_object('tool', k.tool, 'first_used_at', k.created_at))
         end
    from app.idempotency_keys as k
   where k.tenant_id = (select app.tenant_id()) and k.user_id = (select app.user_id())
     and k.key = idempotency ->> 'key'
$$;
comment on function app.recall is
  'NULL where the key is new; the stored result where the same call was made before; else the refusal idempotency_conflict.';

create function app.remember(idempotency jsonb, result jsonb) returns jsonb
language sql volatile
as $$
  insert into app.idempotency_keys (key, tool, arguments_sha256, result)
  select idempotency ->> 'key', idempotency ->> 'tool', idempotency ->> 'arguments_sha256', remember.result
   where idempotency is not null;
  select remember.result
$$;
comment on function app.remember is
  'Stores a result under the key, if there is one, and returns it. Of two calls racing with one key the second fails as a whole (23505).';

create function app.project_id(reference text) returns text
language sql stable
as $$
  select p.project_id::text from app.projects as p
   where p.project_id = reference or (lower(p.name) = lower(reference) and p.archived_at is null)
   order by p.project_id = reference desc
   limit 1
$$;
comment on function app.project_id is 'The id of the project that an id or a name names, or NULL.';

create function app.resolve_commit(project text, ref text) returns text
language sql stable
as $$
  select case
    when ref is null or lower(ref) = 'head' then (select p.head_commit from app.projects as p where p.project_id = project)
    when ref ~ '^[0-9a-f]{7,40}$' then (
      select min(c.commit_id::text) from app.commits as c
       where c.project_id = project and c.commit_id >= ref and c.commit_id < ref || 'g'
      having count(*) = 1)
  end
$$;
comment on function app.resolve_commit is
  'The commit that a full id, a unique prefix of seven or more, or NULL (the head) names in a project; NULL where there is none.';

create function app.create_project(project text, name text, description text, idempotency jsonb) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
begin
  if seen is not null then return seen; end if;
  if (select count(*) from app.projects as p where p.archived_at is null) >= 1000 then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded', 'details', jsonb_build_object('limit', 'tenant_projects'));
  end if;
  insert into app.projects (project_id, name, description) values (project, name, description)
    on conflict do nothing;
  if not found then
    perform app.audit('project.create', 'project', null, 'refused', jsonb_build_object('code', 'already_exists'));
    return jsonb_build_object('ok', false, 'code', 'already_exists',
      'details', jsonb_build_object('project', app.project_id(name)));
  end if;
  perform app.audit('project.create', 'project', project, 'ok', jsonb_build_object('name', name));
  return app.remember(idempotency, jsonb_build_object('ok', true, 'project', project));
end
$$;

create function app.archive_project(project text) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
begin
  update app.projects as p set archived_at = now() where p.project_id = project and p.archived_at is null;
  if found then
    perform app.audit('project.archive', 'project', project, 'ok');
  end if;
  return jsonb_build_object('ok', true, 'changed', found);
end
$$;

-- Moves the head from `parent` to a new commit. The commit's objects were made by the Worker from the files at `parent`,
-- so where the head is another one by now nothing is written and the Worker begins again from it.
create function app.record_commit(project text, parent text, commit jsonb, tree jsonb, idempotency jsonb) returns jsonb
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  head text;
  archived boolean;
  next_position integer;
begin
  if seen is not null then return seen; end if;
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
    jsonb_build_object('ok', true, 'commit', commit ->> 'id', 'parent', parent, 'changes', commit -> 'changes'));
end
$$;
comment on function app.record_commit is
  'Refuses with not_found, project_archived, head_moved or idempotency_conflict; else writes tree, commit, head and event.';

grant execute on function app.recall, app.remember, app.project_id, app.resolve_commit, app.create_project,
  app.archive_project, app.record_commit to causeway_app;
