-- What the Worker must know of the database before it serves, beside its catalogue: which migration is its newest, and how
-- old the key is that signs access tokens.

grant usage on schema migrations to causeway_resolver;
grant select on migrations.applied to causeway_resolver;

grant create on schema app to causeway_resolver;
set local role causeway_resolver;

create function app.startup_facts(out newest_migration text, out signing_key_days integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select (select max(name) from migrations.applied),
         (select floor(extract(epoch from now() - max(signs_from)) / 86400)::integer from app.oauth_keys
           where (published_until is null or published_until > now()) and signs_from <= now())
$$;
comment on function app.startup_facts is 'The newest migration, and the age in days of the newest key that signs access tokens (NULL: none yet).';
grant execute on function app.startup_facts to causeway_app;

reset role;
revoke create on schema app from causeway_resolver;
