-- The trace that a client says its request is part of (W3C Trace Context in `_meta`), so that a reviewer finds all that one
-- agent's piece of work asked, whichever token it asked with. It is the client's word and proves nothing.

alter table app.token_uses add column trace_id text check (trace_id ~ '^[0-9a-f]{32}$');
create index token_uses_by_trace on app.token_uses (tenant_id, trace_id, occurred_at desc) where trace_id is not null;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create or replace function app.system_record_token_uses(uses jsonb, dropped integer) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  tenant text := app.tenant_id();
begin
  -- Only the Worker itself, entered without a person, adds entries: what is injected into a person's call adds none.
  if (app.context() ->> 'kind') is distinct from 'system' then
    raise exception 'entries are added by the system alone' using errcode = 'insufficient_privilege';
  end if;
  insert into app.token_uses (tenant_id, request_id, occurred_at, credential_kind, credential_id, user_id, method, target,
                              address, user_agent, latency_ms, outcome, reason, trace_id)
  select tenant, u.request, u.at, u.kind, u.credential, u.user_id, u.method, u.target,
         u.address, u.agent, u.latency_ms, u.outcome, u.reason, u.trace
    from jsonb_to_recordset(uses) as u(request text, at timestamptz, kind text, credential text, user_id text, method text,
                                       target text, address text, agent text, latency_ms integer, outcome text, reason text, trace text)
  on conflict do nothing;
  if system_record_token_uses.dropped > 0 then
    insert into app.token_uses (tenant_id, request_id, occurred_at, outcome, dropped)
    values (tenant, app.new_id('req'), clock_timestamp(), 'dropped', system_record_token_uses.dropped);
  end if;
  insert into app.token_last_uses as known (tenant_id, credential_id, last_used_at)
  select tenant, u.credential, max(u.at)
    from jsonb_to_recordset(uses) as u(credential text, at timestamptz, outcome text, admitted boolean)
   where u.admitted
   group by u.credential
  on conflict on constraint token_last_uses_pkey do update
    set last_used_at = greatest(known.last_used_at, excluded.last_used_at);
end
$$;

drop function app.system_list_requests(jsonb, text, integer);
create function app.system_list_requests(filter jsonb, before_request_id text, rows_max integer)
returns table (
  request_id text, occurred_at timestamptz, credential_kind text, credential_id text, credential_name text,
  user_id text, user_name text, method text, target text, address text, user_agent text, latency_ms integer,
  outcome text, reason text, dropped integer, trace_id text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select l.request_id, l.occurred_at, l.credential_kind, l.credential_id,
         coalesce((select k.name from app.api_tokens as k where k.tenant_id = l.tenant_id and k.token_id = l.credential_id),
                  (select coalesce(c.name, g.client_id)
                     from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
                    where g.tenant_id = l.tenant_id and g.grant_id = l.credential_id)),
         l.user_id, u.name, l.method, l.target, l.address, l.user_agent, l.latency_ms, l.outcome, l.reason, l.dropped, l.trace_id
    from app.token_uses as l
    left join app.memberships as m on m.tenant_id = l.tenant_id and m.user_id = l.user_id
    left join app.users as u on u.user_id = m.user_id
   where l.tenant_id = (select app.tenant_id()) and (select app.is_in_session())
     and ((select app.role_rank(app.role())) >= app.role_rank('admin') or l.user_id = (select app.user_id()))
     and (filter ->> 'user' is null or l.user_id = filter ->> 'user')
     and (filter ->> 'credential' is null or l.credential_id = filter ->> 'credential')
     and (not coalesce((filter ->> 'refused')::boolean, false) or l.outcome <> 'ok')
     and (filter ->> 'trace' is null or l.trace_id = filter ->> 'trace')
     and (filter ->> 'from' is null or l.occurred_at >= (filter ->> 'from')::timestamptz)
     and (filter ->> 'until' is null or l.occurred_at < (filter ->> 'until')::timestamptz)
     and (before_request_id is null or (l.occurred_at, l.request_id) < (
           select b.occurred_at, b.request_id from app.token_uses as b
            where b.tenant_id = (select app.tenant_id()) and b.request_id = before_request_id))
   order by l.occurred_at desc, l.request_id desc
   limit rows_max
$$;
comment on function app.system_list_requests is
  'The request log of the entered tenant, newest first; `filter` is {user, credential, trace, refused, from, until}. Who is no admin or owner sees what was asked in their own name.';
grant execute on function app.system_list_requests to causeway_app;

reset role;
revoke create on schema app from causeway_keeper;
