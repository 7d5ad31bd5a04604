-- Strangers make the platform's log grow: what they were refused goes after 400 days, and nothing else of it ever does. A SEAL_KEY that
-- is known is not written again at each start. A tenant that is deleted waits for its own sinks alone.

create function app_private.refuse_unforgettable() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_user <> 'causeway_keeper' or old.action <> 'access.refuse' or old.occurred_at >= clock_timestamp() - interval '400 days' then
    raise exception '% on % is refused: the table is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return old;
end
$$;

drop trigger append_only on app.platform_events;
create trigger append_only before update or truncate on app.platform_events
  for each statement execute function app_private.refuse_change();
create trigger append_only_but_for_refusals before delete on app.platform_events
  for each row execute function app_private.refuse_unforgettable();
alter table app.platform_events enable always trigger append_only, enable always trigger append_only_but_for_refusals;
comment on table app.platform_events is 'Append-only: no login may update, delete or truncate it. Refusals of strangers go after 400 days.';

create policy keeper_forgets on app.platform_events for delete to causeway_keeper using (action = 'access.refuse');
grant delete on app.platform_events to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_forget_refusals() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  gone bigint;
begin
  perform app.refuse_inside_tenant();
  delete from app.platform_events as p
   where p.action = 'access.refuse' and p.occurred_at < clock_timestamp() - interval '400 days';
  get diagnostics gone = row_count;
  return gone;
end
$$;
comment on function app.system_forget_refusals() is 'Removes from the platform''s log what strangers were refused more than 400 days ago; how many rows.';
revoke execute on function app.system_forget_refusals() from public;
grant execute on function app.system_forget_refusals() to causeway_app;

create or replace function app.system_note_seal_key(key_sha256 text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  days integer;
begin
  perform app.refuse_inside_tenant();
  -- Isolates start often, and keys change seldom: what is known already is not written again.
  select floor(extract(epoch from clock_timestamp() - k.known_since) / 86400)::integer into days
    from app.seal_key as k where k.key_sha256 = system_note_seal_key.key_sha256;
  if found then return days; end if;
  insert into app.seal_key as k (key_sha256) values (system_note_seal_key.key_sha256)
  on conflict (only_row) do update set key_sha256 = excluded.key_sha256, known_since = excluded.known_since
   where k.key_sha256 <> excluded.key_sha256;
  return 0;
end
$$;

drop function app.system_claim_audit_sinks(integer, integer);
create function app.system_claim_audit_sinks(entries_max integer, bytes_max integer, tenant text default null)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
       and (system_claim_audit_sinks.tenant is null or s.tenant_id = system_claim_audit_sinks.tenant)
     order by s.next_attempt_at limit 20 for update of s skip locked
  ), taken as (
    update app.audit_sinks as s set next_attempt_at = clock_timestamp() + interval '2 minutes'
      from due where s.tenant_id = due.tenant_id and s.sink_id = due.sink_id
    returning s.*, s.next_leaf as from_leaf, due.tree_size as until_leaf, false as is_dead_letter
  ), asked as (
    select d.tenant_id, d.sink_id, d.from_leaf from app.audit_dead_letters as d
      join app.audit_sinks as s on s.tenant_id = d.tenant_id and s.sink_id = d.sink_id and s.ended_at is null
     where d.sent_at is null and d.resend_at <= clock_timestamp() and not app.loses_rows(d.tenant_id)
       and (system_claim_audit_sinks.tenant is null or d.tenant_id = system_claim_audit_sinks.tenant)
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
$function$;
comment on function app.system_claim_audit_sinks(integer, integer, text) is 'Sinks that have something to be sent, and dead letters that were asked for again, each with its next entries as texts; where `tenant` is given, those of this tenant alone: [{tenant, sink, kind, url, settings, secret_access_key, from, size, day, is_dead_letter, entries}].';
revoke execute on function app.system_claim_audit_sinks(integer, integer, text) from public;
grant execute on function app.system_claim_audit_sinks(integer, integer, text) to causeway_app;

reset role;
revoke create on schema app from causeway_keeper;
