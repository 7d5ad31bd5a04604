-- How people prove who they are: passwords, sessions, invitations, recovery links, lockout, and the record of each attempt.
--
-- People are global, so nothing here is a tenant's but the invitations. The Worker's role has no right on any of these
-- tables: each step of a sign-in is one function of the keeper, which locks the rows that it decides on, so that a
-- hundred attempts at once are counted like a hundred one after the other.

select app_private.create_id_domain(prefix) from unnest(array['ses', 'inv', 'aev', 'ntc']) as prefix;
create domain app.sha256_hex as text collate "C" constraint sha256_hex_form check (value ~ '^[0-9a-f]{64}$');

create table app.passwords (
  user_id app.usr_id primary key references app.users (user_id),
  argon2id_hash text not null check (argon2id_hash like '$argon2id$v=19$m=%'),
  changed_at timestamptz not null default clock_timestamp()
);

create table app.sessions (
  session_id app.ses_id primary key,
  user_id app.usr_id not null references app.users (user_id),
  cookie_sha256 app.sha256_hex not null unique,
  method text not null check (method in ('password', 'invitation', 'recovery')),
  created_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  -- The idle limit moves on with each use and never beyond the absolute one.
  idle_until timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  address inet,
  user_agent text check (length(user_agent) <= 500),
  check (idle_until <= expires_at)
);
create index sessions_by_user on app.sessions (user_id, created_at desc);

-- Of an unknown email as of a known one, so that nothing can be told from being locked out.
create table app.login_failures (
  -- `email:<sha256>` or `address:<network>`.
  subject text collate "C" primary key check (length(subject) <= 100),
  failures integer not null check (failures >= 0),
  last_at timestamptz not null,
  locked_until timestamptz not null
);
create index login_failures_by_time on app.login_failures (last_at);

create table app.authentication_events (
  event_id app.aev_id primary key default app.new_id('aev'),
  occurred_at timestamptz not null default clock_timestamp(),
  -- NULL where nobody has this email; the email itself is not kept, for people type passwords into that field.
  user_id app.usr_id references app.users (user_id),
  email_sha256 app.sha256_hex,
  method text not null check (method in ('password', 'invitation', 'recovery', 'session', 'password_change')),
  outcome text not null check (outcome in ('ok', 'wrong', 'locked', 'ended')),
  request_id text check (length(request_id) <= 100),
  address inet,
  user_agent text check (length(user_agent) <= 500)
);
create index authentication_events_by_user on app.authentication_events (user_id, occurred_at desc);
create index authentication_events_by_time on app.authentication_events (occurred_at);

create table app.recovery_links (
  link_sha256 app.sha256_hex primary key,
  user_id app.usr_id not null references app.users (user_id),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at timestamptz
);

create table app.notices (
  notice_id app.ntc_id primary key default app.new_id('ntc'),
  user_id app.usr_id not null references app.users (user_id),
  kind text not null check (kind in ('recovery_created', 'recovery_used')),
  details jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz
);
create index notices_unseen on app.notices (user_id) where seen_at is null;

create table app.invitations (
  tenant_id app.ten_id not null references app.tenants (tenant_id),
  invitation_id app.inv_id not null,
  link_sha256 app.sha256_hex not null,
  email text not null check (email = lower(email) and length(email) between 3 and 320),
  role app.tenant_role not null,
  -- NULL: the operator, from the host's shell.
  created_by app.usr_id,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by app.usr_id,
  revoked_at timestamptz,
  primary key (tenant_id, invitation_id),
  foreign key (tenant_id, created_by) references app.memberships (tenant_id, user_id),
  foreign key (tenant_id, accepted_by) references app.memberships (tenant_id, user_id)
);
-- A look-up by link comes before the tenant is known. Not unique: uniqueness across tenants would answer questions.
create index invitations_by_link on app.invitations (link_sha256);
select app_private.protect_table('app.invitations');

do $$
declare
  platform_table regclass;
begin
  foreach platform_table in array array[
    'app.passwords', 'app.sessions', 'app.login_failures', 'app.authentication_events', 'app.recovery_links', 'app.notices'
  ]::regclass[] loop
    execute format('alter table %s enable row level security', platform_table);
    execute format('alter table %s force row level security', platform_table);
    execute format('create policy backup on %s for select to causeway_backup using (true)', platform_table);
    execute format('grant select on %s to causeway_backup', platform_table);
  end loop;
  foreach platform_table in array array[
    'app.passwords', 'app.sessions', 'app.login_failures', 'app.authentication_events', 'app.recovery_links',
    'app.notices', 'app.invitations'
  ]::regclass[] loop
    execute format('create policy keeper on %s for all to causeway_keeper using (true) with check (true)', platform_table);
    execute format('grant select, insert, update on %s to causeway_keeper', platform_table);
  end loop;
end
$$;
revoke update on app.authentication_events from causeway_keeper;
-- What is over is swept away: counters after a day, sessions and events when nobody asks for them any more.
grant delete on app.login_failures, app.sessions, app.authentication_events, app.recovery_links to causeway_keeper;
-- Steps of a person have no entered tenant whose context would fill these.
grant insert (request_id, address, user_agent) on app.audit_events to causeway_keeper;

create policy resolver on app.authentication_events for select to causeway_resolver using (true);
grant select on app.authentication_events to causeway_resolver;

create function app.lockout_seconds(failures integer, free integer, base_seconds integer, max_seconds integer)
returns integer
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case when failures < free then 0
              else least(max_seconds, base_seconds * power(2, least(failures - free, 20)))::integer end
$$;
comment on function app.lockout_seconds is
  'How long the next attempt must wait after so many failures: none are held up until `free`, then it doubles up to the most.';
grant execute on function app.lockout_seconds to causeway_keeper;

create function app.is_session_alive(
  revoked_at timestamptz, idle_until timestamptz, expires_at timestamptz, at timestamptz
) returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select revoked_at is null and at < idle_until and at < expires_at $$;
comment on function app.is_session_alive is 'Whether a session may still be used at that time.';
grant execute on function app.is_session_alive to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

-- Steps that the functions below share; nobody else may call them.

create function app.person_by_email(email text) returns app.users
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select u from app.users as u where u.email = person_by_email.email and u.status = 'active' $$;

create function app.note_authentication(
  user_id text, email_sha256 text, method text, outcome text, call jsonb
) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.authentication_events (user_id, email_sha256, method, outcome, request_id, address, user_agent)
  values (user_id, email_sha256, method, outcome, call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$$;

create function app.audit_person(
  tenant_id text, user_id text, credential_kind text, action text, target_kind text, target_id text, details jsonb,
  call jsonb default '{}'
) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, action, target_kind, target_id, outcome, details,
                                request_id, address, user_agent)
  values (tenant_id, user_id, credential_kind, action, target_kind, target_id, 'ok', details,
          call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$$;

-- An attempt counts as failed from its begin; who succeeds takes it back. So guesses made at once find one another.
create function app.count_attempt(subject text, free integer, rules jsonb) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  moment constant timestamptz := clock_timestamp();
  wait_seconds integer;
begin
  insert into app.login_failures as f (subject, failures, last_at, locked_until)
  values (count_attempt.subject, 1, moment,
          moment + make_interval(secs => app.lockout_seconds(1, free, (rules ->> 'baseSeconds')::integer, (rules ->> 'maxSeconds')::integer)))
  on conflict (subject) do update
     set failures = case when f.last_at < moment - interval '1 day' then 1 else f.failures + 1 end,
         last_at = moment,
         locked_until = moment + make_interval(secs => app.lockout_seconds(
           case when f.last_at < moment - interval '1 day' then 1 else f.failures + 1 end,
           free, (rules ->> 'baseSeconds')::integer, (rules ->> 'maxSeconds')::integer))
   where f.locked_until <= clock_timestamp();
  if found then
    return 0;
  end if;
  select greatest(1, ceil(extract(epoch from f.locked_until - clock_timestamp())))::integer into wait_seconds
    from app.login_failures as f where f.subject = count_attempt.subject;
  return wait_seconds;
end
$$;

create function app.take_attempt_back(subject text, free integer) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update app.login_failures as f
     set failures = greatest(f.failures - 1, 0),
         locked_until = case when f.failures - 1 < free then f.last_at else f.locked_until end
   where f.subject = take_attempt_back.subject
$$;

create function app.open_session(user_id text, method text, session jsonb, call jsonb) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.sessions (session_id, user_id, cookie_sha256, method, idle_until, expires_at, address, user_agent)
  select session ->> 'id', user_id, session ->> 'cookieSha256', method,
         clock_timestamp() + least((session ->> 'idleSeconds')::integer, (session ->> 'absoluteSeconds')::integer) * interval '1 second',
         clock_timestamp() + (session ->> 'absoluteSeconds')::integer * interval '1 second',
         (call ->> 'address')::inet, left(call ->> 'agent', 500)
$$;

create function app.user_of_session(cookie_sha256 text) returns app.users
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select u from app.sessions as s join app.users as u using (user_id)
   where s.cookie_sha256 = user_of_session.cookie_sha256 and u.status = 'active'
     and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, clock_timestamp())
$$;

create function app.email_sha256(email text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select encode(sha256(convert_to(email, 'UTF8')), 'hex') $$;

create function app.end_sessions(user_id text, except_cookie_sha256 text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  ended integer;
begin
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.user_id = end_sessions.user_id and s.revoked_at is null
     and s.cookie_sha256 is distinct from except_cookie_sha256;
  get diagnostics ended = row_count;
  return ended;
end
$$;

-- Tells every owner of every tenant of that person, and writes it into those tenants' audit logs.
create function app.tell_owners(person app.users, actor text, kind text, call jsonb) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select app.audit_person(m.tenant_id, case when actor = 'operator' then null else (person).user_id end, actor,
                          'person.' || kind, 'user', (person).user_id, '{}', call)
    from app.memberships as m where m.user_id = (person).user_id and m.status = 'active';
  insert into app.notices (user_id, kind, details)
  select distinct o.user_id, kind, jsonb_build_object('email', (person).email, 'name', (person).name)
    from app.memberships as m
    join app.memberships as o on o.tenant_id = m.tenant_id and o.role = 'owner' and o.status = 'active'
   where m.user_id = (person).user_id and m.status = 'active';
$$;

-- An invitation holds as long as who made it might make it still.
create function app.open_invitation(link_sha256 text) returns app.invitations
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select i from app.invitations as i join app.tenants as t using (tenant_id)
   where i.link_sha256 = open_invitation.link_sha256 and i.accepted_at is null and i.revoked_at is null
     and i.expires_at > clock_timestamp() and t.status = 'active'
     and (i.created_by is null or exists (
       select from app.memberships as m join app.users as u using (user_id)
        where m.tenant_id = i.tenant_id and m.user_id = i.created_by and m.status = 'active' and u.status = 'active'
          and app.role_rank(m.role) >= greatest(app.role_rank('admin'), app.role_rank(i.role))))
     for update of i
$$;

create function app.join_by_invitation(invitation app.invitations, user_id text, call jsonb) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into app.memberships as m (tenant_id, user_id, role)
  values ((invitation).tenant_id, user_id, (invitation).role)
  on conflict (tenant_id, user_id) do update
     set status = 'active',
         role = case when m.status = 'active' and app.role_rank(m.role) > app.role_rank(excluded.role)
                     then m.role else excluded.role end;
  update app.invitations as i set accepted_at = clock_timestamp(), accepted_by = join_by_invitation.user_id
   where i.tenant_id = (invitation).tenant_id and i.invitation_id = (invitation).invitation_id;
  select app.audit_person((invitation).tenant_id, user_id, 'invitation', 'invitation.accept', 'invitation',
                          (invitation).invitation_id, jsonb_build_object('role', (invitation).role), call);
$$;

-- Signing in.

create function app.system_begin_login(email text, address_subject text, rules jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  address_free constant integer := rules ->> 'addressFailures';
  wait_seconds integer := 0;
  person app.users;
begin
  -- The address first, always, so that no two attempts wait for each other in a circle.
  if address_subject is not null then
    wait_seconds := app.count_attempt(address_subject, address_free, rules);
  end if;
  if wait_seconds = 0 then
    wait_seconds := app.count_attempt('email:' || app.email_sha256(email), (rules ->> 'accountFailures')::integer, rules);
  end if;
  if wait_seconds > 0 then
    return jsonb_build_object('ok', false, 'code', 'rate_limited', 'details', jsonb_build_object('retry_after_seconds', wait_seconds));
  end if;
  person := app.person_by_email(email);
  return jsonb_build_object('ok', true, 'argon2id',
    (select p.argon2id_hash from app.passwords as p where p.user_id = (person).user_id));
end
$$;
comment on function app.system_begin_login is
  'Counts an attempt as failed before its password is looked at, and gives the hash to check. Nobody''s email and a known one differ in nothing but the hash.';

create function app.system_refuse_login(email text, method text, outcome text, call jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.note_authentication((app.person_by_email(email)).user_id, app.email_sha256(email), method, outcome, call)
$$;
comment on function app.system_refuse_login is 'Records an attempt that stays counted.';

create function app.system_finish_login(
  email text, address_subject text, rules jsonb, verified_hash text, new_hash text, session jsonb, ends_cookie_sha256 text,
  call jsonb
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person app.users;
begin
  person := app.person_by_email(email);
  -- The password that was verified is the password still, or this attempt came too late.
  update app.passwords as p set argon2id_hash = coalesce(new_hash, p.argon2id_hash)
   where p.user_id = (person).user_id and p.argon2id_hash = verified_hash;
  if not found then
    perform app.note_authentication((person).user_id, app.email_sha256(email), 'password', 'wrong', call);
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  perform app.take_attempt_back(address_subject, (rules ->> 'addressFailures')::integer);
  delete from app.login_failures as f where f.subject = 'email:' || app.email_sha256(system_finish_login.email);
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.cookie_sha256 = ends_cookie_sha256 and s.revoked_at is null;
  perform app.open_session((person).user_id, 'password', session, call);
  perform app.note_authentication((person).user_id, app.email_sha256(email), 'password', 'ok', call);
  return jsonb_build_object('ok', true, 'notices',
    (select count(*) from app.notices as n where n.user_id = (person).user_id and n.seen_at is null));
end
$$;
comment on function app.system_finish_login is
  'Opens a session for who knew the password, takes the attempt back, ends the session that the browser had before.';

-- Sessions.

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
      select coalesce(jsonb_agg(jsonb_build_object(
               'sessionId', s.session_id, 'createdAt', s.created_at, 'lastSeenAt', s.last_seen_at, 'method', s.method,
               'address', host(s.address), 'userAgent', s.user_agent,
               'isCurrent', s.cookie_sha256 = system_read_account.cookie_sha256) order by s.last_seen_at desc), '[]')
        from app.sessions as s
       where s.user_id = u.user_id and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, clock_timestamp())),
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

-- Invitations.

create function app.system_find_invitation(link_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('email', i.email, 'role', i.role, 'tenantName', t.name, 'expiresAt', i.expires_at)
    from app.open_invitation(link_sha256) as i join app.tenants as t using (tenant_id)
$$;
comment on function app.system_find_invitation is 'What a link invites to, or NULL: absent, used, expired and revoked are the same.';

create function app.system_accept_invitation(
  link_sha256 text, user_id text, user_name text, new_hash text, session jsonb, call jsonb
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  invitation constant app.invitations := app.open_invitation(link_sha256);
begin
  if (invitation).invitation_id is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  -- An account that exists is its person's: an invitation of a tenant never sets its password.
  insert into app.users (user_id, email, name)
  values (system_accept_invitation.user_id, (invitation).email, user_name)
  on conflict on constraint users_email_once do nothing;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  end if;
  insert into app.passwords (user_id, argon2id_hash) values (system_accept_invitation.user_id, new_hash);
  perform app.join_by_invitation(invitation, system_accept_invitation.user_id, call);
  perform app.open_session(system_accept_invitation.user_id, 'invitation', session, call);
  perform app.note_authentication(
    system_accept_invitation.user_id, app.email_sha256((invitation).email), 'invitation', 'ok', call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_accept_invitation is 'Makes the account of somebody new, once a link, and signs them in.';

create function app.system_join_invitation(link_sha256 text, cookie_sha256 text, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  invitation constant app.invitations := app.open_invitation(link_sha256);
  person constant app.users := app.user_of_session(cookie_sha256);
begin
  if (invitation).invitation_id is null or (invitation).email is distinct from (person).email then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.join_by_invitation(invitation, (person).user_id, call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_join_invitation is 'Makes a signed-in person a member; only the person whose email the invitation names.';

create function app.system_create_invitation(cookie_sha256 text, invitation jsonb, open_max integer, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := invitation ->> 'tenantId';
  person constant app.users := app.user_of_session(cookie_sha256);
  own_rank integer;
begin
  select app.role_rank(m.role) into own_rank
    from app.memberships as m join app.tenants as t using (tenant_id)
   where m.tenant_id = tenant and m.user_id = (person).user_id and m.status = 'active' and t.status = 'active';
  if own_rank is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  if own_rank < greatest(app.role_rank('admin'), app.role_rank(invitation ->> 'role')) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  if exists (select from app.memberships as m join app.users as u using (user_id)
              where m.tenant_id = tenant and m.status = 'active' and u.email = invitation ->> 'email') then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  end if;
  perform from app.tenants as t where t.tenant_id = tenant for update;
  if (select count(*) from app.invitations as i
       where i.tenant_id = tenant and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()) >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, created_by, expires_at)
  values (tenant, invitation ->> 'id', invitation ->> 'linkSha256', invitation ->> 'email', invitation ->> 'role',
          (person).user_id, clock_timestamp() + (invitation ->> 'lifetimeSeconds')::integer * interval '1 second');
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.create', 'invitation', invitation ->> 'id',
                           jsonb_build_object('role', invitation ->> 'role'), call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_create_invitation is
  'Invites an email to a tenant, by an admin or owner of it and to no higher role than their own.';

create function app.system_list_invitations(cookie_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', i.invitation_id, 'tenantId', i.tenant_id, 'tenantName', t.name, 'email', i.email, 'role', i.role,
           'expiresAt', i.expires_at, 'byOperator', i.created_by is null) order by i.created_at desc), '[]')
    from app.memberships as m join app.tenants as t using (tenant_id) join app.invitations as i using (tenant_id)
   where m.user_id = (app.user_of_session(cookie_sha256)).user_id and m.status = 'active' and m.role in ('admin', 'owner')
     and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()
$$;
comment on function app.system_list_invitations is 'The open invitations of the tenants that the session''s person administers.';

create function app.system_revoke_invitation(cookie_sha256 text, invitation_id text, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  tenant text;
begin
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.invitation_id = system_revoke_invitation.invitation_id and i.accepted_at is null and i.revoked_at is null
     and exists (select from app.memberships as m
                  where m.tenant_id = i.tenant_id and m.user_id = (person).user_id and m.status = 'active'
                    and app.role_rank(m.role) >= greatest(app.role_rank('admin'), app.role_rank(i.role)))
  returning i.tenant_id into tenant;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.revoke', 'invitation', invitation_id, '{}', call);
  return jsonb_build_object('ok', true);
end
$$;

-- Recovery: a link made on the host.

create function app.system_find_recovery(link_sha256 text) returns jsonb
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('email', u.email, 'name', u.name)
    from app.recovery_links as r join app.users as u using (user_id)
   where r.link_sha256 = system_find_recovery.link_sha256 and r.used_at is null and r.expires_at > clock_timestamp()
     and u.status = 'active'
$$;

create function app.system_use_recovery(link_sha256 text, new_hash text, session jsonb, call jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person app.users;
begin
  update app.recovery_links as r set used_at = clock_timestamp()
    from app.users as u
   where r.link_sha256 = system_use_recovery.link_sha256 and r.used_at is null and r.expires_at > clock_timestamp()
     and u.user_id = r.user_id and u.status = 'active'
  returning u.* into person;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  insert into app.passwords as p (user_id, argon2id_hash) values ((person).user_id, new_hash)
  on conflict (user_id) do update set argon2id_hash = new_hash, changed_at = clock_timestamp();
  perform app.end_sessions((person).user_id, null);
  delete from app.login_failures as f where f.subject = 'email:' || app.email_sha256((person).email);
  perform app.open_session((person).user_id, 'recovery', session, call);
  perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'recovery', 'ok', call);
  perform app.tell_owners(person, 'recovery', 'recovery_used', call);
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_use_recovery is
  'Spends a recovery link on a new password: every session ends, the lockout is lifted, all owners are told.';

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

grant execute on function app.system_begin_login, app.system_refuse_login, app.system_finish_login, app.system_read_session,
  app.system_read_account, app.system_end_session, app.system_end_other_sessions, app.system_dismiss_notices,
  app.system_change_password, app.system_find_invitation, app.system_accept_invitation, app.system_join_invitation,
  app.system_create_invitation, app.system_list_invitations, app.system_revoke_invitation, app.system_find_recovery,
  app.system_use_recovery, app.system_sweep_people to causeway_app;

-- What the operator does from the host's shell.

create function app.set_password(user_id text, argon2id_hash text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  insert into app.passwords as p (user_id, argon2id_hash) values (set_password.user_id, set_password.argon2id_hash)
  on conflict (user_id) do update set argon2id_hash = excluded.argon2id_hash, changed_at = clock_timestamp();
  perform app.end_sessions(set_password.user_id, null);
  perform app.audit_person(m.tenant_id, null, 'operator', 'person.password_set', 'user', set_password.user_id, '{}')
     from app.memberships as m where m.user_id = set_password.user_id and m.status = 'active';
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.set_password is 'Sets a person''s password and ends their sessions; for the development owner alone.';

create function app.invite_owner(
  tenant_id text, tenant_name text, invitation_id text, email text, link_sha256 text, lifetime_seconds integer
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  insert into app.tenants (tenant_id, name) values (tenant_id, tenant_name) on conflict do nothing;
  insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, expires_at)
  values (tenant_id, invitation_id, link_sha256, lower(email), 'owner',
          clock_timestamp() + lifetime_seconds * interval '1 second');
  perform app.audit_person(tenant_id, null, 'operator', 'invitation.create', 'invitation', invitation_id, '{"role": "owner"}');
  return jsonb_build_object('ok', true, 'tenant_id', tenant_id);
end
$$;
comment on function app.invite_owner is 'Invites an owner by a one-time link, into a tenant that is made where it is absent.';

create function app.create_recovery(email text, link_sha256 text, lifetime_seconds integer) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant app.users := app.person_by_email(lower(email));
begin
  if (person).user_id is null then
    return jsonb_build_object('ok', false, 'code', 'person_not_found');
  end if;
  update app.recovery_links as r set expires_at = clock_timestamp()
   where r.user_id = (person).user_id and r.used_at is null and r.expires_at > clock_timestamp();
  insert into app.recovery_links (link_sha256, user_id, expires_at)
  values (link_sha256, (person).user_id, clock_timestamp() + lifetime_seconds * interval '1 second');
  perform app.tell_owners(person, 'operator', 'recovery_created', '{}');
  return jsonb_build_object('ok', true, 'user_id', (person).user_id);
end
$$;
comment on function app.create_recovery is
  'Makes a one-time link that sets a new password, ends the links made before, and tells all owners of the person''s tenants.';

grant execute on function app.set_password, app.invite_owner, app.create_recovery to causeway_owner;
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
