-- A backup reads what all tenants have, and a restore brings all of it: both stand in the record of the platform. A login that was
-- made for backups needs nothing but to become causeway_backup.

grant usage on schema migrations to causeway_backup;
grant select on migrations.applied to causeway_backup;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.record_backup(backup text, details jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.note_platform_event('backup.take', 'backup', backup, details) $$;
comment on function app.record_backup is 'Records that a backup was taken, by its id and the SHA-256 of its manifest.';

create function app.record_restore(backup text, details jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select app.note_platform_event('backup.restore', 'backup', backup, details) $$;
comment on function app.record_restore is 'Records that this database was restored from a backup.';

grant execute on function app.record_backup to causeway_backup, causeway_owner;
grant execute on function app.record_restore to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
