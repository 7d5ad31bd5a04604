-- Who gives events their leaves, what a checkpoint signs, and what an export says. See 0191.

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.queue_for_sealing() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.audit_unsealed (tenant_id, event_id) select a.tenant_id, a.event_id from added as a;
  return null;
end
$$;
grant execute on function app.queue_for_sealing to causeway_owner;

-- The leaf: its text is what is hashed, and stands in an export byte for byte. `v` changes when a member does.
create function app.audit_leaf(e app.audit_events) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'v', 1, 'tenant', e.tenant_id, 'event', e.event_id,
    'at', to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'user', e.actor_user_id, 'by', e.credential_kind, 'credential', e.credential_id, 'client', e.client_id,
    'action', e.action, 'kind', e.target_kind, 'target', e.target_id, 'outcome', e.outcome,
    'request', e.request_id, 'trace', e.trace_id, 'address', host(e.address), 'agent', e.user_agent,
    'input_sha256', e.input_sha256, 'input_bytes', e.input_bytes, 'details', e.details)::text
$$;

-- The Worker calls these apart from any tenant. What is injected into a call runs inside of one.
create function app.refuse_inside_tenant() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('app.context', true), '') <> '' then
    raise exception 'the audit log is sealed outside of every tenant' using errcode = 'insufficient_privilege';
  end if;
end
$$;

create function app.system_seal_audit(events_max integer) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  tenant text;
  sealed integer := 0;
  events text[];
  hashes bytea[];
  size bigint;
begin
  perform app.refuse_inside_tenant();
  -- Who asks first gets the order; who asks beside it finds nothing to do, or waits here.
  perform pg_advisory_xact_lock(hashtext('app.system_seal_audit'));
  for tenant in select distinct u.tenant_id from app.audit_unsealed as u loop
    exit when sealed >= events_max;
    with due as (
      delete from app.audit_unsealed as u
       where u.tenant_id = tenant
         and u.event_id in (select w.event_id from app.audit_unsealed as w where w.tenant_id = tenant
                             order by w.event_id limit events_max - sealed)
      returning u.event_id
    )
    select array_agg(e.event_id::text order by e.position),
           array_agg(sha256('\x00'::bytea || convert_to(app.audit_leaf(e), 'UTF8')) order by e.position)
      into events, hashes
      from due join app.audit_events as e on e.tenant_id = tenant and e.event_id = due.event_id;
    continue when events is null;
    size := app.append_to_tree(tenant, hashes) - cardinality(events);
    insert into app.audit_seals (tenant_id, leaf_index, event_id)
    select tenant, size + n - 1, event from unnest(events) with ordinality as s(event, n);
    sealed := sealed + cardinality(events);
  end loop;
  return sealed;
end
$$;
comment on function app.system_seal_audit is 'Gives waiting events of all tenants, at most so many, their leaves. Returns how many it sealed.';

create function app.system_draft_checkpoint() returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  head record;
  size bigint;
  roots app.tree_hash[] := '{}';
  leaves bytea[] := '{}';
  tenants text[] := '{}';
  sizes bigint[] := '{}';
begin
  perform app.refuse_inside_tenant();
  perform pg_advisory_xact_lock(hashtext('app.system_seal_audit'));
  for head in
    select t.tree, t.tree_size, app.tree_root(t.tree, 0, t.tree_size) as root
      from app.audit_trees as t
     where t.tree <> 'deployment'
       and t.tree_size > coalesce((select max(h.tree_size) from app.audit_heads as h where h.tenant_id = t.tree), 0)
     order by t.tree
  loop
    tenants := tenants || head.tree;
    sizes := sizes || head.tree_size;
    roots := roots || head.root::app.tree_hash;
    leaves := leaves || sha256('\x00'::bytea || convert_to(app.audit_head_text(head.tree, head.tree_size, head.root), 'UTF8'));
  end loop;
  if cardinality(leaves) > 0 then
    size := app.append_to_tree('deployment', leaves) - cardinality(leaves);
    insert into app.audit_heads (tenant_id, tree_size, root_hash, head_index)
    select tenants[n], sizes[n], roots[n], size + n - 1 from generate_subscripts(tenants, 1) as n;
  end if;
  select coalesce(max(t.tree_size), 0) into size from app.audit_trees as t where t.tree = 'deployment';
  return jsonb_build_object(
    'size', size, 'root', encode(app.tree_root('deployment', 0, size), 'base64'),
    'at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'last', (select jsonb_build_object('size', c.tree_size, 'sha256', encode(sha256(convert_to(c.note, 'UTF8')), 'hex'))
               from app.audit_checkpoints as c order by c.tree_size desc limit 1));
end
$$;
comment on function app.system_draft_checkpoint is
  'Adds the heads of the trees that grew to the tree of the deployment, and says what a checkpoint of it has to sign: {size, root, at, last: {size, sha256} | null}.';

create function app.audit_head_text(tenant_id text, tree_size bigint, root_hash bytea) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select format(E'causeway audit head v1\n%s\n%s\n%s\n', tenant_id, tree_size, encode(root_hash, 'base64')) $$;

create function app.system_add_checkpoint(tree_size bigint, note text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  insert into app.audit_checkpoints (tree_size, note) values (tree_size, note) on conflict do nothing
$$;
comment on function app.system_add_checkpoint is 'Stores a signed checkpoint; where one of that size is there, that one stays.';

create function app.system_last_checkpoint() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('size', c.tree_size, 'note', c.note,
                            'age_seconds', floor(extract(epoch from clock_timestamp() - c.created_at))::integer)
    from app.audit_checkpoints as c order by c.tree_size desc limit 1
$$;
comment on function app.system_last_checkpoint is 'The newest checkpoint {size, note, age_seconds}, or NULL.';

create function app.system_audit_key() returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select app.refuse_inside_tenant();
  select jsonb_build_object('public_key', k.public_key, 'private_key', k.private_key)
    from app.audit_keys as k order by k.created_at desc limit 1
$$;
comment on function app.system_audit_key is 'The key that signs checkpoints {public_key, private_key}, or NULL. The private key is an envelope.';

create function app.system_add_first_audit_key(public_key text, private_key text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  perform pg_advisory_xact_lock(hashtext('app.audit_keys'));
  if not exists (select from app.audit_keys) then
    insert into app.audit_keys (public_key, private_key) values (public_key, private_key);
  end if;
end
$$;

create function app.audit_lines(tenant text, tree_size bigint, from_index bigint, lines_max integer)
returns table (leaf_index bigint, line text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  leaf record;
  rest bigint;
  left_count bigint;
  proof text;
begin
  for leaf in
    select s.leaf_index, case when e.event_id is null then null else app.audit_leaf(e) end as event
      from app.audit_seals as s
      left join app.audit_events as e on e.tenant_id = s.tenant_id and e.event_id = s.event_id
     where s.tenant_id = tenant and s.leaf_index >= from_index and s.leaf_index < least(from_index + lines_max, tree_size)
     order by s.leaf_index
  loop
    -- The largest subtree that begins at this leaf; whoever reads in order knows its hash already, so what the line adds
    -- is only the siblings on the way down to the leaf.
    rest := case leaf.leaf_index when 0 then tree_size
                 else least(leaf.leaf_index & -leaf.leaf_index, tree_size - leaf.leaf_index) end;
    proof := '';
    while rest > 1 loop
      left_count := app.split_of(rest);
      proof := proof || case proof when '' then '"' else ',"' end
               || encode(app.tree_root(tenant, leaf.leaf_index + left_count, rest - left_count), 'base64') || '"';
      rest := left_count;
    end loop;
    leaf_index := leaf.leaf_index;
    line := format('{"index":%s,"proof":[%s],', leaf.leaf_index, proof)
            || case when leaf.event is null
                    then format('"removed":"%s"}', encode(app.tree_root(tenant, leaf.leaf_index, 1), 'base64'))
                    else '"event":' || leaf.event || '}' end;
    return next;
  end loop;
end
$$;

create function app.audit_proof(tenant text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
           'tenant', h.tenant_id, 'size', h.tree_size, 'root', encode(h.root_hash, 'base64'),
           'head_index', h.head_index, 'head_proof', app.inclusion_proof('deployment', h.head_index, c.tree_size),
           'checkpoint', c.note,
           'uncovered', (select count(*) from app.audit_seals as s where s.tenant_id = h.tenant_id and s.leaf_index >= h.tree_size)
                        + (select count(*) from app.audit_unsealed as u where u.tenant_id = h.tenant_id))
    from (select * from app.audit_checkpoints order by tree_size desc limit 1) as c
    join app.audit_heads as h on h.tenant_id = audit_proof.tenant and h.head_index < c.tree_size
   order by h.tree_size desc limit 1
$$;
comment on function app.audit_proof is
  'The newest head of a tenant''s tree that a checkpoint covers, with what ties the two together; NULL where none does.';

-- For the operator: every tenant, on this machine.
create function app.export_audit_proof(tenant text) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select app.audit_proof(tenant) $$;
create function app.export_audit_lines(tenant text, tree_size bigint, from_index bigint, lines_max integer)
returns table (leaf_index bigint, line text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select * from app.audit_lines(tenant, tree_size, from_index, lines_max) $$;

grant execute on function app.system_seal_audit, app.system_draft_checkpoint, app.system_add_checkpoint,
  app.system_last_checkpoint, app.system_audit_key, app.system_add_first_audit_key to causeway_app, causeway_owner;
grant execute on function app.export_audit_proof, app.export_audit_lines to causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;

create trigger queue_for_sealing after insert on app.audit_events
  referencing new table as added for each statement execute function app.queue_for_sealing();
alter table app.audit_events enable always trigger queue_for_sealing;

-- What was recorded before there were seals.
set local role causeway_keeper;
insert into app.audit_unsealed (tenant_id, event_id) select tenant_id, event_id from app.audit_events;
reset role;
