-- The Worker compares the whole history with the migrations that it was made with, not the newest name alone: where two branches met,
-- one may lack what another has, below a newest that is the same.

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

-- An older Worker that starts on this database asks for its newest migration by the same name.
drop function app.startup_facts();
create function app.startup_facts(
  out migrations jsonb, out newest_migration text,
  out signing_key_days integer, out context_key_days integer, out encryption_key_days integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select (select coalesce(jsonb_agg(name order by name), '[]') from migrations.applied),
         (select max(name) from migrations.applied),
         (select floor(extract(epoch from now() - max(signs_from)) / 86400)::integer from app.oauth_keys
           where (published_until is null or published_until > now()) and signs_from <= now()),
         (select floor(extract(epoch from now() - installed_at) / 86400)::integer from app_private.signing_keys
           where purpose = 'ticket' and slot = 1),
         (select floor(extract(epoch from now() - max(created_at)) / 86400)::integer from app.key_encryption_keys)
$$;
comment on function app.startup_facts is 'Names of the applied migrations, the newest of them, and the ages in days of the newest key that signs access tokens, of CONTEXT_KEY and of the newest key-encryption key (NULL: none yet).';
grant execute on function app.startup_facts to causeway_app;

reset role;
revoke create on schema app from causeway_resolver;
