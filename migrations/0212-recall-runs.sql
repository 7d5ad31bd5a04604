-- What an executor still works on and its pool forgot in a crash, so that a restart of the Worker costs no attempt.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_recall_runs(executor text, runs text[]) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('unfinished', coalesce(jsonb_agg(jsonb_build_object(
           'tenant', r.tenant_id, 'run', r.run_id, 'fence', r.fence, 'image', r.manifest -> 'image',
           'wall_ms', r.manifest -> 'limits' -> 'wall_ms', 'queued_at', extract(epoch from r.created_at) * 1000,
           'user', r.created_by, 'labels', r.labels, 'own', p.owner_tenant is not null)), '[]'))
    from app.executors as e join app.pools as p using (pool_id) join app.runs as r using (pool_id)
   where e.executor_id = executor and e.revoked_at is null and r.run_id = any (runs) and r.state = 'queued'
$$;
comment on function app.system_recall_runs(text, text[]) is
  'Those of `runs` that are unfinished and of this executor''s pool, with what a lease needs.';
grant execute on function app.system_recall_runs(text, text[]) to causeway_app;

reset role;
revoke create on schema app from causeway_keeper;
