-- Refusals before it is known who asks, counted, in the log of the platform; how large an answer was, in the request log; and the end
-- of a tenant's log.

create index platform_events_refusals on app.platform_events (occurred_at) where action = 'access.refuse';

alter table app.token_uses add column answer_bytes bigint check (answer_bytes >= 0);
comment on column app.token_uses.answer_bytes is 'What a tool, resource or prompt answered, as JSON; NULL where nothing of the kind was asked or it was refused.';

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_note_refusals(refused jsonb, total bigint) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  wait integer;
begin
  perform app.refuse_inside_tenant();
  -- Whoever is refused decides how often, so a row is for all of a minute.
  perform pg_advisory_xact_lock(hashtextextended('access.refuse', 0));
  select ceil(60 - extract(epoch from clock_timestamp() - max(p.occurred_at))) into wait
    from app.platform_events as p where p.action = 'access.refuse' and p.occurred_at > clock_timestamp() - interval '1 minute';
  if wait > 0 then
    return wait;
  end if;
  perform app.note_platform_event('access.refuse', 'deployment', null, jsonb_build_object('total', total, 'by', refused));
  return null;
end
$$;
comment on function app.system_note_refusals(jsonb, bigint) is
  'Adds to the platform''s log how often whom nobody knows was refused: NULL, or the seconds until it takes another row. `refused` is [{route, status, address, count}].';

create function app.list_refusals(rows_max integer)
returns table(event_id text, occurred_at timestamp with time zone, total bigint, refused jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.event_id, p.occurred_at, (p.details ->> 'total')::bigint, p.details -> 'by'
    from app.platform_events as p where p.action = 'access.refuse' order by p.occurred_at desc limit rows_max
$$;
comment on function app.list_refusals(integer) is 'How often whom nobody knew was refused, newest first.';

create or replace function app.list_platform_events(rows_max integer) returns table(event_id text, occurred_at timestamp with time zone, action text, target_id text, details jsonb, address text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.event_id, p.occurred_at, p.action, p.target_id, p.details, host(p.address)
    from app.platform_events as p where p.action <> 'access.refuse' order by p.event_id desc limit rows_max
$$;
comment on function app.list_platform_events(integer) is 'What happened to the platform, newest first, without refusals.';

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
                              address, user_agent, latency_ms, outcome, reason, trace_id, answer_bytes)
  select tenant, u.request, u.at, u.kind, u.credential, u.user_id, u.method, u.target,
         u.address, u.agent, u.latency_ms, u.outcome, u.reason, u.trace, u.answer_bytes
    from jsonb_to_recordset(uses) as u(request text, at timestamptz, kind text, credential text, user_id text, method text,
                                       target text, address text, agent text, latency_ms integer, outcome text, reason text, trace text,
                                       answer_bytes bigint)
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
create function app.system_list_requests(filter jsonb, before_request_id text, rows_max integer) returns table(request_id text, occurred_at timestamp with time zone, credential_kind text, credential_id text, credential_name text, user_id text, user_name text, method text, target text, address text, user_agent text, latency_ms integer, outcome text, reason text, dropped integer, trace_id text, answer_bytes bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select l.request_id, l.occurred_at, l.credential_kind, l.credential_id,
         coalesce((select k.name from app.api_tokens as k where k.tenant_id = l.tenant_id and k.token_id = l.credential_id),
                  (select coalesce(c.name, g.client_id)
                     from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
                    where g.tenant_id = l.tenant_id and g.grant_id = l.credential_id)),
         l.user_id, u.name, l.method, l.target, l.address, l.user_agent, l.latency_ms, l.outcome, l.reason, l.dropped, l.trace_id, l.answer_bytes
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
comment on function app.system_list_requests(jsonb, text, integer) is
  'The request log of the entered tenant, newest first; `filter` is {user, credential, trace, refused, from, until}. Who is no admin or owner sees what was asked in their own name.';
grant execute on function app.system_list_requests(jsonb, text, integer) to causeway_app;

-- Of a tenant that is gone there are proofs, and no entries; its certificate has the last of them.
create or replace function app.export_audit_proof(tenant text, cosigned boolean) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  proof constant jsonb := app.audit_proof(tenant, cosigned);
begin
  perform app.require_open_log(tenant);
  if proof is not null and not exists (select from app.tenants as t where t.tenant_id = tenant) then
    raise exception 'tenant % was deleted, and its audit log with it; its certificate has the log''s last head', tenant using errcode = 'CW005';
  elsif proof is not null then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.export', 'tenant', tenant, 'ok', jsonb_build_object('entries', proof -> 'size', 'cosigned', cosigned));
  end if;
  return proof;
end
$$;

-- Once a deletion has begun to take rows away, nothing is sent and nothing copied: a row would come back, or a file be left behind.
create function app.loses_rows(tenant text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (select from app.tenant_deletions as d where d.tenant_id = tenant and d.step not in ('waiting', 'closing', 'sealing'))
$$;

create or replace function app.system_claim_audit_sinks(entries_max integer, bytes_max integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  claimed jsonb;
begin
  perform app.refuse_inside_tenant();
  insert into app.audit_sinks (tenant_id, kind, url)
  select t.tree, 'blobs', 'blobs:audit' from app.audit_trees as t join app.tenants as n on n.tenant_id = t.tree
   where not exists (select from app.audit_sinks as s where s.tenant_id = t.tree and s.kind = 'blobs') and not app.loses_rows(t.tree)
  on conflict do nothing;
  -- Whoever has claimed a sink and dies loses it after two minutes; until then nobody else sends to it, so order holds.
  with due as (
    select s.tenant_id, s.sink_id, t.tree_size from app.audit_sinks as s join app.audit_trees as t on t.tree = s.tenant_id
     where s.ended_at is null and s.next_attempt_at <= clock_timestamp() and s.next_leaf < t.tree_size
       and not app.loses_rows(s.tenant_id)
     order by s.next_attempt_at limit 20 for update of s skip locked
  ), taken as (
    update app.audit_sinks as s set next_attempt_at = clock_timestamp() + interval '2 minutes'
      from due where s.tenant_id = due.tenant_id and s.sink_id = due.sink_id
    returning s.*, s.next_leaf as from_leaf, due.tree_size as until_leaf, false as is_dead_letter
  ), asked as (
    select d.tenant_id, d.sink_id, d.from_leaf from app.audit_dead_letters as d
      join app.audit_sinks as s on s.tenant_id = d.tenant_id and s.sink_id = d.sink_id and s.ended_at is null
     where d.sent_at is null and d.resend_at <= clock_timestamp() and not app.loses_rows(d.tenant_id)
     order by d.resend_at, d.from_leaf limit 10 for update of d skip locked
  ), asked_again as (
    update app.audit_dead_letters as d set resend_at = clock_timestamp() + interval '2 minutes'
      from asked as a where d.tenant_id = a.tenant_id and d.sink_id = a.sink_id and d.from_leaf = a.from_leaf
    returning d.tenant_id, d.sink_id, d.from_leaf, d.until_leaf
  ), claims as (
    select t.tenant_id, t.sink_id, t.kind, t.url, t.settings, t.secret_access_key, t.from_leaf, t.until_leaf, t.is_dead_letter from taken as t
    union all
    select s.tenant_id, s.sink_id, s.kind, s.url, s.settings, s.secret_access_key, a.from_leaf, a.until_leaf, true
      from asked_again as a join app.audit_sinks as s on s.tenant_id = a.tenant_id and s.sink_id = a.sink_id
  )
  select coalesce(jsonb_agg(jsonb_build_object(
           'tenant', c.tenant_id, 'sink', c.sink_id, 'kind', c.kind, 'url', c.url, 'settings', c.settings,
           'secret_access_key', c.secret_access_key, 'from', c.from_leaf, 'size', c.until_leaf, 'is_dead_letter', c.is_dead_letter,
           'day', (select to_char(l.sealed_at at time zone 'UTC', 'YYYY-MM-DD') from app.audit_seals as l
                    where l.tenant_id = c.tenant_id and l.leaf_index = c.from_leaf),
           'entries', app.sink_entries(c.tenant_id, c.from_leaf, c.until_leaf, entries_max, bytes_max))), '[]')
    into claimed from claims as c;
  insert into app.audit_copies (tenant_id, from_leaf, until_leaf, day, copy_sha256)
  select c ->> 'tenant', (c ->> 'from')::bigint, (c ->> 'from')::bigint + jsonb_array_length(c -> 'entries'), (c ->> 'day')::date,
         (select encode(sha256(convert_to(string_agg(line || E'\n', '' order by n), 'UTF8')), 'hex')
            from jsonb_array_elements_text(c -> 'entries') with ordinality as l(line, n))
    from jsonb_array_elements(claimed) as c
   where c ->> 'kind' = 'blobs' and jsonb_array_length(c -> 'entries') > 0
  on conflict do nothing;
  return claimed;
end
$$;

grant execute on function app.system_note_refusals(jsonb, bigint) to causeway_app;
grant execute on function app.list_refusals(integer) to causeway_owner;

reset role;
revoke create on schema app from causeway_keeper;
