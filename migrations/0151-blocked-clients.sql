-- A tenant's admins end a client for the whole tenant, and block one: then nobody of the tenant can let it in, and what
-- it still holds is refused. Other tenants of the same client do not notice.

create table app.blocked_clients (
  tenant_id app.ten_id not null default app.tenant_id(),
  client_id text not null check (length(client_id) <= 1000),
  blocked_by app.usr_id not null default app.user_id(),
  blocked_at timestamptz not null default now(),
  primary key (tenant_id, client_id),
  foreign key (tenant_id) references app.tenants (tenant_id),
  foreign key (tenant_id, blocked_by) references app.memberships (tenant_id, user_id)
);
select app_private.protect_table('app.blocked_clients');
create policy resolver on app.blocked_clients for select to causeway_resolver using (true);
create policy keeper on app.blocked_clients for all to causeway_keeper using (true) with check (true);
grant select on app.blocked_clients to causeway_app, causeway_resolver, causeway_keeper;
grant insert, delete on app.blocked_clients to causeway_keeper;

create function app.blocks_client(tenant_id text, client_id text) returns boolean
language sql stable
as $$
  select exists (select from app.blocked_clients as b
                  where b.tenant_id = blocks_client.tenant_id and b.client_id = blocks_client.client_id)
$$;
comment on function app.blocks_client is 'Whether the admins of a tenant have blocked a client; the caller''s own rights decide of which tenants it can tell.';
grant execute on function app.blocks_client to causeway_app, causeway_resolver, causeway_keeper;

-- As in 0053, and a grant to a blocked client is as good as revoked. A block ends all grants that it sees; one that was
-- being given at that very moment it does not see.
create or replace function app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text) returns text
language sql stable
as $$
  select case kind
    when 'system' then null
    when 'executor' then nullif(coalesce((
      select case
               when e.revoked_at is not null then 'revoked'
               when exists (select from app.runs as r
                             where r.tenant_id = credential_refusal.tenant_id and r.pool_id = e.pool_id
                               and r.state = 'queued') then 'alive'
               else 'unknown'
             end
        from app.executors as e
       where e.executor_id = credential_refusal.credential_id), 'unknown'), 'alive')
    when 'oauth' then nullif(coalesce((
      select case
               when g.revoked_at is not null or c.revoked_at is not null or app.blocks_client(g.tenant_id, g.client_id) then 'revoked'
               when g.expires_at <= clock_timestamp() then 'expired'
               when g.activated_at is null then 'unknown'
               else 'alive'
             end
        from app.oauth_grants as g join app.oauth_clients as c using (client_id)
       where g.tenant_id = credential_refusal.tenant_id and g.grant_id = credential_refusal.credential_id
         and g.user_id = credential_refusal.user_id), 'unknown'), 'alive')
    when 'session' then nullif(coalesce((
      select case
               when s.revoked_at is not null then 'revoked'
               when s.idle_until <= clock_timestamp() or s.expires_at <= clock_timestamp() then 'expired'
               else 'alive'
             end
        from app.sessions as s
       where s.session_id = credential_refusal.credential_id and s.user_id = credential_refusal.user_id), 'unknown'), 'alive')
    else 'unknown'
  end
$$;

-- As in 0051, and a blocked client gets no tokens.
create or replace function app_private.grant_facts(g app.oauth_grants) returns jsonb
language sql stable
as $$
  select jsonb_build_object(
    'tenant_id', (g).tenant_id, 'grant_id', (g).grant_id, 'user_id', (g).user_id, 'client_id', (g).client_id,
    'scopes', (g).scopes, 'resource', (g).resource, 'expires_at', extract(epoch from (g).expires_at),
    'alive', (g).revoked_at is null and (g).expires_at > clock_timestamp()
             and exists (select from app.oauth_clients as c where c.client_id = (g).client_id and c.revoked_at is null)
             and not app.blocks_client((g).tenant_id, (g).client_id)
             and exists (select from app.users as u join app.memberships as m using (user_id) join app.tenants as t using (tenant_id)
                          where u.user_id = (g).user_id and m.tenant_id = (g).tenant_id and u.status = 'active'
                            and m.status = 'active' and t.status = 'active'))
$$;

-- As in 0052, and nobody lets a blocked client in.
create or replace function app.consent_to_oauth_client(grant_id text, client_id text, scopes text[], resource text, code jsonb) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if app.context() ->> 'kind' is distinct from 'session' then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role', 'message', 'Only a signed-in person can let an agent in.');
  end if;
  if app.blocks_client(app.tenant_id(), client_id) then
    perform app.audit('agent.consent', 'client', left(client_id, 300), 'refused',
                      jsonb_build_object('client', client_id, 'code', 'client_blocked'));
    return '{"ok": false, "code": "client_blocked"}';
  end if;
  insert into app.oauth_grants (grant_id, client_id, scopes, resource) values (grant_id, client_id, scopes, resource);
  if code is not null then
    insert into app.oauth_codes (code_sha256, grant_id, redirect_uri, code_challenge)
    values (code ->> 'sha256', grant_id, code ->> 'redirect_uri', code ->> 'challenge');
  end if;
  perform app.audit('agent.consent', 'grant', grant_id, 'ok', jsonb_build_object('client', client_id, 'scopes', scopes));
  return jsonb_build_object('ok', true, 'grant_id', grant_id);
end
$$;
comment on function app.consent_to_oauth_client is
  'Grants a client scopes for the acting person in the entered tenant. `code` is {sha256, redirect_uri, challenge}, or null for a device. Refuses with insufficient_role or client_blocked.';

grant create on schema app to causeway_resolver, causeway_keeper;
set local role causeway_keeper;

-- As in 0052; where the consent before it was refused, it refuses for the same reason, so that the refusal is recorded.
create or replace function app.system_decide_oauth_device(user_code_sha256 text, grant_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  if app.context() ->> 'kind' is distinct from 'session' then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  if grant_id is not null and exists (
    select from app.oauth_devices as d
     where d.user_code_sha256 = system_decide_oauth_device.user_code_sha256 and app.blocks_client(app.tenant_id(), d.client_id)
  ) then
    return '{"ok": false, "code": "client_blocked"}';
  end if;
  update app.oauth_devices as d
     set decision = case when grant_id is null then 'denied' else 'approved' end, grant_id = system_decide_oauth_device.grant_id
   where d.user_code_sha256 = system_decide_oauth_device.user_code_sha256 and d.decision is null and d.expires_at > clock_timestamp()
     and (system_decide_oauth_device.grant_id is null or exists (
           select from app.oauth_grants as g
            where g.tenant_id = app.tenant_id() and g.user_id = app.user_id() and g.client_id = d.client_id
              and g.grant_id = system_decide_oauth_device.grant_id and g.activated_at is null));
  if not found then
    raise exception 'the device is decided or gone' using errcode = 'CW002';
  end if;
  return jsonb_build_object('ok', true);
end
$$;
comment on function app.system_decide_oauth_device is
  'Approves a waiting device with a grant of the acting person, or denies it (null). Refuses with client_blocked. Raises CW002 where nothing waits: then the grant is not made either.';

-- The refusal of a change of a client by the entered person, or NULL. A client that nobody of the tenant ever let in is
-- not there, whoever else knows it.
create function app.client_change_refusal(client_id text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not app.administers() then '{"ok": false, "code": "insufficient_role"}'::jsonb
    when app.blocks_client(app.tenant_id(), client_change_refusal.client_id)
      or exists (select from app.oauth_grants as g
                  where g.tenant_id = app.tenant_id() and g.client_id = client_change_refusal.client_id) then null
    else '{"ok": false, "code": "not_found"}'::jsonb
  end
$$;

create function app.end_client_grants(client_id text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  ended record;
  agents integer := 0;
begin
  for ended in
    update app.oauth_grants as g set revoked_at = clock_timestamp(), revoked_because = 'person'
     where g.tenant_id = app.tenant_id() and g.client_id = end_client_grants.client_id and g.revoked_at is null
     returning g.grant_id, g.user_id, g.activated_at is not null and g.expires_at > clock_timestamp() as was_connected
  loop
    perform app.audit('agent.revoke', 'grant', ended.grant_id, 'ok',
                      jsonb_build_object('user', ended.user_id, 'client', client_id, 'because', 'person'));
    agents := agents + ended.was_connected::integer;
  end loop;
  return agents;
end
$$;
comment on function app.end_client_grants is
  'Ends all that members of the entered tenant granted to a client, also what waits for its first tokens; how many agents were connected.';

create function app.system_end_client(client_id text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant jsonb := app.client_change_refusal(client_id);
begin
  if refusal is not null then return refusal; end if;
  return jsonb_build_object('ok', true, 'ended', app.end_client_grants(client_id));
end
$$;
comment on function app.system_end_client is
  'Ends every agent of a client in the entered tenant: {ended}. Refuses with insufficient_role or not_found.';

create function app.system_block_client(client_id text, blocked boolean) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.client_change_refusal(client_id);
  changed boolean;
  agents integer;
begin
  if refusal is not null then return refusal; end if;
  if blocked then
    insert into app.blocked_clients (tenant_id, client_id, blocked_by)
    values (app.tenant_id(), client_id, app.user_id()) on conflict do nothing;
  else
    delete from app.blocked_clients as b where b.tenant_id = app.tenant_id() and b.client_id = system_block_client.client_id;
  end if;
  changed := found;
  -- Unblocking too: a grant that was given while the block was being made does not wake.
  agents := case when changed then app.end_client_grants(client_id) else 0 end;
  if changed then
    perform app.audit(case when blocked then 'client.block' else 'client.unblock' end, 'client', left(client_id, 300), 'ok',
                      jsonb_build_object('client', client_id, 'agents', agents));
  end if;
  return jsonb_build_object('ok', true, 'changed', changed, 'ended', agents);
end
$$;
comment on function app.system_block_client is
  'Blocks a client in the entered tenant and ends its agents, or lets it be let in again: {changed, ended}. Refuses with insufficient_role or not_found.';
grant execute on function app.system_end_client, app.system_block_client to causeway_app;

set local role causeway_resolver;
drop function app.tenant_clients();
create function app.tenant_clients()
returns table (client_id text, name text, origin text, people bigint, agents bigint, last_used_at timestamptz, blocked_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with living as (
    select g.client_id, g.user_id, coalesce(g.last_used_at, g.activated_at) as last_used_at
      from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
     where g.tenant_id = (select app.tenant_id()) and g.revoked_at is null and g.activated_at is not null
       and g.expires_at > clock_timestamp() and c.revoked_at is null
  ), blocked as (
    select b.client_id, b.blocked_at from app.blocked_clients as b where b.tenant_id = (select app.tenant_id())
  )
  select client_id, coalesce(c.name, client_id), c.origin, count(distinct l.user_id), count(l.user_id), max(l.last_used_at), b.blocked_at
    from (select l.client_id from living as l union select b.client_id from blocked as b) as known
    left join living as l using (client_id)
    left join blocked as b using (client_id)
    left join app.oauth_clients as c using (client_id)
   where (select app.administers())
   group by client_id, c.name, c.origin, b.blocked_at
$$;
comment on function app.tenant_clients is
  'The clients to which people of the entered tenant have given access that lasts, and those that are blocked; nothing for who does not administer it.';
grant execute on function app.tenant_clients to causeway_app;

-- As in 0052, without what a blocked client holds.
create or replace function app.connected_agents()
returns table (grant_id text, user_id text, client_id text, client_name text, scopes text[], created_at timestamptz,
               last_used_at timestamptz, expires_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select g.grant_id, g.user_id, g.client_id, coalesce(c.name, g.client_id), g.scopes, g.created_at,
         coalesce(g.last_used_at, g.activated_at), g.expires_at
    from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
   where g.tenant_id = (select app.tenant_id()) and g.revoked_at is null and g.activated_at is not null
     and g.expires_at > clock_timestamp() and not app.blocks_client(g.tenant_id, g.client_id)
     and (g.user_id = (select app.user_id()) or app.role_rank((select app.role())) >= app.role_rank('admin'))
   order by g.created_at desc, g.grant_id
$$;

reset role;
revoke create on schema app from causeway_resolver, causeway_keeper;
