-- A host that refuses its sandbox image says so: what stands behind a bad signature is somebody's mistake or somebody's attack.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_note_refused_image(executor text, code text, image text, call jsonb) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  owner text;
  said constant jsonb := jsonb_build_object('code', code, 'image', image);
begin
  select p.owner_tenant into owner
    from app.executors as e join app.pools as p on p.pool_id = e.pool_id
   where e.executor_id = executor and e.revoked_at is null;
  if not found then return false; end if;
  -- A service that is started again and again says the same each time.
  perform pg_advisory_xact_lock(hashtextextended('refused image ' || executor, 0));
  if exists (select from app.platform_events as p
              where p.target_id = executor and p.action = 'executor.refuse_image' and p.details = said
                and p.occurred_at > clock_timestamp() - interval '1 hour') then
    return true;
  end if;
  perform app.note_platform_event('executor.refuse_image', 'executor', executor, said, call);
  if owner is not null then
    insert into app.audit_events (tenant_id, credential_kind, credential_id, action, target_kind, target_id, outcome, details)
    values (owner, 'executor', executor, 'executor.refuse_image', 'executor', executor, 'refused', said);
  end if;
  return true;
end
$$;
comment on function app.system_note_refused_image is
  'Records that an executor refuses the sandbox image of its host, at most once an hour for the same reason. False for one that is unknown or revoked.';

grant execute on function app.system_note_refused_image to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
