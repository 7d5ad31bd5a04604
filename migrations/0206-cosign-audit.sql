-- What witnesses said of checkpoints: one line each, made with keys that this deployment never has.

create table app.audit_cosignatures (
  tree_size bigint not null references app.audit_checkpoints (tree_size),
  line text not null check (line ~ '^— [^ +]+ [A-Za-z0-9+/=]+$' and length(line) <= 500),
  created_at timestamptz not null default clock_timestamp(),
  primary key (tree_size, line)
);
alter table app.audit_cosignatures enable row level security;
alter table app.audit_cosignatures force row level security;
create policy backup on app.audit_cosignatures for select to causeway_backup using (true);
create policy keeper on app.audit_cosignatures for all to causeway_keeper using (true) with check (true);
grant select on app.audit_cosignatures to causeway_backup;
grant select, insert on app.audit_cosignatures to causeway_keeper;
create trigger append_only before update or delete or truncate on app.audit_cosignatures
  for each statement execute function app_private.refuse_change();
alter table app.audit_cosignatures enable always trigger append_only;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.witness_request(old_size bigint) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('size', c.tree_size, 'note', c.note,
                            'proof', app.consistency_proof('deployment', old_size, c.tree_size))
    from app.audit_checkpoints as c order by c.tree_size desc limit 1
$$;
comment on function app.witness_request is 'The newest checkpoint, and that the tree of old_size is its beginning: {size, note, proof}.';

create function app.add_audit_cosignature(checkpoint text, line text) returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into app.audit_cosignatures (tree_size, line)
  select c.tree_size, line from app.audit_checkpoints as c where c.tree_size = checkpoint::bigint
  on conflict do nothing
  returning tree_size
$$;
comment on function app.add_audit_cosignature is 'Keeps a witness''s line for the checkpoint of that size; NULL where there is none, or it is known.';

-- As of 0192; what witnesses said follows the deployment's own signature.
create function app.audit_proof(tenant text, cosigned boolean) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
           'tenant', h.tenant_id, 'size', h.tree_size, 'root', encode(h.root_hash, 'base64'),
           'head_index', h.head_index, 'head_proof', app.inclusion_proof('deployment', h.head_index, c.tree_size),
           'checkpoint', c.note || coalesce((select string_agg(w.line || E'\n', '' order by w.created_at)
                                               from app.audit_cosignatures as w where w.tree_size = c.tree_size), ''),
           'uncovered', (select count(*) from app.audit_seals as s where s.tenant_id = h.tenant_id and s.leaf_index >= h.tree_size)
                        + (select count(*) from app.audit_unsealed as u where u.tenant_id = h.tenant_id))
    from (select k.* from app.audit_checkpoints as k
           where not cosigned or exists (select from app.audit_cosignatures as w where w.tree_size = k.tree_size)
           order by k.tree_size desc limit 1) as c
    join app.audit_heads as h on h.tenant_id = audit_proof.tenant and h.head_index < c.tree_size
   order by h.tree_size desc limit 1
$$;
create or replace function app.system_audit_proof() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select app.audit_proof(app.tenant_id(), false) where app.is_in_session() and app.may_read_audit() $$;
drop function app.export_audit_proof(text);
create function app.export_audit_proof(tenant text, cosigned boolean) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select app.audit_proof(tenant, cosigned) $$;
drop function app.audit_proof(text);

grant execute on function app.witness_request, app.add_audit_cosignature, app.export_audit_proof to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;
