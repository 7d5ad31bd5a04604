-- Recovery: a link made on the host, which every owner of the person's tenants is told of.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

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

grant execute on function app.system_find_recovery, app.system_use_recovery to causeway_app;
grant execute on function app.create_recovery to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
