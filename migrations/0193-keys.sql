-- Keys at rest, and the columns that hold what they seal.
--
-- A key-encryption key is never stored: a recipe tells how the operator's passphrase (or a KMS) gives it, and a canary
-- whether what was given is it. It wraps data keys, one set a tenant and one of the platform; those seal secrets and blobs
-- (worker/keys/, worker/seal/). So a tenant's secrets and blobs end with the rows of its keys.
--
-- A column for a secret has one of three types, each with its form as a CHECK: app.envelope, app.argon2id, app.sha256.

create domain app.envelope as text collate "C"
  constraint envelope_form check (value ~ '^v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{38,}$' and length(value) <= 65536);
create domain app.argon2id as text collate "C"
  constraint argon2id_form check (value ~ '^\$argon2id\$v=19\$m=[0-9]{4,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,128}$');
comment on domain app.envelope is '`v1.<key id>.<base64url(nonce || ciphertext || tag)>`, worker/seal/envelope.ts.';
comment on domain app.argon2id is 'A PHC string of argon2id.';

-- Signing keys and successors under the earlier scheme (a key derived from SEAL_KEY) open with no key of this one. The next
-- token makes a new signing key; agents refresh by themselves. A spent successor is repeated for thirty seconds only.
-- The key that signs checkpoints is a new one as well. It may be sealed anew, and nothing else of it changes.
drop trigger append_only on app.audit_keys;
grant delete, update (private_key) on app.audit_keys to causeway_keeper;
set local role causeway_keeper;
delete from app.oauth_keys;
delete from app.audit_keys;
reset role;
revoke delete on app.audit_keys from causeway_keeper;
create trigger append_only before update of public_key, created_at or delete or truncate on app.audit_keys
  for each statement execute function app_private.refuse_change();
alter table app.audit_keys enable always trigger append_only;

alter table app.oauth_keys drop constraint oauth_keys_private_key_check, alter column private_key type app.envelope;
alter table app.audit_keys drop constraint audit_keys_private_key_check, alter column private_key type app.envelope;
alter table app.oauth_refresh_tokens drop constraint oauth_refresh_tokens_successor_check, alter column successor type app.envelope;
alter table app.api_tokens drop constraint api_tokens_argon2id_hash_check, alter column argon2id_hash type app.argon2id;
alter table app.passwords drop constraint passwords_argon2id_hash_check, alter column argon2id_hash type app.argon2id;

create table app.key_encryption_keys (
  key_id text primary key check (key_id ~ '^[A-Za-z0-9_-]{8}$'),
  -- {"kind":"argon2id","salt":...,"memoryKib":...,"passes":...,"lanes":...} or {"kind":"kms","wrapped":...}
  recipe jsonb not null check (recipe ->> 'kind' in ('argon2id', 'kms') and length(recipe::text) <= 8192),
  canary app.envelope not null,
  created_at timestamptz not null default clock_timestamp()
);

create table app.platform_keys (
  key_id text primary key check (key_id ~ '^[A-Za-z0-9_-]{8}$'),
  purpose text not null default 'secrets' check (purpose = 'secrets'),
  wrapped app.envelope not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Of each purpose the newest key seals, and every one opens what it sealed.
create table app.tenant_keys (
  tenant_id app.ten_id not null references app.tenants (tenant_id),
  key_id text not null check (key_id ~ '^[A-Za-z0-9_-]{8}$'),
  purpose text not null check (purpose in ('secrets', 'blobs')),
  wrapped app.envelope not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, key_id)
);

select app_private.protect_table('app.tenant_keys');
do $$
declare
  name text;
begin
  foreach name in array array['key_encryption_keys', 'platform_keys'] loop
    execute format('alter table app.%I enable row level security', name);
    execute format('alter table app.%I force row level security', name);
    execute format('create policy backup on app.%I for select to causeway_backup using (true)', name);
    execute format('grant select on app.%I to causeway_backup', name);
  end loop;
  foreach name in array array['key_encryption_keys', 'platform_keys', 'tenant_keys'] loop
    execute format('create policy resolver on app.%I for select to causeway_resolver using (true)', name);
    execute format('create policy keeper on app.%I for all to causeway_keeper using (true) with check (true)', name);
    execute format('grant select on app.%I to causeway_resolver', name);
    execute format('grant select, insert, delete on app.%I to causeway_keeper', name);
  end loop;
end
$$;
grant update (wrapped) on app.platform_keys, app.tenant_keys to causeway_keeper;

-- Every column of type app.envelope but the canaries, with what names its row: the primary key beside tenant_id.
create function app.envelope_columns()
returns table (relation text, column_name text, row_column text, by_tenant boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select format('%I.%I', s.nspname, c.relname), a.attname::text,
         (select k.attname::text from pg_index i join pg_attribute k on k.attrelid = c.oid and k.attnum = any (i.indkey)
           where i.indrelid = c.oid and i.indisprimary and k.attname <> 'tenant_id'
             and i.indnkeyatts = 1 + (select count(*) from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id')),
         exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace s on s.oid = c.relnamespace
   where a.atttypid = 'app.envelope'::regtype and c.relkind in ('r', 'p') and not a.attisdropped
     and c.oid <> 'app.key_encryption_keys'::regclass
   order by 1, 2
$$;
comment on function app.envelope_columns is 'Where envelopes are; found in the catalogue, so that a column added tomorrow is rotated and scanned too.';

grant execute on function app.envelope_columns to causeway_app, causeway_keeper;

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_resolver;

create function app.find_key_encryption_keys() returns table (key_id text, recipe jsonb, canary text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select k.key_id, k.recipe, k.canary from app.key_encryption_keys as k order by k.created_at, k.key_id $$;
comment on function app.find_key_encryption_keys is 'How each key-encryption key is made, and what proves it; the oldest first.';

create function app.find_data_keys(tenant text) returns table (key_id text, purpose text, wrapped text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.key_id, k.purpose, k.wrapped
    from (select p.key_id, p.purpose, p.wrapped, p.created_at from app.platform_keys as p where tenant is null
          union all
          select t.key_id, t.purpose, t.wrapped, t.created_at from app.tenant_keys as t where t.tenant_id = tenant) as k
   order by k.created_at, k.key_id
$$;
comment on function app.find_data_keys is 'The wrapped data keys of a tenant, or (null) of the platform; the oldest first.';
grant execute on function app.find_key_encryption_keys, app.find_data_keys to causeway_app, causeway_owner, causeway_keeper;

set local role causeway_keeper;

create function app.add_key_encryption_key(key_id text, recipe jsonb, canary text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into app.key_encryption_keys (key_id, recipe, canary)
  values (add_key_encryption_key.key_id, add_key_encryption_key.recipe, add_key_encryption_key.canary)
$$;

create function app.system_add_first_key_encryption_key(key_id text, recipe jsonb, canary text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('app.key_encryption_keys'));
  if not exists (select from app.key_encryption_keys) then
    perform app.add_key_encryption_key(key_id, recipe, canary);
  end if;
end
$$;
comment on function app.system_add_first_key_encryption_key is 'Stores a key where there is none. Of two isolates that start at once, one key is kept.';

create function app.add_data_key(tenant text, purpose text, key_id text, wrapped text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tenant is null then
    insert into app.platform_keys (key_id, purpose, wrapped) values (key_id, purpose, wrapped);
  else
    insert into app.tenant_keys (tenant_id, key_id, purpose, wrapped) values (tenant, key_id, purpose, wrapped);
  end if;
end
$$;

create function app.system_add_first_data_key(tenant text, purpose text, key_id text, wrapped text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('app.data_keys'), hashtext(coalesce(tenant, '')));
  if not exists (select from app.find_data_keys(tenant) as k where k.purpose = system_add_first_data_key.purpose) then
    perform app.add_data_key(tenant, purpose, key_id, wrapped);
  end if;
end
$$;
comment on function app.system_add_first_data_key is 'Stores a key of a tenant, or (null) of the platform, for a purpose that has none.';

create function app.delete_tenant_keys(tenant text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  deleted integer;
begin
  delete from app.tenant_keys as k where k.tenant_id = tenant;
  get diagnostics deleted = row_count;
  return deleted;
end
$$;
comment on function app.delete_tenant_keys is
  'Deletes the keys of a tenant: nothing that they sealed, secret or blob, can be opened again. Returns how many there were.';

create function app.list_envelopes(key_id text, tenant text, rows_max integer)
returns table (relation text, column_name text, row_id text, tenant_id text, envelope text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  place record;
  found_rows integer;
begin
  for place in select * from app.envelope_columns() loop
    return query execute format(
      'select %L::text, %L::text, %I::text, %s, %I::text from %s where starts_with(%I, %L) and ($1 is null or %s = $1) limit %s',
      place.relation, place.column_name, place.row_column, case when place.by_tenant then 'tenant_id::text' else 'null::text' end,
      place.column_name, place.relation, place.column_name, 'v1.' || list_envelopes.key_id || '.',
      case when place.by_tenant then 'tenant_id::text' else 'null::text' end, rows_max) using list_envelopes.tenant;
    get diagnostics found_rows = row_count;
    rows_max := rows_max - found_rows;
    exit when rows_max <= 0;
  end loop;
end
$$;
comment on function app.list_envelopes is 'Some of the envelopes that a key sealed, of one tenant or (null) of all.';

create function app.replace_envelope(
  relation text, column_name text, row_id text, tenant text, old_envelope text, new_envelope text
) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  place record;
  changed integer;
begin
  select c.* into strict place from app.envelope_columns() as c
   where c.relation = replace_envelope.relation and c.column_name = replace_envelope.column_name;
  execute format('update %s set %I = $1 where %I = $2 and %I = $3 and ($4 is null or %s = $4)',
    place.relation, place.column_name, place.row_column, place.column_name,
    case when place.by_tenant then 'tenant_id' else 'null::text' end)
    using new_envelope, row_id, old_envelope, tenant;
  get diagnostics changed = row_count;
  return changed = 1;
end
$$;
comment on function app.replace_envelope is 'Puts another envelope where the old one still is. False where it is not there any more.';

create function app.retire_key(retired text, tenant text, believed interval) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  key record;
begin
  select k.* into key from (
    select 'app.key_encryption_keys' as relation, e.key_id, 'keys' as purpose, e.created_at,
           (select min(n.created_at) from app.key_encryption_keys as n where n.created_at > e.created_at) as successor_at
      from app.key_encryption_keys as e where tenant is null
    union all
    select 'app.platform_keys', p.key_id, p.purpose, p.created_at,
           (select min(n.created_at) from app.platform_keys as n where n.created_at > p.created_at)
      from app.platform_keys as p where tenant is null
    union all
    select 'app.tenant_keys', t.key_id, t.purpose, t.created_at,
           (select min(n.created_at) from app.tenant_keys as n
             where n.tenant_id = t.tenant_id and n.purpose = t.purpose and n.created_at > t.created_at)
      from app.tenant_keys as t where t.tenant_id = tenant
  ) as k where k.key_id = retired;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'key_not_found');
  elsif key.purpose = 'blobs' then
    return jsonb_build_object('ok', false, 'code', 'key_of_blobs');
  elsif key.successor_at is null then
    return jsonb_build_object('ok', false, 'code', 'key_is_newest');
  elsif key.successor_at > clock_timestamp() - believed then
    return jsonb_build_object('ok', false, 'code', 'key_believed', 'details', jsonb_build_object(
      'seconds', ceil(extract(epoch from key.successor_at + believed - clock_timestamp()))));
  elsif exists (select from app.list_envelopes(retired, tenant, 1)) then
    return jsonb_build_object('ok', false, 'code', 'key_in_use');
  end if;
  execute format('delete from %s where key_id = $1 and ($2 is null or %s = $2)', key.relation,
    case when tenant is null then 'null::text' else 'tenant_id' end) using retired, tenant;
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.retire_key is
  'Deletes a key that seals nothing any more: no envelope is left under it, and its successor is older than any isolate believes keys.';

grant execute on function app.system_add_first_key_encryption_key, app.system_add_first_data_key to causeway_app;
grant execute on function app.add_key_encryption_key, app.add_data_key, app.delete_tenant_keys, app.list_envelopes,
  app.replace_envelope, app.retire_key to causeway_owner;
reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;
