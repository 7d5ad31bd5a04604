-- Sessions: reading, ending, the account behind one, its password; and how a member signed in.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_read_session(cookie_sha256 text, idle_seconds integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  moment constant timestamptz := clock_timestamp();
begin
  -- A use within the minute is not worth a write.
  update app.sessions as s
     set last_seen_at = moment, idle_until = least(moment + idle_seconds * interval '1 second', s.expires_at)
   where s.cookie_sha256 = system_read_session.cookie_sha256 and s.last_seen_at < moment - interval '1 minute'
     and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, moment);
  return (
    select jsonb_build_object(
             'sessionId', s.session_id, 'userId', u.user_id, 'userName', u.name, 'userEmail', u.email,
             'authenticatedAt', s.created_at,
             'tenants', (select coalesce(jsonb_agg(jsonb_build_object('tenantId', t.tenant_id, 'name', t.name, 'role', m.role)
                                                   order by t.name, t.tenant_id), '[]')
                           from app.memberships as m join app.tenants as t using (tenant_id)
                          where m.user_id = u.user_id and m.status = 'active' and t.status = 'active'))
      from app.sessions as s join app.users as u using (user_id)
     where s.cookie_sha256 = system_read_session.cookie_sha256 and u.status = 'active'
       and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, moment));
end
$$;
comment on function app.system_read_session is 'Who is behind a session''s cookie at this moment, or NULL; a use puts its idle limit off.';

create function app.system_read_account(cookie_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'sessions', (
      select coalesce(jsonb_agg(to_jsonb(s) order by s."lastSeenAt" desc), '[]') from (
        select s.session_id as "sessionId", s.created_at as "createdAt", s.last_seen_at as "lastSeenAt", s.method,
               host(s.address) as address, s.user_agent as "userAgent",
               s.cookie_sha256 = system_read_account.cookie_sha256 as "isCurrent"
          from app.sessions as s
         where s.user_id = u.user_id and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, clock_timestamp())
         order by s.last_seen_at desc limit 50) as s),
    'events', (
      select coalesce(jsonb_agg(to_jsonb(e) order by e."occurredAt" desc), '[]') from (
        select e.occurred_at as "occurredAt", e.method, e.outcome, host(e.address) as address, e.user_agent as "userAgent"
          from app.authentication_events as e where e.user_id = u.user_id order by e.occurred_at desc limit 20) as e),
    'notices', (
      select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'details', n.details, 'createdAt', n.created_at)
                                order by n.created_at desc), '[]')
        from app.notices as n where n.user_id = u.user_id and n.seen_at is null))
    from app.user_of_session(cookie_sha256) as u where u.user_id is not null
$$;
comment on function app.system_read_account is 'A person''s own sessions, last sign-ins and unread notices; NULL without a session.';

create function app.system_end_session(cookie_sha256 text, session_id text, call jsonb) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
begin
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.user_id = (person).user_id and s.session_id = system_end_session.session_id and s.revoked_at is null;
  if found then
    perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'session', 'ended', call);
  end if;
  return found;
end
$$;
comment on function app.system_end_session is 'Ends a session of the same person, the own one too; false where it is absent or another''s.';

create function app.system_end_other_sessions(cookie_sha256 text, call jsonb) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  ended constant integer := app.end_sessions((person).user_id, cookie_sha256);
begin
  if ended > 0 then
    perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'session', 'ended', call);
  end if;
  return ended;
end
$$;

create function app.system_dismiss_notices(cookie_sha256 text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  update app.notices as n set seen_at = clock_timestamp()
   where n.seen_at is null and n.user_id = (app.user_of_session(cookie_sha256)).user_id
$$;

create function app.system_change_password(
  cookie_sha256 text, address_subject text, rules jsonb, verified_hash text, new_hash text, call jsonb
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  ended integer;
begin
  update app.passwords as p set argon2id_hash = new_hash, changed_at = clock_timestamp()
   where p.user_id = (person).user_id and p.argon2id_hash = verified_hash;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  perform app.take_attempt_back(address_subject, (rules ->> 'addressFailures')::integer);
  delete from app.login_failures as f where f.subject = 'email:' || app.email_sha256((person).email);
  ended := app.end_sessions((person).user_id, cookie_sha256);
  perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'password_change', 'ok', call);
  perform app.audit_person(m.tenant_id, (person).user_id, 'session', 'person.password_change', 'user', (person).user_id, '{}', call)
     from app.memberships as m where m.user_id = (person).user_id and m.status = 'active';
  return jsonb_build_object('ok', true, 'ended', ended);
end
$$;
comment on function app.system_change_password is 'Replaces the password that was verified, and ends every other session of the person.';

create function app.system_sweep_people() returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  delete from app.login_failures where last_at < clock_timestamp() - interval '1 day' and locked_until < clock_timestamp();
  delete from app.sessions where greatest(expires_at, revoked_at) < clock_timestamp() - interval '30 days';
  delete from app.recovery_links where expires_at < clock_timestamp() - interval '30 days';
  delete from app.authentication_events
   where occurred_at < clock_timestamp() - case when user_id is null then interval '30 days' else interval '400 days' end;
$$;
comment on function app.system_sweep_people is
  'Forgets counters after a day, ended sessions and links after 30 days, attempts on unknown emails after 30 and others after 400 days.';

grant execute on function app.system_read_session, app.system_read_account, app.system_end_session,
  app.system_end_other_sessions, app.system_dismiss_notices, app.system_change_password, app.system_sweep_people to causeway_app;
reset role;
revoke create on schema app from causeway_keeper;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

create function app.member_sign_ins(user_id text, rows_max integer)
returns table (occurred_at timestamptz, method text, outcome text, address text, user_agent text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.occurred_at, e.method, e.outcome, host(e.address), e.user_agent
    from app.authentication_events as e
   where e.user_id = member_sign_ins.user_id
     and app.context() ->> 'role' in ('admin', 'owner')
     and exists (select from app.memberships as m
                  where m.tenant_id = (select app.tenant_id()) and m.user_id = e.user_id and m.status = 'active')
   order by e.occurred_at desc limit rows_max
$$;
comment on function app.member_sign_ins is 'How a member of the entered tenant signed in, newest first, for its admins and owners; nothing for anybody else.';
grant execute on function app.member_sign_ins to causeway_app;
reset role;
revoke create on schema app from causeway_resolver;
