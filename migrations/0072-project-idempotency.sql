-- Which project an answer that is kept for a repeated call belongs to, so that it is repeated only to who sees the project.

-- Nobody knows the projects of what is kept so far, and a key is good for retries alone.
create policy keeper on app.idempotency_keys for delete to causeway_keeper using (true);
create policy keeper_reads on app.idempotency_keys for select to causeway_keeper using (true);
grant select, delete on app.idempotency_keys to causeway_keeper;
set local role causeway_keeper;
delete from app.idempotency_keys;
reset role;
revoke select, delete on app.idempotency_keys from causeway_keeper;
drop policy keeper on app.idempotency_keys;
drop policy keeper_reads on app.idempotency_keys;

alter table app.idempotency_keys add column project_id app.prj_id,
  add foreign key (tenant_id, project_id) references app.projects (tenant_id, project_id);
comment on column app.idempotency_keys.project_id is 'The project that the call worked on; NULL: none.';
grant insert (project_id) on app.idempotency_keys to causeway_app;
select app_private.guard_by_project('app.idempotency_keys');

create policy resolver on app.idempotency_keys for select to causeway_resolver using (true);
grant select on app.idempotency_keys to causeway_resolver;

drop function app.recall(jsonb);
drop function app.remember(jsonb, jsonb);

grant create on schema app to causeway_resolver;
set local role causeway_resolver;
-- `idempotency` is {"key", "tool", "arguments_sha256"} or null. A key is its person's, whatever credential they used it
-- with: what one credential may not see has taken the key for it, and that is all that it is told.
create function app.recall(idempotency jsonb) returns jsonb
language sql stable strict security definer
set search_path = pg_catalog, pg_temp
as $$
  select case
           when k.project_id is not null and app.role_in(k.project_id) is null
             then '{"ok": false, "code": "idempotency_conflict"}'
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
  'NULL where the key is new; the stored result where the same call was made before, on a project that this one may see; else the refusal idempotency_conflict.';
grant execute on function app.recall to causeway_app;
reset role;
revoke create on schema app from causeway_resolver;

create function app.remember(idempotency jsonb, result jsonb, project text default null) returns jsonb
language sql volatile
as $$
  insert into app.idempotency_keys (key, tool, arguments_sha256, result, project_id)
  select idempotency ->> 'key', idempotency ->> 'tool', idempotency ->> 'arguments_sha256', remember.result, remember.project
   where idempotency is not null;
  select remember.result
$$;
comment on function app.remember is
  'Stores a result under the key, if there is one, and returns it. Of two calls racing with one key the second fails as a whole (23505).';
grant execute on function app.remember to causeway_app;
