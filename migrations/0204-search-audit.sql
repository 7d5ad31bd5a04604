-- The audit log for the admins of a tenant, signed in: searched, read as the story of one agent, and taken away with its proof.
-- Definer functions, since under row security only leakproof conditions use an index.

grant execute on function app.may_read_audit to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.matching_audit(filter jsonb) returns setof app.audit_events
language sql stable
as $$
  select e.*
    from app.audit_events as e
   where e.tenant_id = (select app.tenant_id()) and (select app.is_in_session() and app.may_read_audit())
     and (filter ->> 'user' is null or e.actor_user_id = filter ->> 'user')
     and (filter ->> 'credential' is null or e.credential_id = filter ->> 'credential')
     and (filter ->> 'client' is null or e.client_id = filter ->> 'client')
     and (filter ->> 'action' is null or e.action = filter ->> 'action'
          or (right(filter ->> 'action', 1) = '.' and starts_with(e.action, filter ->> 'action')))
     and (filter ->> 'target' is null or e.target_id = filter ->> 'target')
     and (filter ->> 'outcome' is null or e.outcome = filter ->> 'outcome')
     and (filter ->> 'request' is null or e.request_id = filter ->> 'request')
     and (filter ->> 'trace' is null or e.trace_id = filter ->> 'trace')
     and (filter ->> 'from' is null or e.occurred_at >= (filter ->> 'from')::timestamptz)
     and (filter ->> 'until' is null or e.occurred_at < (filter ->> 'until')::timestamptz)
$$;

create function app.system_search_audit(filter jsonb, after_event_id text, rows_max integer)
returns table (
  event_id text, occurred_at timestamptz, user_id text, user_name text, credential_kind text, credential_id text,
  credential_name text, client_id text, action text, target_kind text, target_id text, outcome text, request_id text,
  trace_id text, address text, user_agent text, input_sha256 text, input_bytes integer, details jsonb, leaf_index bigint
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with behind as (
    select b.occurred_at, b.event_id from app.audit_events as b
     where b.tenant_id = (select app.tenant_id()) and b.event_id = after_event_id
  ), page as (
    (select e.* from app.matching_audit(filter) as e
      where not coalesce((filter ->> 'oldest_first')::boolean, false)
        and (after_event_id is null or (e.occurred_at, e.event_id::text) < (select occurred_at, event_id::text from behind))
      order by e.occurred_at desc, e.event_id desc limit rows_max)
    union all
    (select e.* from app.matching_audit(filter) as e
      where coalesce((filter ->> 'oldest_first')::boolean, false)
        and (after_event_id is null or (e.occurred_at, e.event_id::text) > (select occurred_at, event_id::text from behind))
      order by e.occurred_at, e.event_id limit rows_max)
  )
  select p.event_id, p.occurred_at, p.actor_user_id, u.name, p.credential_kind, p.credential_id,
         coalesce((select k.name from app.api_tokens as k where k.tenant_id = p.tenant_id and k.token_id = p.credential_id),
                  (select coalesce(c.name, g.client_id)
                     from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
                    where g.tenant_id = p.tenant_id and g.grant_id = p.credential_id)),
         p.client_id, p.action, p.target_kind, p.target_id, p.outcome, p.request_id, p.trace_id, host(p.address), p.user_agent,
         p.input_sha256, p.input_bytes, p.details,
         (select s.leaf_index from app.audit_seals as s where s.tenant_id = p.tenant_id and s.event_id = p.event_id)
    from page as p left join app.users as u on u.user_id = p.actor_user_id
   order by case when (filter ->> 'oldest_first')::boolean then p.occurred_at end,
            case when (filter ->> 'oldest_first')::boolean then p.event_id end, p.occurred_at desc, p.event_id desc
$$;
comment on function app.system_search_audit is
  'Audit events of the entered tenant for an admin in a session, newest first unless filter.oldest_first: `filter` is {user, credential, client, action (or its beginning with a point), target, outcome, request, trace, from, until, oldest_first}.';

create function app.system_audit_proof() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select app.audit_proof(app.tenant_id()) where app.is_in_session() and app.may_read_audit() $$;

create function app.system_audit_lines(tree_size bigint, from_index bigint, lines_max integer)
returns table (leaf_index bigint, line text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select l.* from app.audit_lines(app.tenant_id(), tree_size, from_index, lines_max) as l
   where app.is_in_session() and app.may_read_audit()
$$;
comment on function app.system_audit_lines is 'Lines of an export of the entered tenant, for an admin in a session.';

grant execute on function app.system_search_audit, app.system_audit_proof, app.system_audit_lines to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
