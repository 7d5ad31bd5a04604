-- A deletion whose grace is over goes through steps that its row knows: closing (runs end), sealing (the audit log is closed and signed), rows, counting and
-- blobs (the object store), signing (the certificate). Each step is taken in one transaction with what it counts, so it may
-- be killed anywhere and goes on where it was.

-- The hashes of a log outlive its tenant, as they outlive its events.
alter table app.audit_seals drop constraint audit_seals_tenant_id_fkey;
alter table app.audit_heads drop constraint audit_heads_tenant_id_fkey;

-- As in 0053, and into a tenant that is being erased the system enters neither.
create or replace function app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text) returns text
language sql stable
as $$
  select case kind
    when 'system' then (
      select 'unknown' from app.tenants as t where t.tenant_id = credential_refusal.tenant_id and t.status = 'erasing')
    when 'executor' then nullif(coalesce((
      select case
               when e.revoked_at is not null then 'revoked'
               when exists (select from app.runs as r
                             where r.tenant_id = credential_refusal.tenant_id and r.pool_id = e.pool_id
                               and r.state = 'queued') then 'alive'
               else 'unknown'
             end
        from app.executors as e
       where e.executor_id = credential_refusal.credential_id), 'unknown'), 'alive')
    when 'oauth' then nullif(coalesce((
      select case
               when g.revoked_at is not null or c.revoked_at is not null then 'revoked'
               when g.expires_at <= clock_timestamp() then 'expired'
               when g.activated_at is null then 'unknown'
               else 'alive'
             end
        from app.oauth_grants as g join app.oauth_clients as c using (client_id)
       where g.tenant_id = credential_refusal.tenant_id and g.grant_id = credential_refusal.credential_id
         and g.user_id = credential_refusal.user_id), 'unknown'), 'alive')
    when 'session' then nullif(coalesce((
      select case
               when s.revoked_at is not null then 'revoked'
               when s.idle_until <= clock_timestamp() or s.expires_at <= clock_timestamp() then 'expired'
               else 'alive'
             end
        from app.sessions as s
       where s.session_id = credential_refusal.credential_id and s.user_id = credential_refusal.user_id), 'unknown'), 'alive')
    else 'unknown'
  end
$$;

-- The id of a tenant that was deleted is never another's: its log and its certificate name it.
create function app_private.refuse_deleted_tenant() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from app.tenant_deletions as d where d.tenant_id = new.tenant_id and d.step <> 'waiting') then
    raise exception 'tenant % was deleted', new.tenant_id using errcode = 'CW005';
  end if;
  return new;
end
$$;
create trigger never_again before insert on app.tenants for each row execute function app_private.refuse_deleted_tenant();

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- As in 0190; the log of a tenant that is being erased is closed.
create or replace function app.audit_authentication() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, action, target_kind, target_id, outcome, details,
                                request_id, address, user_agent)
  select m.tenant_id, new.user_id, 'session', 'person.sign_in', 'user', new.user_id,
         case new.outcome when 'ok' then 'ok' else 'refused' end,
         jsonb_build_object('method', new.method) || case new.outcome when 'ok' then '{}' else jsonb_build_object('code', new.outcome) end,
         new.request_id, new.address, new.user_agent
    from app.memberships as m join app.tenants as t using (tenant_id)
   where m.user_id = new.user_id and m.status = 'active' and t.status <> 'erasing'
     and new.method in ('password', 'invitation', 'recovery');
  return null;
end
$$;

-- What the Worker does, apart from any tenant.

create function app.system_tenants_to_attend(tenants_max integer) returns table (tenant_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  (select d.tenant_id from app.tenant_deletions as d
    where (d.step = 'waiting' and d.due_at <= clock_timestamp()) or d.step not in ('waiting', 'done')
       -- Bytes that were on their way when the rest was gone.
       or (d.step = 'done' and d.finished_at > clock_timestamp() - interval '1 hour')
    order by d.due_at limit tenants_max)
  union
  (select t.tenant_id from app.tenants as t join app.runs as r using (tenant_id)
    where t.status <> 'active' and r.state = 'queued' limit tenants_max)
$$;
comment on function app.system_tenants_to_attend is 'Tenants whose deletion has work to do, and tenants that may not act and have runs that go on.';

create function app.system_runs_to_stop(tenant text, runs_max integer) returns table (run_id text, pool_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select r.run_id, r.pool_id from app.runs as r join app.tenants as t using (tenant_id)
   where r.tenant_id = tenant and t.status <> 'active' and r.state = 'queued' order by r.run_id limit runs_max
$$;
comment on function app.system_runs_to_stop is 'Unfinished runs of a tenant that may not act.';

create function app.system_begin_deletion(tenant text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  standing app.tenant_deletions;
  revoked integer;
begin
  perform app.refuse_inside_tenant();
  select d.* into standing from app.tenant_deletions as d where d.tenant_id = tenant for update;
  if not found then
    return jsonb_build_object('step', null);
  end if;
  if standing.step = 'waiting' and standing.due_at <= clock_timestamp() then
    update app.tenants as t set status = 'closing' where t.tenant_id = tenant;
    update app.join_tokens as j set expires_at = least(j.expires_at, clock_timestamp()) from app.pools as p
     where p.owner_tenant = tenant and j.pool_id = p.pool_id;
    update app.executors as e set revoked_at = clock_timestamp() from app.pools as p
     where p.owner_tenant = tenant and e.pool_id = p.pool_id and e.revoked_at is null;
    get diagnostics revoked = row_count;
    update app.tenant_deletions as d set step = 'closing', began_at = clock_timestamp() where d.tenant_id = tenant;
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'system', 'tenant.close', 'tenant', tenant, 'ok', jsonb_build_object('executors_revoked', revoked));
    select d.* into standing from app.tenant_deletions as d where d.tenant_id = tenant;
  end if;
  if standing.step = 'closing' and (
       not exists (select from app.runs as r where r.tenant_id = tenant and r.state = 'queued')
       -- A host that answers nobody holds nothing up for longer: its attempt dies with the run's row.
       or standing.began_at < clock_timestamp() - interval '5 minutes') then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'system', 'tenant.delete', 'tenant', tenant, 'ok',
            jsonb_build_object('requested_by', standing.requested_by, 'requested_at', standing.requested_at));
    update app.tenants as t set status = 'erasing' where t.tenant_id = tenant;
    update app.tenant_deletions as d set step = 'sealing' where d.tenant_id = tenant;
    standing.step := 'sealing';
  end if;
  return jsonb_build_object('step', standing.step,
    'pools', to_jsonb(array(select p.pool_id from app.pools as p where p.owner_tenant = tenant)));
end
$$;
comment on function app.system_begin_deletion is
  'Begins a deletion that is due (nobody acts any more, executors are revoked), closes the audit log when the runs have ended, and says at which step it is.';

create function app.system_note_sealed(tenant text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  proof jsonb := app.audit_proof(tenant, false);
begin
  perform app.refuse_inside_tenant();
  if (proof ->> 'uncovered')::bigint is distinct from 0 then
    return false;
  end if;
  update app.tenant_deletions as d set step = 'rows', audit = proof - 'uncovered' where d.tenant_id = tenant and d.step = 'sealing';
  return true;
end
$$;
comment on function app.system_note_sealed is 'Keeps the proof of the tenant''s whole log, once a checkpoint covers it; false before.';

create function app.erase_people(users text[]) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  alone text[] := array(select u.user_id from app.users as u
                         where u.user_id = any (users) and not exists (select from app.memberships as m where m.user_id = u.user_id));
begin
  delete from app.passwords as p where p.user_id = any (alone);
  delete from app.sessions as s where s.user_id = any (alone);
  delete from app.notices as n where n.user_id = any (alone);
  delete from app.recovery_links as l where l.user_id = any (alone);
  delete from app.authentication_events as e where e.user_id = any (alone);
  delete from app.users as u where u.user_id = any (alone);
  return cardinality(alone);
end
$$;
comment on function app.erase_people is 'Deletes those of the people who belong to no tenant; how many.';

create function app.system_erase_rows(tenant text, rows_max integer) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  place record;
  gone bigint;
  removed bigint := 0;
  counts jsonb;
  users text[];
  keys text[];
  alone integer := 0;
  hosts integer := 0;
  is_held boolean := false;
begin
  perform app.refuse_inside_tenant();
  select d.row_counts into counts from app.tenant_deletions as d where d.tenant_id = tenant and d.step = 'rows' for update;
  if not found then
    return true;
  end if;
  keys := array(select k.key_id from app.tenant_keys as k where k.tenant_id = tenant order by k.created_at, k.key_id);
  for place in select * from app.tenant_tables() as s where not s.is_kept loop
    if place.relation = 'app.memberships' then
      users := array(select m.user_id from app.memberships as m where m.tenant_id = tenant);
    elsif place.relation = 'app.tenants' then
      delete from app.join_tokens as j using app.pools as p where p.owner_tenant = tenant and j.pool_id = p.pool_id;
      delete from app.executors as e using app.pools as p where p.owner_tenant = tenant and e.pool_id = p.pool_id;
      get diagnostics hosts = row_count;
      delete from app.pools as p where p.owner_tenant = tenant;
    end if;
    if place.is_whole or is_held or place.relation = 'app.memberships' then
      execute format('delete from %s where tenant_id = $1', place.relation) using tenant;
    else
      execute format('delete from %1$s where ctid = any (array(select t.ctid from %1$s as t where t.tenant_id = $1 limit $2))', place.relation)
        using tenant, rows_max - removed;
    end if;
    get diagnostics gone = row_count;
    is_held := (is_held or (place.is_held and gone > 0)) and not place.holds;
    if gone > 0 then
      removed := removed + gone;
      counts := jsonb_set(counts, array[place.relation], to_jsonb(coalesce((counts ->> place.relation)::bigint, 0) + gone));
    end if;
    if place.relation = 'app.memberships' then
      alone := app.erase_people(users);
    end if;
    exit when removed >= rows_max and not is_held;
  end loop;
  update app.tenant_deletions as d
     set row_counts = counts, people = d.people + alone, executors = d.executors + hosts,
         key_ids = case when cardinality(d.key_ids) = 0 then keys else d.key_ids end,
         step = case when exists (select from app.tenants as t where t.tenant_id = tenant) then d.step else 'counting' end
   where d.tenant_id = tenant;
  return not exists (select from app.tenants as t where t.tenant_id = tenant);
end
$$;
comment on function app.system_erase_rows is
  'Deletes about so many rows of a tenant, counts them, and with the last ones the tenant and its executors. True when nothing is left.';

create function app.system_count_blobs(tenant text, since text, until text, found bigint, bytes bigint) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  -- Who counts twice what was counted finds that counting is further.
  update app.tenant_deletions as d
     set blobs = d.blobs + found, blob_bytes = d.blob_bytes + bytes, counted_until = coalesce(until, d.counted_until),
         step = case when until is null then 'blobs' else d.step end
   where d.tenant_id = tenant and d.step = 'counting' and d.counted_until is not distinct from since
$$;
comment on function app.system_count_blobs is 'Adds a page of objects to the count, from one name to another; NULL as the end: these were the last.';

create function app.system_counted_until(tenant text) returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select d.counted_until from app.tenant_deletions as d where d.tenant_id = tenant $$;

create function app.system_note_blobs_gone(tenant text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  update app.tenant_deletions as d set step = 'signing', finished_at = clock_timestamp() where d.tenant_id = tenant and d.step = 'blobs'
$$;

create function app.system_deletion_facts(tenant text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
           'tenant', d.tenant_id, 'name', d.tenant_name,
           'requested', jsonb_build_object('at', d.requested_at, 'by', d.requested_by, 'reason', d.reason),
           'began_at', d.began_at, 'finished_at', d.finished_at, 'rows', d.row_counts, 'people', d.people,
           'executors', d.executors, 'keys', to_jsonb(d.key_ids),
           'blobs', jsonb_build_object('count', d.blobs, 'bytes', d.blob_bytes), 'audit', d.audit)
    from app.tenant_deletions as d where d.tenant_id = tenant and d.step in ('signing', 'done')
$$;
comment on function app.system_deletion_facts is 'What a certificate says, once everything is gone.';

create function app.system_certify_deletion(tenant text, certificate text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.refuse_inside_tenant();
  update app.tenant_deletions as d set step = 'done', certificate = system_certify_deletion.certificate
   where d.tenant_id = tenant and d.step = 'signing';
  if found then
    perform app.note_platform_event('tenant.deleted', 'tenant', tenant,
      jsonb_build_object('certificate_sha256', encode(sha256(convert_to(certificate, 'UTF8')), 'hex')));
  end if;
end
$$;
comment on function app.system_certify_deletion is 'Keeps the signed certificate, the first one.';

grant execute on function app.system_tenants_to_attend, app.system_runs_to_stop, app.system_begin_deletion, app.system_note_sealed,
  app.system_erase_rows, app.system_count_blobs, app.system_counted_until, app.system_note_blobs_gone, app.system_deletion_facts,
  app.system_certify_deletion to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

-- Each commit that goes is looked for as a parent.
create index commits_by_parent on app.commits (tenant_id, project_id, parent_id);
