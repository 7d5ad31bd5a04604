-- Uploads that nobody sent the bytes of are forgotten. What was received is origin of a snapshot, and stays.

-- The policy itself bounds what a sweep can ever remove: an upload that waits, a day after its address has expired. A
-- transfer that began in time has ended by then.
create policy keeper_sweeps on app.uploads for delete to causeway_keeper
  using (received_at is null and expires_at < clock_timestamp() - interval '1 day');
create policy keeper on app.uploads for select to causeway_keeper using (true);
grant select (received_at, expires_at), delete on app.uploads to causeway_keeper;
create index uploads_to_sweep on app.uploads (expires_at) where received_at is null;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_sweep_uploads() returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with gone as (
    delete from app.uploads where received_at is null and expires_at < clock_timestamp() - interval '1 day' returning 1)
  select count(*) from gone
$$;
comment on function app.system_sweep_uploads is 'Forgets uploads that never came, a day after their address expired.';
grant execute on function app.system_sweep_uploads to causeway_app;

reset role;
revoke create on schema app from causeway_keeper;
