-- As in 0229, and a grant to a blocked client is as good as revoked, as 0151 had it.
create or replace function app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text) returns text
language sql stable
as $$
  select case kind
    when 'system' then (
      select 'unknown' from app.tenants as t where t.tenant_id = credential_refusal.tenant_id and t.status = 'erasing')
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
