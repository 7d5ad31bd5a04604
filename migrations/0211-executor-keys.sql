-- Keys of executors: a join that was cut off is taken up again, and a key is exchanged for another.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.system_register_executor(token_sha256 text, executor text, name text, public_key text, call jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  pool text;
  before record;
begin
  update app.join_tokens as t set used_at = clock_timestamp()
   where t.token_sha256 = system_register_executor.token_sha256 and t.used_at is null and t.expires_at > clock_timestamp()
   returning t.pool_id into pool;
  if not found then
    -- The host that spent it asks again where it lost the answer; whoever has the token alone has not that host's key.
    select e.executor_id, e.pool_id into before
      from app.join_tokens as t join app.executors as e on e.executor_id = t.used_by
     where t.token_sha256 = system_register_executor.token_sha256 and t.expires_at > clock_timestamp()
       and e.public_key = system_register_executor.public_key and e.revoked_at is null;
    if found then
      return jsonb_build_object('ok', true, 'executor', before.executor_id, 'pool', before.pool_id);
    end if;
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  insert into app.executors (executor_id, pool_id, name, public_key) values (executor, pool, name, public_key);
  update app.join_tokens as t set used_by = executor where t.token_sha256 = system_register_executor.token_sha256;
  perform app.note_platform_event('executor.join', 'executor', executor, jsonb_build_object('pool', pool, 'name', name), call);
  return jsonb_build_object('ok', true, 'executor', executor, 'pool', pool);
end
$$;
comment on function app.system_register_executor is
  'Turns a join token into an executor, once. Unknown, used and expired tokens get the same refusal.';

create function app.system_rotate_executor_key(executor text, old_key text, new_key text, call jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  target record;
begin
  update app.executors as e set public_key = new_key
    from app.pools as p
   where e.executor_id = executor and e.public_key = old_key and e.revoked_at is null and p.pool_id = e.pool_id
   returning e.pool_id, p.owner_tenant into target;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  if new_key <> old_key then
    perform app.note_platform_event('executor.rotate_key', 'executor', executor, jsonb_build_object('public_key', new_key), call);
    if target.owner_tenant is not null then
      insert into app.audit_events (tenant_id, credential_kind, credential_id, action, target_kind, target_id, outcome, details)
      values (target.owner_tenant, 'executor', executor, 'executor.rotate_key', 'executor', executor, 'ok',
              jsonb_build_object('public_key', new_key));
    end if;
  end if;
  return jsonb_build_object('ok', true, 'pool', target.pool_id);
end
$$;
comment on function app.system_rotate_executor_key is
  'Another key for an executor that still has the old one. Of two changes at once one holds, and the other is refused.';

grant execute on function app.system_rotate_executor_key to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
