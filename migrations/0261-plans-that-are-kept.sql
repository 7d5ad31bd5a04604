-- Asked in each run or each call, these three were SQL functions, which a statement that calls one sets up anew; PL/pgSQL keeps their
-- plans for the session. CPU of a run's two transactions: 0.6 ms of 5.6 less (docs/performance.md). They answer the same.

-- As in 0224.
create or replace function app.pins_withheld(project text, pinned jsonb) returns boolean
language plpgsql stable
as $$
begin
  return pinned is distinct from '[]' and exists (
    select from jsonb_array_elements(pinned) as p
      join app.data_sources as d on d.project_id = pins_withheld.project and d.source_id = p ->> 'source'
     where d.agent_sees = 'schema_only');
end
$$;

-- As in 0053.
create or replace function app.credential_scopes(kind text, tenant_id text, credential_id text) returns text[]
language plpgsql stable
as $$
begin
  if kind is distinct from 'oauth' then
    return null;
  end if;
  return (select g.scopes from app.oauth_grants as g
           where g.tenant_id = credential_scopes.tenant_id and g.grant_id = credential_scopes.credential_id);
end
$$;

-- As in 0234.
create or replace function app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text) returns text
language plpgsql stable
as $$
begin
  case kind
    when 'system' then
      return (select 'unknown' from app.tenants as t
               where t.tenant_id = credential_refusal.tenant_id and t.status = 'erasing');
    when 'executor' then
      return nullif(coalesce((
        select case
                 when e.revoked_at is not null then 'revoked'
                 when exists (select from app.runs as r
                               where r.tenant_id = credential_refusal.tenant_id and r.pool_id = e.pool_id
                                 and r.state = 'queued') then 'alive'
                 else 'unknown'
               end
          from app.executors as e
         where e.executor_id = credential_refusal.credential_id), 'unknown'), 'alive');
    when 'oauth' then
      return nullif(coalesce((
        select case
                 when g.revoked_at is not null or c.revoked_at is not null or app.blocks_client(g.tenant_id, g.client_id) then 'revoked'
                 when g.expires_at <= clock_timestamp() then 'expired'
                 when g.activated_at is null then 'unknown'
                 else 'alive'
               end
          from app.oauth_grants as g join app.oauth_clients as c using (client_id)
         where g.tenant_id = credential_refusal.tenant_id and g.grant_id = credential_refusal.credential_id
           and g.user_id = credential_refusal.user_id), 'unknown'), 'alive');
    when 'session' then
      return nullif(coalesce((
        select case
                 when s.revoked_at is not null then 'revoked'
                 when s.idle_until <= clock_timestamp() or s.expires_at <= clock_timestamp() then 'expired'
                 else 'alive'
               end
          from app.sessions as s
         where s.session_id = credential_refusal.credential_id and s.user_id = credential_refusal.user_id), 'unknown'), 'alive');
    else
      return 'unknown';
  end case;
end
$$;
