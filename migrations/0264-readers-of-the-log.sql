-- Who of a tenant reads its audit log is a policy of its own (0077), and the start-up check did not look for it: dropped or loosened by
-- hand, every member would have read the log, and nothing have said so.

create function app.check_audit_log() returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select 'error', 'audit_open_to_members', 'app.audit_events',
         'Policy readers on app.audit_events, by which only admins read the log, is missing or another: restore it as schema.sql has it.'
   where not exists (
     select from pg_policy as p
      where p.polrelid = to_regclass('app.audit_events') and p.polname = 'readers' and not p.polpermissive and p.polcmd = 'r'
        and p.polroles = array[to_regrole('causeway_app')::oid]
        and regexp_replace(pg_get_expr(p.polqual, p.polrelid), '(::text|[() ]|\s)', '', 'g')
            = 'request_id=SELECTapp.request_idASrequest_idORSELECTapp.may_read_auditASmay_read_audit')
$$;
comment on function app.check_audit_log is 'Whether the audit log is kept from those who may not read it; part of app.check_catalogue().';
grant execute on function app.check_audit_log to causeway_app;

create or replace function app.check_catalogue() returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select * from app.check_tenancy() union all select * from app.check_project_guards()
  union all select * from app.check_secret_columns() union all select * from app.system_scan_secrets(50000)
  union all select * from app.check_tenant_tables() union all select * from app.check_audit_log() order by 1, 2, 3
$$;
