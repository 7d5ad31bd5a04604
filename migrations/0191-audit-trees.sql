-- Sealing. Each tenant's events are the leaves of an RFC 6962 tree, in an order that is given when they are sealed, for ids
-- and positions commit out of order. The heads of all tenants' trees are the leaves of one more tree, that of the deployment;
-- its root is what a checkpoint signs. So one signature covers everybody, and a tenant in which nothing happens costs nothing.
--
-- The database computes every hash. The Worker only says when, and signs.

create domain app.tree_hash as bytea check (length(value) = 32);

-- What waits for its leaf. It is filled by a trigger in the event's own transaction, so no event can miss it.
create table app.audit_unsealed (
  tenant_id app.ten_id not null,
  event_id app.evt_id not null,
  primary key (tenant_id, event_id)
);

create table app.audit_seals (
  tenant_id app.ten_id not null,
  leaf_index bigint not null check (leaf_index >= 0),
  event_id app.evt_id not null,
  sealed_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, leaf_index),
  unique (tenant_id, event_id),
  foreign key (tenant_id) references app.tenants (tenant_id)
);
comment on table app.audit_seals is 'Which event is which leaf of its tenant''s tree. It outlives the event, as its hash does.';

create table app.audit_heads (
  tenant_id app.ten_id not null,
  tree_size bigint not null check (tree_size > 0),
  root_hash app.tree_hash not null,
  -- Its leaf in the tree of the deployment.
  head_index bigint not null check (head_index >= 0),
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, tree_size),
  foreign key (tenant_id) references app.tenants (tenant_id)
);

-- Trees are known by their tenant; the one of the deployment by `deployment`. They hold hashes alone.
create table app.audit_trees (
  tree text collate "C" primary key,
  tree_size bigint not null default 0 check (tree_size >= 0)
);
create table app.audit_nodes (
  tree text collate "C" not null,
  level smallint not null check (level between 0 and 62),
  node_index bigint not null check (node_index >= 0),
  node_hash app.tree_hash not null,
  primary key (tree, level, node_index)
);
comment on table app.audit_nodes is 'Complete subtrees: that of level l and index i has the leaves from i * 2^l on. Level 0 are the leaves.';

create table app.audit_checkpoints (
  tree_size bigint primary key check (tree_size > 0),
  note text not null check (length(note) <= 8192),
  created_at timestamptz not null default clock_timestamp()
);
comment on table app.audit_checkpoints is 'Signed notes (C2SP tlog-checkpoint) over the tree of the deployment, each naming the one before.';

create table app.audit_keys (
  public_key text primary key check (public_key ~ '^[^+[:space:]]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$'),
  private_key text not null check (private_key ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$'),
  created_at timestamptz not null default clock_timestamp()
);
comment on table app.audit_keys is 'The key that signs checkpoints: public as a C2SP verifier key, private as an envelope.';

do $$
declare
  name text;
begin
  foreach name in array array['audit_unsealed', 'audit_seals', 'audit_heads'] loop
    perform app_private.protect_table(format('app.%I', name)::regclass);
  end loop;
  foreach name in array array['audit_trees', 'audit_nodes', 'audit_checkpoints', 'audit_keys'] loop
    execute format('alter table app.%I enable row level security', name);
    execute format('alter table app.%I force row level security', name);
    execute format('create policy backup on app.%I for select to causeway_backup using (true)', name);
    execute format('grant select on app.%I to causeway_backup', name);
  end loop;
  foreach name in array array[
    'audit_unsealed', 'audit_seals', 'audit_heads', 'audit_trees', 'audit_nodes', 'audit_checkpoints', 'audit_keys'] loop
    execute format('create policy keeper on app.%I for all to causeway_keeper using (true) with check (true)', name);
    execute format('grant select, insert on app.%I to causeway_keeper', name);
  end loop;
  foreach name in array array['audit_seals', 'audit_heads', 'audit_nodes', 'audit_checkpoints', 'audit_keys'] loop
    execute format('create trigger append_only before update or delete or truncate on app.%I '
                   'for each statement execute function app_private.refuse_change()', name);
    execute format('alter table app.%I enable always trigger append_only', name);
  end loop;
end
$$;
grant delete on app.audit_unsealed to causeway_keeper;
grant update on app.audit_trees to causeway_keeper;

grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.append_to_tree(tree text, leaves bytea[]) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  size bigint;
  level integer;
  carry bytea;
  -- peaks[l + 1] is the complete subtree of level l that still has no sibling to its right.
  peaks bytea[] := '{}';
begin
  insert into app.audit_trees (tree) values (tree) on conflict do nothing;
  select t.tree_size into size from app.audit_trees as t where t.tree = append_to_tree.tree for update;
  for depth in 0 .. 62 loop
    if (size >> depth) & 1 = 1 then
      peaks[depth + 1] := (select n.node_hash from app.audit_nodes as n
                            where n.tree = append_to_tree.tree and n.level = depth and n.node_index = (size >> depth) - 1);
    end if;
  end loop;
  foreach carry in array leaves loop
    level := 0;
    insert into app.audit_nodes (tree, level, node_index, node_hash) values (tree, 0, size, carry);
    while (size >> level) & 1 = 1 loop
      carry := sha256('\x01'::bytea || peaks[level + 1] || carry);
      level := level + 1;
      insert into app.audit_nodes (tree, level, node_index, node_hash) values (tree, level, size >> level, carry);
    end loop;
    peaks[level + 1] := carry;
    size := size + 1;
  end loop;
  update app.audit_trees as t set tree_size = size where t.tree = append_to_tree.tree;
  return size;
end
$$;
comment on function app.append_to_tree is 'Adds leaves, by their hashes, and every subtree that they complete (RFC 6962, section 2.1). Returns the new size.';

create function app.tree_root(tree text, first_leaf bigint, leaf_count bigint) returns bytea
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  height integer := 0;
begin
  if leaf_count = 0 then
    return sha256('');
  end if;
  while leaf_count >> (height + 1) > 0 loop
    height := height + 1;
  end loop;
  if 1::bigint << height = leaf_count then
    return (select n.node_hash from app.audit_nodes as n
             where n.tree = tree_root.tree and n.level = height and n.node_index = first_leaf >> height);
  end if;
  return sha256('\x01'::bytea || app.tree_root(tree, first_leaf, 1::bigint << height)
                || app.tree_root(tree, first_leaf + (1::bigint << height), leaf_count - (1::bigint << height)));
end
$$;
comment on function app.tree_root is 'The hash of a subtree: first_leaf is a multiple of the power of two that is not below leaf_count.';

create function app.split_of(leaf_count bigint) returns bigint
language plpgsql immutable strict
set search_path = pg_catalog, pg_temp
as $$
declare
  left_count bigint := 1;
begin
  while left_count * 2 < leaf_count loop
    left_count := left_count * 2;
  end loop;
  return left_count;
end
$$;
comment on function app.split_of is 'The largest power of two that is below leaf_count (RFC 6962, section 2.1).';

create function app.inclusion_proof(tree text, leaf bigint, tree_size bigint) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  first_leaf bigint := 0;
  rest bigint := tree_size;
  left_count bigint;
  sibling bytea;
  proof jsonb := '[]';
begin
  while rest > 1 loop
    left_count := app.split_of(rest);
    if leaf < first_leaf + left_count then
      sibling := app.tree_root(tree, first_leaf + left_count, rest - left_count);
      rest := left_count;
    else
      sibling := app.tree_root(tree, first_leaf, left_count);
      first_leaf := first_leaf + left_count;
      rest := rest - left_count;
    end if;
    proof := jsonb_build_array(encode(sibling, 'base64')) || proof;
  end loop;
  return proof;
end
$$;
comment on function app.inclusion_proof is 'The audit path of a leaf, from the bottom up (RFC 6962, section 2.1.1).';

create function app.consistency_proof(tree text, old_size bigint, new_size bigint) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  first_leaf bigint := 0;
  old_rest bigint := old_size;
  rest bigint := new_size;
  left_count bigint;
  -- Whether what is left of the old tree is the old tree itself, whose root the verifier has.
  is_whole boolean := true;
  sibling bytea;
  proof jsonb := '[]';
begin
  if old_size <= 0 or old_size >= new_size then
    return proof;
  end if;
  while old_rest < rest loop
    left_count := app.split_of(rest);
    if old_rest <= left_count then
      sibling := app.tree_root(tree, first_leaf + left_count, rest - left_count);
      rest := left_count;
    else
      sibling := app.tree_root(tree, first_leaf, left_count);
      first_leaf := first_leaf + left_count;
      old_rest := old_rest - left_count;
      rest := rest - left_count;
      is_whole := false;
    end if;
    proof := jsonb_build_array(encode(sibling, 'base64')) || proof;
  end loop;
  return case when is_whole then proof
              else jsonb_build_array(encode(app.tree_root(tree, first_leaf, rest), 'base64')) || proof end;
end
$$;
comment on function app.consistency_proof is 'That the tree of old_size is the beginning of that of new_size (RFC 6962, section 2.1.2).';

reset role;
revoke create on schema app from causeway_keeper;
