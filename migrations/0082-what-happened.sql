-- What admins look into: how members signed in, and the request log. Everybody else sees what is their own.

create index token_uses_by_user on app.token_uses (tenant_id, user_id, occurred_at desc);

drop function app.member_sign_ins(text, integer);
grant create on schema app to causeway_keeper, causeway_resolver;
set local role causeway_resolver;

create function app.member_sign_ins(user_id text, before_event_id text, rows_max integer)
returns table (event_id text, occurred_at timestamptz, method text, outcome text, address text, user_agent text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.event_id, e.occurred_at, e.method, e.outcome, host(e.address), e.user_agent
    from app.authentication_events as e
   where e.user_id = member_sign_ins.user_id and app.is_in_session()
     and (e.user_id = app.user_id() or app.role_rank(app.role()) >= app.role_rank('admin'))
     and exists (select from app.memberships as m
                  where m.tenant_id = (select app.tenant_id()) and m.user_id = e.user_id and m.status = 'active')
     and (before_event_id is null or (e.occurred_at, e.event_id) < (
           select b.occurred_at, b.event_id from app.authentication_events as b
            where b.event_id = before_event_id and b.user_id = e.user_id))
   order by e.occurred_at desc, e.event_id desc limit rows_max
$$;
comment on function app.member_sign_ins is
  'How a member of the entered tenant signed in, newest first, for themselves, its admins and owners; nothing for anybody else.';
grant execute on function app.member_sign_ins to causeway_app;

set local role causeway_keeper;

create function app.system_list_requests(filter jsonb, before_request_id text, rows_max integer)
returns table (
  request_id text, occurred_at timestamptz, credential_kind text, credential_id text, credential_name text,
  user_id text, user_name text, method text, target text, address text, user_agent text, latency_ms integer,
  outcome text, reason text, dropped integer
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select l.request_id, l.occurred_at, l.credential_kind, l.credential_id,
         coalesce((select k.name from app.api_tokens as k where k.tenant_id = l.tenant_id and k.token_id = l.credential_id),
                  (select coalesce(c.name, g.client_id)
                     from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
                    where g.tenant_id = l.tenant_id and g.grant_id = l.credential_id)),
         l.user_id, u.name, l.method, l.target, l.address, l.user_agent, l.latency_ms, l.outcome, l.reason, l.dropped
    from app.token_uses as l
    left join app.memberships as m on m.tenant_id = l.tenant_id and m.user_id = l.user_id
    left join app.users as u on u.user_id = m.user_id
   where l.tenant_id = (select app.tenant_id()) and (select app.is_in_session())
     and ((select app.role_rank(app.role())) >= app.role_rank('admin') or l.user_id = (select app.user_id()))
     and (filter ->> 'user' is null or l.user_id = filter ->> 'user')
     and (filter ->> 'credential' is null or l.credential_id = filter ->> 'credential')
     and (not coalesce((filter ->> 'refused')::boolean, false) or l.outcome <> 'ok')
     and (filter ->> 'from' is null or l.occurred_at >= (filter ->> 'from')::timestamptz)
     and (filter ->> 'until' is null or l.occurred_at < (filter ->> 'until')::timestamptz)
     and (before_request_id is null or (l.occurred_at, l.request_id) < (
           select b.occurred_at, b.request_id from app.token_uses as b
            where b.tenant_id = (select app.tenant_id()) and b.request_id = before_request_id))
   order by l.occurred_at desc, l.request_id desc
   limit rows_max
$$;
comment on function app.system_list_requests is
  'The request log of the entered tenant, newest first; `filter` is {user, credential, refused, from, until}. Who is no admin or owner sees what was asked in their own name.';
grant execute on function app.system_list_requests to causeway_app;
reset role;
revoke create on schema app from causeway_keeper, causeway_resolver;
