-- The request log: what was asked with tokens, by API tokens and by agents alike. TenantGate collects the entries of a
-- second and writes them in one request, as the system. An entry holds no secret, no argument and no content.

create table app.token_uses (
  tenant_id app.ten_id not null default app.tenant_id(),
  -- One entry a request: a batch that is sent again because its answer was lost adds nothing.
  request_id text not null check (length(request_id) between 1 and 100),
  occurred_at timestamptz not null,
  credential_kind text check (credential_kind in ('api_token', 'oauth')),
  credential_id text check (length(credential_id) <= 100),
  user_id app.usr_id,
  method text check (length(method) <= 60),
  target text check (length(target) <= 100),
  address text check (length(address) <= 64),
  user_agent text check (length(user_agent) <= 200),
  latency_ms integer check (latency_ms >= 0),
  outcome text not null check (outcome in ('ok', 'refused', 'failed', 'dropped')),
  reason text check (length(reason) <= 60),
  dropped integer check (dropped > 0),
  primary key (tenant_id, request_id),
  foreign key (tenant_id) references app.tenants (tenant_id),
  constraint an_entry_or_a_gap check (
    case when outcome = 'dropped' then dropped is not null and credential_id is null
         else dropped is null and credential_kind is not null and credential_id is not null and method is not null
              and latency_ms is not null and (outcome = 'ok') = (reason is null) end)
);
create index token_uses_by_time on app.token_uses (tenant_id, occurred_at desc);
create index token_uses_by_credential on app.token_uses (tenant_id, credential_id, occurred_at desc);
create index token_uses_by_age on app.token_uses using brin (occurred_at);
comment on table app.token_uses is
  'One row for each request with a token, kept 90 days. outcome `dropped` stands for as many entries as `dropped` says.';

-- Apart from api_tokens, whose rows each entry reads: a row that changes with each use would be slow to read.
create table app.token_last_uses (
  tenant_id app.ten_id not null default app.tenant_id(),
  credential_id text not null check (length(credential_id) <= 100),
  last_used_at timestamptz not null,
  primary key (tenant_id, credential_id),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
comment on table app.token_last_uses is 'When a token or an agent was last admitted; it outlives the entries themselves.';

select app_private.protect_table('app.token_uses');
select app_private.protect_table('app.token_last_uses');
grant select on app.token_uses, app.token_last_uses to causeway_app;

create policy keeper on app.token_uses for all to causeway_keeper using (true) with check (true);
create policy keeper on app.token_last_uses for all to causeway_keeper using (true) with check (true);
grant select, insert, delete on app.token_uses to causeway_keeper;
grant select, insert, update on app.token_last_uses to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_record_token_uses(uses jsonb, dropped integer) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  tenant text := app.tenant_id();
begin
  -- Only the Worker itself, entered without a person, adds entries: what is injected into a person's call adds none.
  if (app.context() ->> 'kind') is distinct from 'system' then
    raise exception 'entries are added by the system alone' using errcode = 'insufficient_privilege';
  end if;
  insert into app.token_uses (tenant_id, request_id, occurred_at, credential_kind, credential_id, user_id, method, target,
                              address, user_agent, latency_ms, outcome, reason)
  select tenant, u.request, u.at, u.kind, u.credential, u.user_id, u.method, u.target,
         u.address, u.agent, u.latency_ms, u.outcome, u.reason
    from jsonb_to_recordset(uses) as u(request text, at timestamptz, kind text, credential text, user_id text, method text,
                                       target text, address text, agent text, latency_ms integer, outcome text, reason text)
  on conflict do nothing;
  if system_record_token_uses.dropped > 0 then
    insert into app.token_uses (tenant_id, request_id, occurred_at, outcome, dropped)
    values (tenant, app.new_id('req'), clock_timestamp(), 'dropped', system_record_token_uses.dropped);
  end if;
  insert into app.token_last_uses as known (tenant_id, credential_id, last_used_at)
  select tenant, u.credential, max(u.at)
    from jsonb_to_recordset(uses) as u(credential text, at timestamptz, outcome text, admitted boolean)
   where u.admitted
   group by u.credential
  on conflict on constraint token_last_uses_pkey do update
    set last_used_at = greatest(known.last_used_at, excluded.last_used_at);
end
$$;
comment on function app.system_record_token_uses is
  'Adds the entries of a batch to the entered tenant''s request log, and one row for those that found no room.';

create function app.system_sweep_token_uses() returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with gone as (delete from app.token_uses where occurred_at < now() - interval '90 days' returning 1)
  select count(*) from gone
$$;
comment on function app.system_sweep_token_uses is 'Forgets entries of the request log after 90 days.';

grant execute on function app.system_record_token_uses, app.system_sweep_token_uses to causeway_app;

drop function app.list_api_tokens(text);
create function app.list_api_tokens(tenant_id text)
returns table (
  token_id text, name text, email text, scopes text[], role_ceiling text,
  created_at timestamptz, expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.token_id, k.name, u.email, k.scopes, k.role_ceiling, k.created_at, k.expires_at, k.revoked_at, l.last_used_at
    from app.api_tokens as k join app.users as u using (user_id)
    left join app.token_last_uses as l on l.tenant_id = k.tenant_id and l.credential_id = k.token_id
   where k.tenant_id = list_api_tokens.tenant_id
   order by k.created_at, k.token_id
$$;

create function app.list_token_uses(tenant_id text, credential_id text, rows_max integer)
returns table (
  occurred_at timestamptz, credential_id text, method text, target text, address text, user_agent text,
  latency_ms integer, outcome text, reason text, dropped integer, request_id text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select l.occurred_at, l.credential_id, l.method, l.target, l.address, l.user_agent,
         l.latency_ms, l.outcome, l.reason, l.dropped, l.request_id
    from app.token_uses as l
   where l.tenant_id = list_token_uses.tenant_id
     and (list_token_uses.credential_id is null or l.credential_id = list_token_uses.credential_id)
   order by l.occurred_at desc
   limit rows_max
$$;
comment on function app.list_token_uses is 'The newest entries of a tenant''s request log, of one credential or of all.';
grant execute on function app.list_api_tokens, app.list_token_uses to causeway_owner;

reset role;
revoke create on schema app from causeway_keeper;
