-- Signing in with a password, and setting one from the host's shell.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

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

grant execute on function app.system_begin_login, app.system_refuse_login, app.system_finish_login to causeway_app;
grant execute on function app.set_password to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
