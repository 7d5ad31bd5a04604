-- Tenants, people, memberships, API tokens, and the one door: app.enter(ticket).

select app_private.create_id_domain(prefix) from unnest(array['ten', 'usr', 'tok']) as prefix;

create domain app.tenant_role as text collate "C" check (value in ('viewer', 'member', 'admin', 'owner'));

create function app.role_rank(role text) returns integer
language sql immutable parallel safe
as $$ select array_position(array['viewer', 'member', 'admin', 'owner'], role) $$;
comment on function app.role_rank is 'viewer 1, member 2, admin 3, owner 4; NULL for anything else.';
grant execute on function app.role_rank to causeway_app, causeway_resolver, causeway_keeper;

create table app.tenants (
  tenant_id app.ten_id primary key,
  name text not null check (length(name) between 1 and 200),
  status text not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz not null default now()
);

-- A person exists once, whatever tenants they belong to. The Worker's role has no right on this table: it sees people
-- through functions, and only those who share the entered tenant.
create table app.users (
  user_id app.usr_id primary key,
  email text not null check (email = lower(email) and length(email) between 3 and 320),
  name text not null check (length(name) between 1 and 200),
  status text not null default 'active' check (status in ('active', 'disabled')),
  created_at timestamptz not null default now(),
  constraint users_email_once unique (email)
);

-- Never deleted, only ended: other tables reference (tenant_id, user_id) here, so a reference to somebody outside the
-- tenant cannot be written, and the answer does not tell whether such a person exists.
create table app.memberships (
  tenant_id app.ten_id not null references app.tenants (tenant_id),
  user_id app.usr_id not null references app.users (user_id),
  role app.tenant_role not null,
  status text not null default 'active' check (status in ('active', 'ended')),
  created_at timestamptz not null default now(),
  primary key (tenant_id, user_id)
);
create index memberships_by_user on app.memberships (user_id);

create table app.api_tokens (
  tenant_id app.ten_id not null,
  token_id app.tok_id not null,
  user_id app.usr_id not null,
  name text not null check (length(name) between 1 and 100),
  argon2id_hash text not null check (argon2id_hash like '$argon2id$v=19$m=%'),
  scopes text[] not null check (cardinality(scopes) between 1 and 50),
  role_ceiling app.tenant_role,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, token_id),
  foreign key (tenant_id, user_id) references app.memberships (tenant_id, user_id)
);
-- A look-up by token id comes before the tenant is known. Not unique: uniqueness across tenants would answer questions.
create index api_tokens_by_token on app.api_tokens (token_id);

select app_private.protect_table(name::regclass)
  from unnest(array['app.tenants', 'app.memberships', 'app.api_tokens']) as name;
alter table app.users enable row level security;
alter table app.users force row level security;
create policy backup on app.users for select to causeway_backup using (true);
grant select on app.users to causeway_backup;

grant select on app.tenants, app.memberships to causeway_app;
grant select (tenant_id, token_id, user_id, name, scopes, role_ceiling, created_at, expires_at, revoked_at)
  on app.api_tokens to causeway_app;

create policy resolver on app.tenants for select to causeway_resolver using (true);
create policy resolver on app.users for select to causeway_resolver using (true);
create policy resolver on app.memberships for select to causeway_resolver using (true);
create policy resolver on app.api_tokens for select to causeway_resolver using (true);
grant select on app.tenants, app.users, app.memberships, app.api_tokens to causeway_resolver;

create policy keeper on app.tenants for all to causeway_keeper using (true) with check (true);
create policy keeper on app.users for all to causeway_keeper using (true) with check (true);
create policy keeper on app.memberships for all to causeway_keeper using (true) with check (true);
create policy keeper on app.api_tokens for all to causeway_keeper using (true) with check (true);
grant select, insert, update on app.tenants, app.users, app.memberships, app.api_tokens to causeway_keeper;

-- Why a credential that is no API token may not act, or NULL when it may. Called by app.enter() with the resolver's
-- rights. A migration that brings a kind of credential replaces this function and keeps the other branches.
create function app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text) returns text
language sql stable
as $$ select case kind when 'system' then null else 'unknown' end $$;
comment on function app.credential_refusal is
  'NULL, or one of: unknown, revoked, expired. `system` is the Worker itself, acting for a tenant without a person.';
grant execute on function app.credential_refusal to causeway_resolver;

-- The ticket's payload when one of the two ticket keys made its signature, else NULL. Digests of the signatures are
-- compared, so that the time taken says nothing about the signature.
create function app_private.read_ticket(ticket text) returns jsonb
language plpgsql stable
as $$
declare
  signed bytea := convert_to(split_part(ticket, '.', 1), 'UTF8');
  given bytea;
begin
  if ticket !~ '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$' then
    return null;
  end if;
  given := decode(translate(split_part(ticket, '.', 2), '-_', '+/') || '=', 'base64');
  if exists (
    select from app_private.signing_keys as key
     where key.purpose = 'ticket'
       and sha256(sha256(key.outer_block || sha256(key.inner_block || signed))) = sha256(given)
  ) then
    return convert_from(decode(
      translate(split_part(ticket, '.', 1), '-_', '+/') || repeat('=', (4 - length(split_part(ticket, '.', 1)) % 4) % 4),
      'base64'), 'UTF8')::jsonb;
  end if;
  return null;
end
$$;
grant execute on function app_private.read_ticket to causeway_resolver;

create function app_private.refuse_entry(reason text, needed jsonb default '[]') returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'CW001',
    message = 'entry refused: ' || reason,
    detail = jsonb_build_object('reason', reason, 'needed', needed)::text;
end
$$;
comment on function app_private.refuse_entry is
  'Raises CW001 with {reason, needed} in DETAIL: the whole batch dies before it did any work.';
grant execute on function app_private.refuse_entry to causeway_resolver;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

create function app.enter(ticket text)
returns table (
  tenant_id text, user_id text, user_name text, user_email text, tenant_name text, role text, scopes text[]
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  claim jsonb;
  kind text;
  who record;
  needed_scopes text[];
  effective_role text;
  payload text;
  key record;
begin
  -- 1. One entry a transaction: nothing may change whom the rest of it works for.
  if coalesce(current_setting('app.context', true), '') <> '' then
    perform app_private.refuse_entry('already_entered');
  end if;

  -- 2. The Worker made this ticket, just now by the database's own clock.
  claim := app_private.read_ticket(ticket);
  if claim is null or claim -> 'v' is distinct from '1'::jsonb then
    perform app_private.refuse_entry('bad_ticket');
  end if;
  if not coalesce(abs(extract(epoch from clock_timestamp()) - (claim ->> 'iat')::numeric) <= 120, false) then
    perform app_private.refuse_entry('stale_ticket');
  end if;
  kind := claim ->> 'kind';
  needed_scopes := array(select jsonb_array_elements_text(claim -> 'scopes'));

  -- 3. The credential, the person, the membership and the tenant are alive at this moment.
  select t.name as tenant_name, t.status as tenant_status,
         u.user_id, u.name, u.email, u.status as user_status,
         m.role as member_role, m.status as member_status,
         k.token_id, k.scopes, k.role_ceiling, k.revoked_at, k.expires_at
    into who
    from app.tenants as t
    left join app.users as u on u.user_id = claim ->> 'user'
    left join app.memberships as m on m.tenant_id = t.tenant_id and m.user_id = u.user_id
    left join app.api_tokens as k on kind = 'api_token' and k.tenant_id = t.tenant_id
                                 and k.token_id = claim ->> 'credential' and k.user_id = u.user_id
   where t.tenant_id = claim ->> 'tenant';

  if who.tenant_name is null then
    perform app_private.refuse_entry('unknown');
  end if;
  if kind = 'api_token' then
    if who.token_id is null then
      perform app_private.refuse_entry('unknown');
    elsif who.revoked_at is not null then
      perform app_private.refuse_entry('revoked');
    elsif who.expires_at <= clock_timestamp() then
      perform app_private.refuse_entry('expired');
    end if;
  else
    payload := app.credential_refusal(kind, claim ->> 'tenant', claim ->> 'user', claim ->> 'credential');
    if payload is not null then
      perform app_private.refuse_entry(payload);
    end if;
  end if;
  if claim ->> 'user' is not null or kind = 'api_token' then
    if who.user_status is distinct from 'active' then
      perform app_private.refuse_entry('user_disabled');
    elsif who.member_status is distinct from 'active' then
      perform app_private.refuse_entry('membership_ended');
    end if;
  end if;
  -- The system still records what happened to work that a now suspended tenant had started.
  if who.tenant_status <> 'active' and kind <> 'system' then
    perform app_private.refuse_entry('tenant_suspended');
  end if;

  -- 4. The credential may do what this call needs. Executors and the system carry no scopes and no role.
  if kind = 'api_token' then
    effective_role := case
      when app.role_rank(who.role_ceiling) < app.role_rank(who.member_role) then who.role_ceiling
      else who.member_role
    end;
    if not who.scopes @> needed_scopes then
      perform app_private.refuse_entry('insufficient_scope', to_jsonb(needed_scopes));
    end if;
    if claim ->> 'role' is not null
       and not coalesce(app.role_rank(effective_role) >= app.role_rank(claim ->> 'role'), false) then
      perform app_private.refuse_entry('insufficient_role', jsonb_build_array(claim ->> 'role'));
    end if;
  elsif claim ->> 'role' is not null then
    perform app_private.refuse_entry('insufficient_role', jsonb_build_array(claim ->> 'role'));
  end if;

  -- 5. From here to COMMIT this backend works for that tenant.
  payload := jsonb_build_object(
    'tenant', claim ->> 'tenant', 'user', claim ->> 'user', 'role', effective_role,
    'kind', kind, 'credential', claim ->> 'credential',
    'scopes', case when kind = 'api_token' then to_jsonb(who.scopes) end,
    'request', claim ->> 'request', 'address', claim ->> 'address', 'agent', left(claim ->> 'agent', 500)
  )::text;
  select inner_block, outer_block into strict key
    from app_private.signing_keys where purpose = 'context' and slot = 1;
  perform set_config('app.context', app_private.context_mac(payload, key.inner_block, key.outer_block) || payload, true);

  return query select claim ->> 'tenant', who.user_id::text, who.name, who.email, who.tenant_name,
                      effective_role, coalesce(who.scopes, needed_scopes);
end
$$;
comment on function app.enter is
  'Enters the tenant that a ticket of the Worker names, once a transaction. Refuses by raising CW001; DETAIL is JSON {reason, needed}.';

create function app.find_api_token(token_id text)
returns table (tenant_id text, user_id text, argon2id_hash text, alive boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.tenant_id, k.user_id, k.argon2id_hash,
         k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
    from app.api_tokens as k
   where k.token_id = find_api_token.token_id
$$;
comment on function app.find_api_token is 'What is needed to check a presented token''s secret, before its tenant is known.';

create function app.tenant_people()
returns table (user_id text, name text, email text, role text, status text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select u.user_id, u.name, u.email, m.role, case when u.status = 'active' then m.status else u.status end
    from app.memberships as m join app.users as u using (user_id)
   where m.tenant_id = (select app.tenant_id())
$$;
comment on function app.tenant_people is 'The people of the entered tenant, former ones too (old events name them).';

grant execute on function app.enter, app.find_api_token, app.tenant_people to causeway_app;
reset role;
revoke create on schema app from causeway_resolver;
