-- What is recorded of a run's attempts: why each ended without an outcome, and when, by the database's clock alone.
-- A pool says how long ago something was, never when: its clock may be ten minutes off, and its differences are not.

grant select (created_by, labels) on app.runs to causeway_keeper;
grant create on schema app to causeway_keeper;
set local role causeway_keeper;

drop function app.system_next_fence(text, integer, integer);
create function app.system_next_fence(run text, fence integer, attempts_max integer, over jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  moved record;
begin
  if coalesce(app.context() ->> 'kind', '') <> 'system' then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  select r.state, r.fence, r.manifest, r.created_at, r.created_by, r.labels, r.outcome, p.owner_tenant is not null as is_own into moved
    from app.runs as r join app.pools as p using (pool_id)
   where r.tenant_id = app.tenant_id() and r.run_id = run for update of r;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  if moved.state <> 'queued' then
    return jsonb_build_object('ok', true, 'step', 'finished', 'outcome', moved.outcome);
  end if;
  if fence is not null and moved.fence <> fence then
    return jsonb_build_object('ok', true, 'step', 'elsewhere', 'fence', moved.fence);
  end if;
  if moved.fence >= attempts_max then
    perform app.audit('run.give_up', 'run', run, 'ok', over || jsonb_build_object('fence', moved.fence));
    return jsonb_build_object('ok', true, 'step', 'exhausted', 'fence', moved.fence, 'image', moved.manifest -> 'image');
  end if;
  update app.runs as r set fence = r.fence + 1 where r.tenant_id = app.tenant_id() and r.run_id = run;
  perform app.audit('run.retry', 'run', run, 'ok', over || jsonb_build_object('fence', moved.fence + 1));
  return jsonb_build_object('ok', true, 'step', 'again', 'fence', moved.fence + 1, 'manifest', moved.manifest,
                            'queued_at', extract(epoch from moved.created_at) * 1000, 'user', moved.created_by,
                            'labels', moved.labels, 'own', moved.is_own);
end
$$;
comment on function app.system_next_fence is
  'Opens the next attempt at an unfinished run for the system; NULL as fence takes whatever attempt is open now. `over`: {executor, reason} of the last.';

-- `execution`: {executor, leased_ago_ms, started_ago_ms}.
create or replace function app.system_record_outcome(run text, fence integer, outcome jsonb, execution jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  caller jsonb := app.context();
  now_ms constant numeric := extract(epoch from clock_timestamp()) * 1000;
  executed constant jsonb := jsonb_build_object(
    'executor', execution -> 'executor',
    'leased_at', round(now_ms - greatest(0, (execution ->> 'leased_ago_ms')::numeric)),
    'started_at', round(now_ms - greatest(0, (execution ->> 'started_ago_ms')::numeric)));
  stored record;
begin
  if coalesce(caller ->> 'kind', '') not in ('executor', 'system') then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  update app.runs as r
     set state = outcome ->> 'state', outcome = system_record_outcome.outcome, execution = executed,
         finished_at = clock_timestamp()
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run and r.fence = system_record_outcome.fence and r.state = 'queued'
     and (caller ->> 'kind' = 'system' or r.pool_id = (
           select e.pool_id from app.executors as e where e.executor_id = caller ->> 'credential'));
  if found then
    perform app.audit('run.finish', 'run', run, 'ok', jsonb_build_object(
      'state', outcome -> 'state', 'fence', fence, 'limit', outcome -> 'limit', 'timings', outcome -> 'timings',
      'outputs', jsonb_array_length(outcome -> 'outputs'), 'execution', executed));
    return jsonb_build_object('ok', true, 'recorded', true);
  end if;
  select r.state, r.fence, r.outcome into stored from app.runs as r
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  return jsonb_build_object('ok', true, 'recorded', false, 'fence', stored.fence, 'outcome', stored.outcome);
end
$$;

grant execute on function app.system_next_fence to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
