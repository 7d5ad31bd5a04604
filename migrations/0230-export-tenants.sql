-- Everything of a tenant, page by page, for its owners signed in and for the system at the operator's signed call. Tables
-- come from the catalogue; columns that hold a secret, by their type, are left out.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.require_export() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not coalesce(app.context() ->> 'kind' = 'system' or (app.is_in_session() and app.role() = 'owner'), false) then
    raise exception 'a tenant is exported by its owners, signed in, and by the operator' using errcode = 'insufficient_privilege';
  end if;
end
$$;

create function app.system_begin_tenant_export() returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.require_export();
  perform app.audit('tenant.export', 'tenant', app.tenant_id(), 'ok');
  -- The log itself is exported with its proofs, apart from the tables.
  return to_jsonb(array(
    select t.relation from app.tenant_tables() as t
     where t.relation not in ('app.audit_events', 'app.audit_unsealed', 'app.audit_seals', 'app.audit_heads', 'app.tenant_deletions')
     order by t.relation));
end
$$;
comment on function app.system_begin_tenant_export is 'Records an export of the entered tenant; the tables of which it has rows.';

create function app.system_export_rows(relation text, after jsonb, rows_max integer, bytes_max bigint)
returns table (key jsonb, line text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_variable
declare
  place text;
  hidden text[];
  keys text;
  columns text;
  since text;
  found record;
  bytes bigint := 0;
begin
  perform app.require_export();
  select t.relation into strict place from app.tenant_tables() as t where t.relation = relation;
  hidden := array(
    select a.attname from pg_attribute a
     where a.attrelid = place::regclass and a.attnum > 0 and not a.attisdropped
       and (a.atttypid in ('app.envelope'::regtype, 'app.argon2id'::regtype)
            or exists (select from app.secret_columns() as s where s.relation = place and s.column_name = a.attname)
            -- Who knows where a webhook listens may often send to it.
            or (place = 'app.audit_sinks' and a.attname = 'url')));
  select string_agg(format('t.%I::text', a.attname), ', ' order by k.nth),
         string_agg(format('t.%I', a.attname), ', ' order by k.nth),
         string_agg(format('($2 ->> %s)::%s', k.nth - 1, format_type(a.atttypid, a.atttypmod)), ', ' order by k.nth)
    into keys, columns, since
    from (select u.attnum, row_number() over (order by u.nth) as nth
            from pg_index i, unnest(i.indkey::smallint[]) with ordinality as u(attnum, nth)
            join pg_attribute t on t.attrelid = place::regclass and t.attnum = u.attnum and t.attname <> 'tenant_id'
           where i.indrelid = place::regclass and i.indisprimary) as k
    join pg_attribute a on a.attrelid = place::regclass and a.attnum = k.attnum;
  for found in execute format(
    'select jsonb_build_array(%s) as key, (to_jsonb(t) - $3)::text as line from %s as t where t.tenant_id = $1 and %s %s limit $4',
    coalesce(keys, ''), place,
    case when keys is null then '$2 is null' else format('($2 is null or (%s) > (%s))', columns, since) end,
    case when keys is null then '' else 'order by ' || columns end) using app.tenant_id(), after, hidden, rows_max
  loop
    bytes := bytes + octet_length(found.line);
    exit when bytes > bytes_max and key is not null;
    key := found.key;
    line := found.line;
    return next;
  end loop;
end
$$;
comment on function app.system_export_rows is
  'Rows of a table of the entered tenant as JSON, by primary key behind `after`, about so many bytes and at least one. Without columns that hold secrets.';

create function app.system_export_people(after text, rows_max integer) returns table (user_id text, line text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
begin
  perform app.require_export();
  return query
    select m.user_id::text, jsonb_build_object('user_id', m.user_id, 'name', u.name, 'email', u.email, 'role', m.role,
                                               'status', m.status, 'joined_at', m.created_at)::text
      from app.memberships as m join app.users as u using (user_id)
     where m.tenant_id = app.tenant_id() and (after is null or m.user_id > after)
     order by m.user_id limit rows_max;
end
$$;

create function app.system_export_commits(project text, after integer, rows_max integer)
returns table (project_id text, "position" integer, commit jsonb)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform app.require_export();
  return query
    select c.project_id::text, c.position, jsonb_build_object(
             'id', c.commit_id, 'message', c.message, 'author', c.author_name, 'email', c.author_email,
             'at', extract(epoch from c.authored_at)::bigint,
             'changes', (select coalesce(jsonb_agg(jsonb_build_object('path', change ->> 'path', 'file', t.files -> (change ->> 'path'))), '[]')
                           from jsonb_array_elements(c.changes) as change))
      from app.commits as c join app.trees as t on t.tenant_id = c.tenant_id and t.project_id = c.project_id and t.tree_id = c.tree_id
     where c.tenant_id = app.tenant_id() and c.project_id = project and c.position > after
     order by c.position limit rows_max;
end
$$;
comment on function app.system_export_commits is
  'Commits of a project from the first on: {id, message, author, email, at, changes: [{path, file: {blob, sha256, bytes} | null}]}.';

create function app.system_next_project(after text) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.require_export();
  return (select min(p.project_id::text) from app.projects as p
           where p.tenant_id = app.tenant_id() and p.head_commit is not null and (after is null or p.project_id > after));
end
$$;

create function app.system_export_audit_proof() returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.require_export();
  return app.audit_proof(app.tenant_id(), false);
end
$$;

create function app.system_export_audit_lines(tree_size bigint, from_index bigint, lines_max integer)
returns table (leaf_index bigint, line text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform app.require_export();
  return query select l.leaf_index, l.line from app.audit_lines(app.tenant_id(), tree_size, from_index, lines_max) as l;
end
$$;

grant execute on function app.system_begin_tenant_export, app.system_export_rows, app.system_export_people, app.system_export_commits,
  app.system_next_project, app.system_export_audit_proof, app.system_export_audit_lines to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
