-- The authorization server: keys, clients, grants, and what is exchanged for tokens.
--
-- Clients and keys belong to the deployment and have no tenant; the Worker reaches them through functions alone. A grant
-- is one person's consent to one client in one tenant. Everything that a client holds hangs on a grant, so that its end
-- ends all of it, on the next request (app.credential_refusal).

select app_private.create_id_domain('gra');

-- `private_key` is an AES-256-GCM envelope of a JWK (worker/seal/envelope.ts) that the Worker and the operator can open.
create table app.oauth_keys (
  key_id text primary key check (key_id ~ '^[A-Za-z0-9_-]{16,64}$'),
  algorithm text not null default 'ES256' check (algorithm = 'ES256'),
  public_jwk jsonb not null check (jsonb_typeof(public_jwk) = 'object' and not public_jwk ? 'd'),
  private_key text not null check (private_key ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$'),
  created_at timestamptz not null default now(),
  -- Published from creation on; signs from here until a later key does; verifies until published_until.
  signs_from timestamptz not null default now(),
  published_until timestamptz
);

create table app.oauth_clients (
  -- `cli_...` for a registered one, the URL of its document for one that is known by its metadata document.
  client_id text primary key check (length(client_id) between 8 and 1000),
  origin text not null check (origin in ('registered', 'document', 'operator')),
  name text not null check (length(name) between 1 and 200),
  metadata jsonb not null check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 16384),
  secret_sha256 app.sha256,
  created_at timestamptz not null default now(),
  -- When a registration that no one used, or a cached document, is worth nothing any more.
  expires_at timestamptz,
  revoked_at timestamptz,
  check ((secret_sha256 is null) = (metadata ->> 'token_endpoint_auth_method' = 'none'))
);

create table app.oauth_grants (
  tenant_id app.ten_id not null default app.tenant_id(),
  grant_id app.gra_id not null,
  user_id app.usr_id not null default app.user_id(),
  client_id text not null check (length(client_id) <= 1000),
  scopes text[] not null check (cardinality(scopes) between 1 and 50),
  resource text not null check (length(resource) <= 1000),
  created_at timestamptz not null default now(),
  -- A consent is not for ever: beyond this the person is asked again.
  expires_at timestamptz not null default now() + interval '180 days',
  -- Null until the client has its first tokens: an unused consent is no connected agent.
  activated_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_because text check (revoked_because in ('person', 'client', 'code_reuse', 'refresh_reuse', 'operator')),
  primary key (tenant_id, grant_id),
  foreign key (tenant_id, user_id) references app.memberships (tenant_id, user_id),
  check ((revoked_at is null) = (revoked_because is null))
);
create index oauth_grants_by_grant on app.oauth_grants (grant_id);
create index oauth_grants_by_user on app.oauth_grants (tenant_id, user_id, created_at);
create index oauth_grants_by_client on app.oauth_grants (client_id);

create table app.oauth_codes (
  tenant_id app.ten_id not null default app.tenant_id(),
  code_sha256 app.sha256 not null,
  grant_id app.gra_id not null,
  redirect_uri text not null check (length(redirect_uri) <= 2000),
  code_challenge text not null check (code_challenge ~ '^[A-Za-z0-9_-]{43}$'),
  expires_at timestamptz not null default now() + interval '60 seconds',
  redeemed_at timestamptz,
  primary key (tenant_id, code_sha256),
  foreign key (tenant_id, grant_id) references app.oauth_grants (tenant_id, grant_id)
);
create index oauth_codes_by_code on app.oauth_codes (code_sha256);

create table app.oauth_refresh_tokens (
  tenant_id app.ten_id not null,
  token_sha256 app.sha256 not null,
  grant_id app.gra_id not null,
  -- 1 for the first of a grant; each successor counts on.
  generation integer not null check (generation >= 1),
  expires_at timestamptz not null,
  used_at timestamptz,
  -- The token that this one was exchanged for, as an envelope bound to this row: given again to a racing twin.
  successor text check (successor ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$'),
  primary key (tenant_id, token_sha256),
  foreign key (tenant_id, grant_id) references app.oauth_grants (tenant_id, grant_id),
  check ((used_at is null) = (successor is null))
);
create index oauth_refresh_tokens_by_token on app.oauth_refresh_tokens (token_sha256);
create index oauth_refresh_tokens_by_grant on app.oauth_refresh_tokens (tenant_id, grant_id, generation);

-- A device asks before anyone has said for whom, so it has no tenant until a person approves.
create table app.oauth_devices (
  device_code_sha256 app.sha256 primary key,
  user_code_sha256 app.sha256 not null unique,
  client_id text not null,
  scopes text[] not null check (cardinality(scopes) between 1 and 50),
  resource text not null check (length(resource) <= 1000),
  expires_at timestamptz not null,
  interval_seconds integer not null default 5 check (interval_seconds between 1 and 600),
  polled_at timestamptz,
  decision text check (decision in ('approved', 'denied')),
  grant_id app.gra_id,
  redeemed_at timestamptz,
  check ((decision = 'approved') = (grant_id is not null) or decision is null)
);

select app_private.protect_table(name::regclass)
  from unnest(array['app.oauth_grants', 'app.oauth_codes', 'app.oauth_refresh_tokens']) as name;

do $$
declare
  name text;
begin
  foreach name in array array['oauth_keys', 'oauth_clients', 'oauth_devices'] loop
    execute format('alter table app.%I enable row level security', name);
    execute format('alter table app.%I force row level security', name);
    execute format('create policy backup on app.%I for select to causeway_backup using (true)', name);
    execute format('grant select on app.%I to causeway_backup', name);
  end loop;
  foreach name in array array['oauth_keys', 'oauth_clients', 'oauth_devices', 'oauth_grants', 'oauth_codes', 'oauth_refresh_tokens'] loop
    execute format('create policy resolver on app.%I for select to causeway_resolver using (true)', name);
    execute format('create policy keeper on app.%I for all to causeway_keeper using (true) with check (true)', name);
    execute format('grant select on app.%I to causeway_resolver', name);
    execute format('grant select, insert, update, delete on app.%I to causeway_keeper', name);
  end loop;
end
$$;

grant select on app.oauth_grants to causeway_app;
grant insert (grant_id, client_id, scopes, resource), update (revoked_at, revoked_because) on app.oauth_grants to causeway_app;
grant insert (code_sha256, grant_id, redirect_uri, code_challenge) on app.oauth_codes to causeway_app;
