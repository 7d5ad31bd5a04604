-- The audit log names projects, so it is read by those who may know of each: the admins of the tenant, by a credential
-- that holds for all of it. Everybody else sees the events of their own request.

create function app.may_read_audit() returns boolean
language sql stable parallel restricted
as $$
  select coalesce(c.caller ->> 'kind' = 'system'
                  or (app.role_rank(c.caller ->> 'role') >= app.role_rank('admin')
                      and coalesce(c.caller -> 'projects', 'null') = 'null'), false)
    from (select app.context() as caller) as c
$$;
grant execute on function app.may_read_audit to causeway_app;

create policy readers on app.audit_events as restrictive for select to causeway_app
  using (request_id = (select app.request_id()) or (select app.may_read_audit()));
