-- The signed tenant context: which tenant, user and call a transaction works for.
--
-- A setting alone can be forged by any SQL that calls set_config(), so the value carries an HMAC made with a key that
-- only causeway_resolver reads, over the backend's process id and the transaction's start: a value carried into another
-- transaction or another backend does not verify. The signature is the guarantee; it holds with set_config granted.

create table app_private.signing_keys (
  purpose text not null check (purpose in ('ticket', 'context')),
  slot smallint not null check (slot in (1, 2)),
  -- RFC 2104: the key padded to the block of 64 bytes, XORed with 0x36 and with 0x5c.
  inner_block bytea not null check (length(inner_block) = 64),
  outer_block bytea not null check (length(outer_block) = 64),
  installed_at timestamptz not null default now(),
  primary key (purpose, slot),
  constraint one_context_key check (purpose = 'ticket' or slot = 1)
);
comment on table app_private.signing_keys is
  'HMAC-SHA-256 keys: `ticket` is shared with the Worker (two at once while it is rotated), `context` never leaves the database.';
grant select on app_private.signing_keys to causeway_resolver;

-- One pass over 64 bytes; runs when a key is installed, never on a request.
create function app_private.key_block(key bytea, pad integer) returns bytea
language plpgsql immutable strict
set search_path = pg_catalog, pg_temp
as $$
declare
  block bytea := case when length(key) > 64 then sha256(key) else key end;
begin
  block := block || decode(repeat('00', 64 - length(block)), 'hex');
  for i in 0 .. 63 loop
    block := set_byte(block, i, get_byte(block, i) # pad);
  end loop;
  return block;
end
$$;

create function app_private.install_key(purpose text, slot smallint, key bytea) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into app_private.signing_keys (purpose, slot, inner_block, outer_block)
  values (purpose, slot, app_private.key_block(key, 54), app_private.key_block(key, 92))
  on conflict on constraint signing_keys_pkey do update
    set inner_block = excluded.inner_block, outer_block = excluded.outer_block, installed_at = now()
    where signing_keys.inner_block <> excluded.inner_block
$$;
comment on function app_private.install_key is 'Sets a signing key. The key is the raw bytes, at least 32 of them.';

-- 244 random bits from the server's own generator; there is no need for anyone to know them.
select app_private.install_key('context', 1::smallint, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- What a context is signed over. extract() is used because a timestamp's text depends on settings a caller can change.
create function app_private.context_mac(payload text, inner_block bytea, outer_block bytea) returns text
language sql stable parallel restricted
as $$
  select encode(sha256(outer_block || sha256(inner_block || convert_to(
    pg_backend_pid()::text || ':' || extract(epoch from transaction_timestamp())::text || ':' || payload, 'UTF8'))), 'hex')
$$;
grant execute on function app_private.context_mac to causeway_resolver;

-- Where provisioning took set_config from PUBLIC, it gave the owner the right to pass it on; elsewhere this only warns.
grant execute on function pg_catalog.set_config(text, text, boolean) to causeway_resolver;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

-- Parallel restricted: a parallel worker has another process id, in which no signature of this backend verifies.
create function app.context() returns jsonb
language plpgsql stable parallel restricted security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  -- After a transaction that set it the value is '', before it is NULL.
  signed text := current_setting('app.context', true);
  payload text := substr(signed, 65);
  key record;
begin
  if payload is null or payload = '' then
    return null;
  end if;
  select inner_block, outer_block into strict key
    from app_private.signing_keys where purpose = 'context' and slot = 1;
  if left(signed, 64) <> app_private.context_mac(payload, key.inner_block, key.outer_block) then
    return null;
  end if;
  return payload::jsonb;
end
$$;
comment on function app.context is
  'The context that app.enter() signed for this transaction, or NULL: {tenant,user,role,kind,credential,scopes,request,address,agent}.';

grant execute on function app.context to causeway_owner, causeway_app, causeway_keeper, causeway_backup;
reset role;
revoke create on schema app from causeway_resolver;

create function app.tenant_id() returns text
language sql stable parallel restricted
as $$ select app.context() ->> 'tenant' $$;
comment on function app.tenant_id is 'The entered tenant, or NULL. Policies call it as (select app.tenant_id()): once a query, not once a row.';

create function app.user_id() returns text
language sql stable parallel restricted
as $$ select app.context() ->> 'user' $$;
comment on function app.user_id is 'The acting user, or NULL where an executor or the system acts.';

create function app.role() returns text
language sql stable parallel restricted
as $$ select app.context() ->> 'role' $$;
comment on function app.role is 'The effective role in the tenant: the membership''s, lowered by the credential''s ceiling.';

create function app.request_id() returns text
language sql stable parallel restricted
as $$ select app.context() ->> 'request' $$;
comment on function app.request_id is 'The Worker''s id of the request that this transaction serves.';

grant execute on function app.tenant_id, app.user_id, app.role, app.request_id
  to causeway_app, causeway_resolver, causeway_keeper, causeway_backup;
