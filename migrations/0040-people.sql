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

reset role;
revoke create on schema app from causeway_keeper;
