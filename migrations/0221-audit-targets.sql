-- Where events are sent besides webhooks: an S3 bucket, a CloudWatch log stream, and of every tenant the blob store of the
-- deployment. And what a sink did not take can be sent to it again.

alter table app.audit_sinks
  add column kind text not null default 'webhook' check (kind in ('webhook', 's3', 'cloudwatch', 'blobs')),
  -- Of S3 and CloudWatch {region, access_key_id}, of CloudWatch {log_group, log_stream} too.
  add column settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object' and length(settings::text) <= 2000),
  -- What signs requests to S3 and CloudWatch; it goes when the sink ends.
  add column secret_access_key app.envelope,
  add constraint audit_sinks_secret check ((secret_access_key is not null) = (kind in ('s3', 'cloudwatch') and ended_at is null));
-- The copy in the blob store is nobody's to end.
create unique index audit_sinks_copy on app.audit_sinks (tenant_id) where kind = 'blobs';

alter table app.audit_dead_letters
  -- When it is to be sent again; NULL: nobody asked.
  add column resend_at timestamptz,
  add column sent_at timestamptz;
grant update (reason, resend_at, sent_at) on app.audit_dead_letters to causeway_keeper;

-- What lies in the blob store, noted before it is put there; it goes when retention has taken all of its contents.
create table app.audit_copies (
  tenant_id app.ten_id not null,
  from_leaf bigint not null,
  until_leaf bigint not null check (until_leaf > from_leaf),
  day date not null,
  copy_sha256 app.sha256_hex not null,
  primary key (tenant_id, from_leaf, copy_sha256),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
comment on table app.audit_copies is 'Leaves from from_leaf up to, and without, until_leaf as JSON lines in the blob <tenant>/audit/<day>/<copy_sha256>.';
select app_private.protect_table('app.audit_copies');
create policy keeper on app.audit_copies for all to causeway_keeper using (true) with check (true);
grant select, insert, delete on app.audit_copies to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

drop function app.system_add_audit_sink(text, text);
create function app.system_add_audit_sink(sink text, kind text, url text, settings jsonb, secret_access_key text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  perform pg_advisory_xact_lock(hashtext('app.audit_sinks ' || app.tenant_id()));
  if (select count(*) from app.audit_sinks as s
       where s.tenant_id = app.tenant_id() and s.ended_at is null and s.kind <> 'blobs') >= 5 then
    perform app.audit('audit.add_sink', 'sink', sink, 'refused', jsonb_build_object('code', 'limit_exceeded'));
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.audit_sinks (tenant_id, sink_id, kind, url, settings, secret_access_key)
  values (app.tenant_id(), sink, kind, url, settings, secret_access_key);
  perform app.audit('audit.add_sink', 'sink', sink, 'ok', jsonb_build_object('kind', kind, 'url', url) || settings);
  return jsonb_build_object('ok', true);
end
$$;

create or replace function app.system_end_audit_sink(sink text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  update app.audit_sinks as s set ended_at = now(), secret_access_key = null
   where s.tenant_id = app.tenant_id() and s.sink_id = sink and s.ended_at is null and s.kind <> 'blobs';
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('audit.end_sink', 'sink', sink, 'ok');
  return jsonb_build_object('ok', true);
end
$$;

create function app.audit_sinks_of(tenant text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'sink', s.sink_id, 'kind', s.kind, 'url', s.url, 'settings', s.settings, 'created_at', s.created_at,
           'next_entry', s.next_leaf,
           'waiting', greatest(0, coalesce((select t.tree_size from app.audit_trees as t where t.tree = s.tenant_id), 0) - s.next_leaf),
           'failures', s.failures, 'last_failure', s.last_failure,
           'dead_letters', (select coalesce(jsonb_agg(jsonb_build_object('from', d.from_leaf, 'until', d.until_leaf,
                                    'reason', d.reason, 'at', d.created_at, 'is_asked_again', d.resend_at is not null)
                                    order by d.from_leaf desc), '[]')
                              from (select * from app.audit_dead_letters as l
                                     where l.tenant_id = s.tenant_id and l.sink_id = s.sink_id and l.sent_at is null
                                     order by l.from_leaf desc limit 100) as d)) order by s.sink_id), '[]')
    from app.audit_sinks as s
   where s.tenant_id = audit_sinks_of.tenant and s.ended_at is null
$$;

create or replace function app.system_list_audit_sinks() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when app.is_in_session() and app.may_read_audit() then app.audit_sinks_of(app.tenant_id()) else '[]' end
$$;

-- Of one sink, or (null) of all; one range by its first leaf, or (null) every one. Returns how many were asked for.
create function app.ask_audit_again(tenant text, sink text, from_leaf bigint) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  asked integer;
begin
  update app.audit_dead_letters as d set resend_at = clock_timestamp()
    from app.audit_sinks as s
   where s.tenant_id = d.tenant_id and s.sink_id = d.sink_id and s.ended_at is null
     and d.tenant_id = tenant and (sink is null or d.sink_id = sink) and (from_leaf is null or d.from_leaf = from_leaf)
     and d.sent_at is null and d.resend_at is null;
  get diagnostics asked = row_count;
  return asked;
end
$$;

create function app.system_resend_audit(sink text, from_leaf bigint) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  asked integer;
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  asked := app.ask_audit_again(app.tenant_id(), sink, from_leaf);
  if asked = 0 then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('audit.resend', 'sink', sink, 'ok', jsonb_build_object('dead_letters', asked));
  return jsonb_build_object('ok', true, 'dead_letters', asked);
end
$$;
comment on function app.system_resend_audit is
  'Has what a sink of the entered tenant did not take sent to it once more: all of it, or the range that begins at a leaf. For an owner in a session.';

-- Leaves as texts, in order and without a gap: at most so many, and no further one once there are so many bytes.
create function app.sink_entries(tenant text, from_leaf bigint, until_leaf bigint, entries_max integer, bytes_max integer)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(b.line order by b.leaf_index), '[]')
    from (select a.leaf_index, a.line, sum(octet_length(a.line)) over (order by a.leaf_index) - octet_length(a.line) as bytes_before
            from (select l.leaf_index,
                         format('{"entry":%s,"event":%s}', l.leaf_index,
                                case when e.event_id is null then 'null' else app.audit_leaf(e) end) as line
                    from app.audit_seals as l
                    left join app.audit_events as e on e.tenant_id = l.tenant_id and e.event_id = l.event_id
                   where l.tenant_id = sink_entries.tenant and l.leaf_index >= from_leaf and l.leaf_index < until_leaf
                   order by l.leaf_index limit entries_max) as a) as b
   where b.bytes_before < bytes_max
$$;

drop function app.system_claim_audit_sinks(integer);
create function app.system_claim_audit_sinks(entries_max integer, bytes_max integer) returns jsonb
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
   where not exists (select from app.audit_sinks as s where s.tenant_id = t.tree and s.kind = 'blobs')
  on conflict do nothing;
  -- Whoever has claimed a sink and dies loses it after two minutes; until then nobody else sends to it, so order holds.
  with due as (
    select s.tenant_id, s.sink_id, t.tree_size from app.audit_sinks as s join app.audit_trees as t on t.tree = s.tenant_id
     where s.ended_at is null and s.next_attempt_at <= clock_timestamp() and s.next_leaf < t.tree_size
     order by s.next_attempt_at limit 20 for update of s skip locked
  ), taken as (
    update app.audit_sinks as s set next_attempt_at = clock_timestamp() + interval '2 minutes'
      from due where s.tenant_id = due.tenant_id and s.sink_id = due.sink_id
    returning s.*, s.next_leaf as from_leaf, due.tree_size as until_leaf, false as is_dead_letter
  ), asked as (
    select d.tenant_id, d.sink_id, d.from_leaf from app.audit_dead_letters as d
      join app.audit_sinks as s on s.tenant_id = d.tenant_id and s.sink_id = d.sink_id and s.ended_at is null
     where d.sent_at is null and d.resend_at <= clock_timestamp()
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
comment on function app.system_claim_audit_sinks is
  'Sinks that have something to be sent, and dead letters that were asked for again, each with its next entries as texts: [{tenant, sink, kind, url, settings, secret_access_key, from, size, day, is_dead_letter, entries}].';

drop function app.system_settle_audit_sink(text, text, bigint, bigint, text, integer);
create function app.system_settle_audit_sink(
  tenant text, sink text, from_leaf bigint, until_leaf bigint, failure text, attempts_max integer, pause_seconds integer
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  failed integer;
begin
  perform app.refuse_inside_tenant();
  select s.failures + 1 into failed from app.audit_sinks as s
   where s.tenant_id = tenant and s.sink_id = sink and s.next_leaf = from_leaf for update;
  if not found then
    return;
  end if;
  if failure is not null and failed < attempts_max then
    update app.audit_sinks as s
       set failures = failed, last_failure = failure,
           next_attempt_at = clock_timestamp() + make_interval(secs => least(3600, 30 * power(2, least(failed - 1, 10))))
     where s.tenant_id = tenant and s.sink_id = sink;
    return;
  end if;
  if failure is not null then
    insert into app.audit_dead_letters (tenant_id, sink_id, from_leaf, until_leaf, reason)
    values (tenant, sink, from_leaf, until_leaf, failure);
  end if;
  update app.audit_sinks as s
     set next_leaf = until_leaf, failures = 0, last_failure = failure,
         next_attempt_at = clock_timestamp() + make_interval(secs => pause_seconds)
   where s.tenant_id = tenant and s.sink_id = sink;
end
$$;
comment on function app.system_settle_audit_sink is
  'What became of a batch: taken where `failure` is NULL, and the next one leaves after the pause; else to be tried again later, or after so many attempts a dead letter.';

create function app.system_settle_dead_letter(tenant text, sink text, from_leaf bigint, failure text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  update app.audit_dead_letters as d
     set sent_at = case when failure is null then clock_timestamp() end, resend_at = null, reason = coalesce(failure, d.reason)
   where d.tenant_id = tenant and d.sink_id = sink and d.from_leaf = from_leaf and d.sent_at is null;
end
$$;
comment on function app.system_settle_dead_letter is 'What became of a dead letter that was sent again: taken where `failure` is NULL, else it waits to be asked for once more.';

create function app.system_find_removed_audit_copies(rows_max integer) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.refuse_inside_tenant();
  return (
    select coalesce(jsonb_agg(jsonb_build_object('tenant', c.tenant_id, 'day', c.day, 'sha256', c.copy_sha256)), '[]')
      from (select k.* from app.audit_copies as k
              join app.audit_retention as r on r.tenant_id = k.tenant_id and r.removed_below >= k.until_leaf
             where not exists (select from app.audit_seals as s
                                 join app.audit_events as e on e.tenant_id = s.tenant_id and e.event_id = s.event_id
                                where s.tenant_id = k.tenant_id and s.leaf_index >= k.from_leaf and s.leaf_index < k.until_leaf)
             limit rows_max) as c);
end
$$;
comment on function app.system_find_removed_audit_copies is 'Copies in the blob store of which retention has taken every content: [{tenant, day, sha256}].';

create function app.system_forget_audit_copies(copies jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app.refuse_inside_tenant();
  delete from app.audit_copies as k using jsonb_array_elements(copies) as c
   where k.tenant_id = c ->> 'tenant' and k.copy_sha256 = c ->> 'sha256' and k.day = (c ->> 'day')::date;
end
$$;

grant execute on function app.system_add_audit_sink, app.system_resend_audit, app.system_claim_audit_sinks,
  app.system_settle_audit_sink, app.system_settle_dead_letter, app.system_find_removed_audit_copies,
  app.system_forget_audit_copies to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;
