-- What the migrations make, printed from the catalogue: ./causeway migrate --print-schema > schema.sql
-- For review and for diffs, in alphabetical order; it is not meant to be executed. Do not edit.

-- Roles and memberships

create role causeway_app login noinherit;
grant causeway_app to causeway_owner with admin t, inherit f, set f;

create role causeway_backup nologin noinherit;
grant causeway_backup to causeway_owner with admin f, inherit f, set t;
grant causeway_backup to causeway_owner with admin t, inherit f, set f;

create role causeway_keeper nologin noinherit;
grant causeway_keeper to causeway_owner with admin f, inherit f, set t;
grant causeway_keeper to causeway_owner with admin t, inherit f, set f;

create role causeway_owner login inherit createrole;

create role causeway_resolver nologin noinherit;
grant causeway_resolver to causeway_owner with admin f, inherit f, set t;
grant causeway_resolver to causeway_owner with admin t, inherit f, set f;

-- Schemas and default privileges

create schema app authorization causeway_owner;
grant usage on schema app to causeway_app;
grant usage on schema app to causeway_backup;
grant usage on schema app to causeway_keeper;
grant usage on schema app to causeway_resolver;

create schema app_private authorization causeway_owner;
grant usage on schema app_private to causeway_backup;
grant usage on schema app_private to causeway_keeper;
grant usage on schema app_private to causeway_resolver;

create schema migrations authorization causeway_owner;
grant usage on schema migrations to causeway_backup;
grant usage on schema migrations to causeway_resolver;

-- default privileges of causeway_keeper on functions: {causeway_keeper=X/causeway_keeper}

-- default privileges of causeway_owner on functions: {causeway_owner=X/causeway_owner}

-- default privileges of causeway_resolver on functions: {causeway_resolver=X/causeway_resolver}

-- Domains

create domain app.aev_id as text collate "C"
  constraint aev_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^aev_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.agent_sees as text collate "C"
  constraint agent_sees_check CHECK ((VALUE = ANY (ARRAY['full'::text, 'schema_only'::text])));

create domain app.argon2id as text collate "C"
  constraint argon2id_form CHECK ((VALUE ~ '^\$argon2id\$v=19\$m=[0-9]{4,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,128}$'::text));

create domain app.dat_id as text collate "C"
  constraint dat_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^dat_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.data_format as text collate "C"
  constraint data_format_check CHECK ((VALUE = ANY (ARRAY['csv'::text, 'tsv'::text, 'jsonl'::text, 'parquet'::text])));

create domain app.envelope as text collate "C"
  constraint envelope_form CHECK (((VALUE ~ '^v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{38,}$'::text) AND (length(VALUE) <= 65536)));

create domain app.evt_id as text collate "C"
  constraint evt_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^evt_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.exe_id as text collate "C"
  constraint exe_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^exe_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.git_id as text collate "C"
  constraint git_id_check CHECK (((length(VALUE) = 40) AND (VALUE ~ '^[0-9a-f]+$'::text)));

create domain app.gra_id as text collate "C"
  constraint gra_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^gra_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.inv_id as text collate "C"
  constraint inv_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^inv_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.ntc_id as text collate "C"
  constraint ntc_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^ntc_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.pev_id as text collate "C"
  constraint pev_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^pev_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.pol_id as text collate "C"
  constraint pol_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^pol_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.prj_id as text collate "C"
  constraint prj_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^prj_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.project_role as text collate "C"
  constraint project_role_check CHECK ((VALUE = ANY (ARRAY['viewer'::text, 'editor'::text, 'owner'::text])));

create domain app.run_id as text collate "C"
  constraint run_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^run_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.ses_id as text collate "C"
  constraint ses_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^ses_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.sha256 as text collate "C"
  constraint sha256_check CHECK (((length(VALUE) = 64) AND (VALUE ~ '^[0-9a-f]+$'::text)));

create domain app.sha256_hex as text collate "C"
  constraint sha256_hex_form CHECK (((length(VALUE) = 64) AND (VALUE ~ '^[0-9a-f]+$'::text)));

create domain app.snk_id as text collate "C"
  constraint snk_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^snk_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.source_name as text collate "C"
  constraint source_name_check CHECK ((VALUE ~ '^[a-z][a-z0-9_]{0,62}$'::text));

create domain app.ten_id as text collate "C"
  constraint ten_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^ten_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.tenant_role as text collate "C"
  constraint tenant_role_check CHECK ((VALUE = ANY (ARRAY['viewer'::text, 'member'::text, 'admin'::text, 'owner'::text])));

create domain app.tok_id as text collate "C"
  constraint tok_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^tok_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.tree_hash as bytea
  constraint tree_hash_check CHECK ((length(VALUE) = 32));

create domain app.upl_id as text collate "C"
  constraint upl_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^upl_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

create domain app.usr_id as text collate "C"
  constraint usr_id_form CHECK (((length(VALUE) = 30) AND (VALUE ~ '^usr_[0-7][0-9a-hjkmnp-tv-z]+$'::text))) NOT VALID;

-- Tables, with their indexes, policies, triggers and grants

create table app.api_tokens (
  tenant_id app.ten_id not null,
  token_id app.tok_id not null,
  user_id app.usr_id not null,
  name text not null,
  argon2id_hash app.argon2id not null,
  scopes text[] not null,
  role_ceiling app.tenant_role,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  address_ranges cidr[],
  successor_id app.tok_id,
  project_ids app.prj_id[],
  constraint api_tokens_address_ranges_check CHECK (((cardinality(address_ranges) >= 1) AND (cardinality(address_ranges) <= 50))),
  constraint api_tokens_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
  constraint api_tokens_pkey PRIMARY KEY (tenant_id, token_id),
  constraint api_tokens_project_ids_check CHECK (((cardinality(project_ids) >= 1) AND (cardinality(project_ids) <= 100))),
  constraint api_tokens_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 50))),
  constraint api_tokens_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app.memberships(tenant_id, user_id)
);
alter table app.api_tokens owner to causeway_owner;
CREATE INDEX api_tokens_by_token ON app.api_tokens USING btree (token_id);
alter table app.api_tokens enable row level security;
alter table app.api_tokens force row level security;
create policy backup on app.api_tokens for select to causeway_backup
  using (true);
create policy keeper on app.api_tokens for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.api_tokens for select to causeway_resolver
  using (true);
create policy tenant on app.api_tokens for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.api_tokens for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.api_tokens as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.api_tokens for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.api_tokens to causeway_keeper;
grant select on table app.api_tokens to causeway_backup;
grant select on table app.api_tokens to causeway_resolver;
grant select (tenant_id, token_id, user_id, name, scopes, role_ceiling, created_at, expires_at, revoked_at, address_ranges, successor_id, project_ids) on app.api_tokens to causeway_app;

create table app.audit_checkpoints (
  tree_size bigint not null,
  note text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint audit_checkpoints_note_check CHECK ((length(note) <= 8192)),
  constraint audit_checkpoints_pkey PRIMARY KEY (tree_size),
  constraint audit_checkpoints_tree_size_check CHECK ((tree_size > 0))
);
alter table app.audit_checkpoints owner to causeway_owner;
alter table app.audit_checkpoints enable row level security;
alter table app.audit_checkpoints force row level security;
create policy backup on app.audit_checkpoints for select to causeway_backup
  using (true);
create policy keeper on app.audit_checkpoints for all to causeway_keeper
  using (true)
  with check (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON app.audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
grant insert, select on table app.audit_checkpoints to causeway_keeper;
grant select on table app.audit_checkpoints to causeway_backup;
comment on table app.audit_checkpoints is 'Signed notes (C2SP tlog-checkpoint) over the tree of the deployment, each naming the one before.';

create table app.audit_copies (
  tenant_id app.ten_id not null,
  from_leaf bigint not null,
  until_leaf bigint not null,
  day date not null,
  copy_sha256 app.sha256_hex not null,
  constraint audit_copies_check CHECK ((until_leaf > from_leaf)),
  constraint audit_copies_pkey PRIMARY KEY (tenant_id, from_leaf, copy_sha256),
  constraint audit_copies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.audit_copies owner to causeway_owner;
alter table app.audit_copies enable row level security;
alter table app.audit_copies force row level security;
create policy backup on app.audit_copies for select to causeway_backup
  using (true);
create policy keeper on app.audit_copies for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.audit_copies for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.audit_copies for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.audit_copies for select to causeway_keeper
  using (true);
grant delete, insert, select on table app.audit_copies to causeway_keeper;
grant select on table app.audit_copies to causeway_backup;
comment on table app.audit_copies is 'Leaves from from_leaf up to, and without, until_leaf as JSON lines in the blob <tenant>/audit/<day>/<copy_sha256>.';

create table app.audit_cosignatures (
  tree_size bigint not null,
  line text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint audit_cosignatures_line_check CHECK (((line ~ '^— [^ +]+ [A-Za-z0-9+/=]+$'::text) AND (length(line) <= 500))),
  constraint audit_cosignatures_pkey PRIMARY KEY (tree_size, line),
  constraint audit_cosignatures_tree_size_fkey FOREIGN KEY (tree_size) REFERENCES app.audit_checkpoints(tree_size)
);
alter table app.audit_cosignatures owner to causeway_owner;
alter table app.audit_cosignatures enable row level security;
alter table app.audit_cosignatures force row level security;
create policy backup on app.audit_cosignatures for select to causeway_backup
  using (true);
create policy keeper on app.audit_cosignatures for all to causeway_keeper
  using (true)
  with check (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON app.audit_cosignatures FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
grant insert, select on table app.audit_cosignatures to causeway_keeper;
grant select on table app.audit_cosignatures to causeway_backup;

create table app.audit_dead_letters (
  tenant_id app.ten_id not null,
  sink_id app.snk_id not null,
  from_leaf bigint not null,
  until_leaf bigint not null,
  reason text not null,
  created_at timestamp with time zone not null default now(),
  resend_at timestamp with time zone,
  sent_at timestamp with time zone,
  constraint audit_dead_letters_check CHECK ((until_leaf > from_leaf)),
  constraint audit_dead_letters_pkey PRIMARY KEY (tenant_id, sink_id, from_leaf),
  constraint audit_dead_letters_reason_check CHECK ((length(reason) <= 100)),
  constraint audit_dead_letters_tenant_id_sink_id_fkey FOREIGN KEY (tenant_id, sink_id) REFERENCES app.audit_sinks(tenant_id, sink_id)
);
alter table app.audit_dead_letters owner to causeway_owner;
alter table app.audit_dead_letters enable row level security;
alter table app.audit_dead_letters force row level security;
create policy backup on app.audit_dead_letters for select to causeway_backup
  using (true);
create policy keeper on app.audit_dead_letters for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.audit_dead_letters for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.audit_dead_letters for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.audit_dead_letters as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.audit_dead_letters for select to causeway_keeper
  using (true);
grant delete, insert, select on table app.audit_dead_letters to causeway_keeper;
grant select on table app.audit_dead_letters to causeway_backup;
grant update (reason, resend_at, sent_at) on app.audit_dead_letters to causeway_keeper;
comment on table app.audit_dead_letters is 'Leaves from from_leaf up to, and without, until_leaf that a sink did not take.';

create table app.audit_events (
  tenant_id app.ten_id not null default app.tenant_id(),
  event_id app.evt_id not null default app.new_id('evt'::text),
  "position" bigint not null generated always as identity,
  occurred_at timestamp with time zone not null default clock_timestamp(),
  actor_user_id app.usr_id default app.user_id(),
  credential_kind text not null default (app.context() ->> 'kind'::text),
  credential_id text default (app.context() ->> 'credential'::text),
  action text not null,
  target_kind text not null,
  target_id text,
  outcome text not null,
  request_id text default app.request_id(),
  address inet default ((app.context() ->> 'address'::text))::inet,
  user_agent text default (app.context() ->> 'agent'::text),
  details jsonb not null default '{}'::jsonb,
  client_id text default app.client_id(),
  trace_id text,
  input_sha256 text,
  input_bytes integer,
  constraint audit_events_form CHECK (app_private.is_audit_event(audit_events.*)) NOT VALID,
  constraint audit_events_pkey PRIMARY KEY (tenant_id, event_id),
  constraint audit_events_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.audit_events owner to causeway_owner;
CREATE INDEX audit_events_by_action ON app.audit_events USING btree (tenant_id, action, occurred_at DESC);
CREATE INDEX audit_events_by_actor ON app.audit_events USING btree (tenant_id, actor_user_id, occurred_at DESC);
CREATE INDEX audit_events_by_client ON app.audit_events USING btree (tenant_id, client_id, occurred_at DESC) WHERE (client_id IS NOT NULL);
CREATE INDEX audit_events_by_credential ON app.audit_events USING btree (tenant_id, credential_id, occurred_at DESC);
CREATE INDEX audit_events_by_time ON app.audit_events USING btree (tenant_id, occurred_at DESC);
alter table app.audit_events enable row level security;
alter table app.audit_events force row level security;
create policy backup on app.audit_events for select to causeway_backup
  using (true);
create policy keeper_adds on app.audit_events for insert to causeway_keeper
  with check (true);
create policy keeper_reads on app.audit_events for select to causeway_keeper
  using (true);
create policy keeper_retains on app.audit_events for delete to causeway_keeper
  using (app.is_past_retention((tenant_id)::text, (event_id)::text, occurred_at));
create policy readers on app.audit_events as restrictive for select to causeway_app
  using (((request_id = ( SELECT app.request_id() AS request_id)) OR ( SELECT app.may_read_audit() AS may_read_audit)));
create policy tenant on app.audit_events for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.audit_events for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.audit_events for select to causeway_keeper
  using (true);
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON app.audit_events FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
CREATE TRIGGER append_only_but_for_retention BEFORE DELETE ON app.audit_events FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_unretained(); -- enabled always
CREATE TRIGGER queue_for_sealing AFTER INSERT ON app.audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION app.queue_for_sealing(); -- enabled always
grant delete, select on table app.audit_events to causeway_keeper;
grant select on table app.audit_events to causeway_backup;
grant insert (action, target_kind, target_id, outcome, details, trace_id, input_sha256, input_bytes) on app.audit_events to causeway_app;
grant insert (tenant_id, event_id, actor_user_id, credential_kind, credential_id, action, target_kind, target_id, outcome, request_id, address, user_agent, details, client_id, trace_id, input_sha256, input_bytes) on app.audit_events to causeway_keeper;
grant select (tenant_id, event_id, occurred_at, actor_user_id, credential_kind, credential_id, action, target_kind, target_id, outcome, request_id, address, user_agent, details, client_id, trace_id, input_sha256, input_bytes) on app.audit_events to causeway_app;
comment on table app.audit_events is 'Append-only: no login may update, delete or truncate it.';

create table app.audit_heads (
  tenant_id app.ten_id not null,
  tree_size bigint not null,
  root_hash app.tree_hash not null,
  head_index bigint not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint audit_heads_head_index_check CHECK ((head_index >= 0)),
  constraint audit_heads_pkey PRIMARY KEY (tenant_id, tree_size),
  constraint audit_heads_tree_size_check CHECK ((tree_size > 0))
);
alter table app.audit_heads owner to causeway_owner;
alter table app.audit_heads enable row level security;
alter table app.audit_heads force row level security;
create policy backup on app.audit_heads for select to causeway_backup
  using (true);
create policy keeper on app.audit_heads for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.audit_heads for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON app.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
grant insert, select on table app.audit_heads to causeway_keeper;
grant select on table app.audit_heads to causeway_backup;

create table app.audit_keys (
  public_key text not null,
  private_key app.envelope not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint audit_keys_pkey PRIMARY KEY (public_key),
  constraint audit_keys_public_key_check CHECK ((public_key ~ '^[^+[:space:]]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$'::text))
);
alter table app.audit_keys owner to causeway_owner;
alter table app.audit_keys enable row level security;
alter table app.audit_keys force row level security;
create policy backup on app.audit_keys for select to causeway_backup
  using (true);
create policy keeper on app.audit_keys for all to causeway_keeper
  using (true)
  with check (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF public_key, created_at OR TRUNCATE ON app.audit_keys FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
grant insert, select on table app.audit_keys to causeway_keeper;
grant select on table app.audit_keys to causeway_backup;
grant update (private_key) on app.audit_keys to causeway_keeper;
comment on table app.audit_keys is 'The key that signs checkpoints: public as a C2SP verifier key, private as an envelope.';

create table app.audit_nodes (
  tree text not null,
  level smallint not null,
  node_index bigint not null,
  node_hash app.tree_hash not null,
  constraint audit_nodes_level_check CHECK (((level >= 0) AND (level <= 62))),
  constraint audit_nodes_node_index_check CHECK ((node_index >= 0)),
  constraint audit_nodes_pkey PRIMARY KEY (tree, level, node_index)
);
alter table app.audit_nodes owner to causeway_owner;
alter table app.audit_nodes enable row level security;
alter table app.audit_nodes force row level security;
create policy backup on app.audit_nodes for select to causeway_backup
  using (true);
create policy keeper on app.audit_nodes for all to causeway_keeper
  using (true)
  with check (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON app.audit_nodes FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
grant insert, select on table app.audit_nodes to causeway_keeper;
grant select on table app.audit_nodes to causeway_backup;
comment on table app.audit_nodes is 'Complete subtrees: that of level l and index i has the leaves from i * 2^l on. Level 0 are the leaves.';

create table app.audit_retention (
  tenant_id app.ten_id not null default app.tenant_id(),
  retain_days integer,
  removed_below bigint not null default 0,
  announced_event app.evt_id,
  announced_at timestamp with time zone,
  constraint audit_retention_pkey PRIMARY KEY (tenant_id),
  constraint audit_retention_removed_below_check CHECK ((removed_below >= 0)),
  constraint audit_retention_retain_days_check CHECK (((retain_days >= 30) AND (retain_days <= 36500))),
  constraint audit_retention_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.audit_retention owner to causeway_owner;
alter table app.audit_retention enable row level security;
alter table app.audit_retention force row level security;
create policy backup on app.audit_retention for select to causeway_backup
  using (true);
create policy keeper on app.audit_retention for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.audit_retention for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.audit_retention for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.audit_retention as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.audit_retention for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.audit_retention to causeway_keeper;
grant select on table app.audit_retention to causeway_app;
grant select on table app.audit_retention to causeway_backup;
comment on table app.audit_retention is 'Without a row, or with NULL days, events are kept for ever.';

create table app.audit_seals (
  tenant_id app.ten_id not null,
  leaf_index bigint not null,
  event_id app.evt_id not null,
  sealed_at timestamp with time zone not null default clock_timestamp(),
  constraint audit_seals_leaf_index_check CHECK ((leaf_index >= 0)),
  constraint audit_seals_pkey PRIMARY KEY (tenant_id, leaf_index),
  constraint audit_seals_tenant_id_event_id_key UNIQUE (tenant_id, event_id)
);
alter table app.audit_seals owner to causeway_owner;
alter table app.audit_seals enable row level security;
alter table app.audit_seals force row level security;
create policy backup on app.audit_seals for select to causeway_backup
  using (true);
create policy keeper on app.audit_seals for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.audit_seals for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON app.audit_seals FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
grant insert, select on table app.audit_seals to causeway_keeper;
grant select on table app.audit_seals to causeway_backup;
comment on table app.audit_seals is 'Which event is which leaf of its tenant''s tree. It outlives the event, as its hash does.';

create table app.audit_sinks (
  tenant_id app.ten_id not null default app.tenant_id(),
  sink_id app.snk_id not null default app.new_id('snk'::text),
  url text not null,
  created_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  next_leaf bigint not null default 0,
  failures integer not null default 0,
  last_failure text,
  next_attempt_at timestamp with time zone not null default now(),
  kind text not null default 'webhook'::text,
  settings jsonb not null default '{}'::jsonb,
  secret_access_key app.envelope,
  constraint audit_sinks_failures_check CHECK ((failures >= 0)),
  constraint audit_sinks_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 's3'::text, 'cloudwatch'::text, 'blobs'::text]))),
  constraint audit_sinks_last_failure_check CHECK ((length(last_failure) <= 100)),
  constraint audit_sinks_next_leaf_check CHECK ((next_leaf >= 0)),
  constraint audit_sinks_pkey PRIMARY KEY (tenant_id, sink_id),
  constraint audit_sinks_secret CHECK (((secret_access_key IS NOT NULL) = ((kind = ANY (ARRAY['s3'::text, 'cloudwatch'::text])) AND (ended_at IS NULL)))),
  constraint audit_sinks_settings_check CHECK (((jsonb_typeof(settings) = 'object'::text) AND (length((settings)::text) <= 2000))),
  constraint audit_sinks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id),
  constraint audit_sinks_url_check CHECK (((length(url) >= 1) AND (length(url) <= 1000)))
);
alter table app.audit_sinks owner to causeway_owner;
CREATE UNIQUE INDEX audit_sinks_copy ON app.audit_sinks USING btree (tenant_id) WHERE (kind = 'blobs'::text);
alter table app.audit_sinks enable row level security;
alter table app.audit_sinks force row level security;
create policy backup on app.audit_sinks for select to causeway_backup
  using (true);
create policy keeper on app.audit_sinks for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.audit_sinks for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.audit_sinks for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.audit_sinks as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.audit_sinks for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.audit_sinks to causeway_keeper;
grant select on table app.audit_sinks to causeway_backup;

create table app.audit_trees (
  tree text not null,
  tree_size bigint not null default 0,
  constraint audit_trees_pkey PRIMARY KEY (tree),
  constraint audit_trees_tree_size_check CHECK ((tree_size >= 0))
);
alter table app.audit_trees owner to causeway_owner;
alter table app.audit_trees enable row level security;
alter table app.audit_trees force row level security;
create policy backup on app.audit_trees for select to causeway_backup
  using (true);
create policy keeper on app.audit_trees for all to causeway_keeper
  using (true)
  with check (true);
grant insert, select, update on table app.audit_trees to causeway_keeper;
grant select on table app.audit_trees to causeway_backup;

create table app.audit_unsealed (
  tenant_id app.ten_id not null,
  event_id app.evt_id not null,
  constraint audit_unsealed_pkey PRIMARY KEY (tenant_id, event_id)
);
alter table app.audit_unsealed owner to causeway_owner;
alter table app.audit_unsealed enable row level security;
alter table app.audit_unsealed force row level security;
create policy backup on app.audit_unsealed for select to causeway_backup
  using (true);
create policy keeper on app.audit_unsealed for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.audit_unsealed for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.audit_unsealed for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.audit_unsealed for select to causeway_keeper
  using (true);
grant delete, insert, select on table app.audit_unsealed to causeway_keeper;
grant select on table app.audit_unsealed to causeway_backup;

create table app.authentication_events (
  event_id app.aev_id not null default app.new_id('aev'::text),
  occurred_at timestamp with time zone not null default clock_timestamp(),
  user_id app.usr_id,
  email_sha256 app.sha256_hex,
  method text not null,
  outcome text not null,
  request_id text,
  address inet,
  user_agent text,
  constraint authentication_events_method_check CHECK ((method = ANY (ARRAY['password'::text, 'invitation'::text, 'recovery'::text, 'session'::text, 'password_change'::text]))),
  constraint authentication_events_outcome_check CHECK ((outcome = ANY (ARRAY['ok'::text, 'wrong'::text, 'locked'::text, 'ended'::text]))),
  constraint authentication_events_pkey PRIMARY KEY (event_id),
  constraint authentication_events_request_id_check CHECK ((length(request_id) <= 100)),
  constraint authentication_events_user_agent_check CHECK ((length(user_agent) <= 500)),
  constraint authentication_events_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users(user_id)
);
alter table app.authentication_events owner to causeway_owner;
CREATE INDEX authentication_events_by_time ON app.authentication_events USING btree (occurred_at);
CREATE INDEX authentication_events_by_user ON app.authentication_events USING btree (user_id, occurred_at DESC);
alter table app.authentication_events enable row level security;
alter table app.authentication_events force row level security;
create policy backup on app.authentication_events for select to causeway_backup
  using (true);
create policy keeper on app.authentication_events for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.authentication_events for select to causeway_resolver
  using (true);
CREATE TRIGGER audit_authentication AFTER INSERT ON app.authentication_events FOR EACH ROW WHEN ((new.user_id IS NOT NULL)) EXECUTE FUNCTION app.audit_authentication(); -- enabled always
grant delete, insert, select on table app.authentication_events to causeway_keeper;
grant select on table app.authentication_events to causeway_backup;
grant select on table app.authentication_events to causeway_resolver;

create table app.blobs_to_remove (
  tenant_id app.ten_id not null,
  sha256 app.sha256 not null,
  found_at timestamp with time zone not null default clock_timestamp(),
  claimed_at timestamp with time zone,
  unnamed_at timestamp with time zone,
  constraint blobs_to_remove_pkey PRIMARY KEY (tenant_id, sha256),
  constraint blobs_to_remove_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.blobs_to_remove owner to causeway_owner;
CREATE INDEX blobs_to_remove_unnamed ON app.blobs_to_remove USING btree (tenant_id, unnamed_at) WHERE ((unnamed_at IS NOT NULL) AND (claimed_at IS NULL));
CREATE INDEX blobs_to_remove_waiting ON app.blobs_to_remove USING btree (tenant_id, found_at);
alter table app.blobs_to_remove enable row level security;
alter table app.blobs_to_remove force row level security;
create policy backup on app.blobs_to_remove for select to causeway_backup
  using (true);
create policy keeper on app.blobs_to_remove for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.blobs_to_remove for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.blobs_to_remove for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.blobs_to_remove for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.blobs_to_remove to causeway_keeper;
grant select on table app.blobs_to_remove to causeway_backup;
comment on table app.blobs_to_remove is 'Blobs that a row named which is gone. A day later they go, where nothing names them then.';

create table app.blobs_to_seal (
  tenant_id app.ten_id not null,
  sha256 app.sha256 not null,
  asked_at timestamp with time zone not null default clock_timestamp(),
  damaged_at timestamp with time zone,
  constraint blobs_to_seal_pkey PRIMARY KEY (tenant_id, sha256),
  constraint blobs_to_seal_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.blobs_to_seal owner to causeway_owner;
CREATE INDEX blobs_to_seal_waiting ON app.blobs_to_seal USING btree (asked_at) WHERE (damaged_at IS NULL);
alter table app.blobs_to_seal enable row level security;
alter table app.blobs_to_seal force row level security;
create policy backup on app.blobs_to_seal for select to causeway_backup
  using (true);
create policy keeper on app.blobs_to_seal for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.blobs_to_seal for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.blobs_to_seal for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.blobs_to_seal for select to causeway_keeper
  using (true);
grant delete, select on table app.blobs_to_seal to causeway_keeper;
grant select on table app.blobs_to_seal to causeway_backup;
grant insert (tenant_id, sha256) on app.blobs_to_seal to causeway_keeper;
grant update (asked_at, damaged_at) on app.blobs_to_seal to causeway_keeper;

create table app.blocked_clients (
  tenant_id app.ten_id not null default app.tenant_id(),
  client_id text not null,
  blocked_by app.usr_id not null default app.user_id(),
  blocked_at timestamp with time zone not null default now(),
  constraint blocked_clients_client_id_check CHECK ((length(client_id) <= 1000)),
  constraint blocked_clients_pkey PRIMARY KEY (tenant_id, client_id),
  constraint blocked_clients_tenant_id_blocked_by_fkey FOREIGN KEY (tenant_id, blocked_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint blocked_clients_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.blocked_clients owner to causeway_owner;
alter table app.blocked_clients enable row level security;
alter table app.blocked_clients force row level security;
create policy backup on app.blocked_clients for select to causeway_backup
  using (true);
create policy keeper on app.blocked_clients for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.blocked_clients for select to causeway_resolver
  using (true);
create policy tenant on app.blocked_clients for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.blocked_clients for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.blocked_clients for select to causeway_keeper
  using (true);
grant delete, insert, select on table app.blocked_clients to causeway_keeper;
grant select on table app.blocked_clients to causeway_app;
grant select on table app.blocked_clients to causeway_backup;
grant select on table app.blocked_clients to causeway_resolver;

create table app.commits (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  commit_id app.git_id not null,
  parent_id app.git_id,
  tree_id app.git_id not null,
  message text not null,
  author_name text not null,
  author_email text not null,
  authored_at timestamp with time zone not null,
  changes jsonb not null,
  created_by app.usr_id not null default app.user_id(),
  "position" integer not null,
  constraint commits_changes_check CHECK ((jsonb_typeof(changes) = 'array'::text)),
  constraint commits_message_check CHECK (((length(message) >= 1) AND (length(message) <= 8192))),
  constraint commits_pkey PRIMARY KEY (tenant_id, project_id, commit_id),
  constraint commits_position_check CHECK (("position" >= 1)),
  constraint commits_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint commits_tenant_id_project_id_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES app.projects(tenant_id, project_id),
  constraint commits_tenant_id_project_id_parent_id_fkey FOREIGN KEY (tenant_id, project_id, parent_id) REFERENCES app.commits(tenant_id, project_id, commit_id),
  constraint commits_tenant_id_project_id_position_key UNIQUE (tenant_id, project_id, "position"),
  constraint commits_tenant_id_project_id_tree_id_fkey FOREIGN KEY (tenant_id, project_id, tree_id) REFERENCES app.trees(tenant_id, project_id, tree_id)
);
alter table app.commits owner to causeway_owner;
CREATE INDEX commits_by_parent ON app.commits USING btree (tenant_id, project_id, parent_id);
alter table app.commits enable row level security;
alter table app.commits force row level security;
create policy backup on app.commits for select to causeway_backup
  using (true);
create policy project on app.commits as restrictive for all to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.commits as restrictive for delete to causeway_app
  using (app.may_write((project_id)::text));
create policy tenant on app.commits for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.commits for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.commits as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.commits for select to causeway_keeper
  using (true);
grant delete, select on table app.commits to causeway_keeper;
grant select on table app.commits to causeway_app;
grant select on table app.commits to causeway_backup;
grant insert (project_id, commit_id, parent_id, tree_id, message, author_name, author_email, authored_at, changes, "position") on app.commits to causeway_app;

create table app.data_snapshots (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  source_id app.dat_id not null,
  sha256 app.sha256 not null,
  format app.data_format not null,
  bytes bigint not null,
  row_count bigint not null,
  description jsonb not null,
  origin jsonb not null,
  created_at timestamp with time zone not null default now(),
  created_by app.usr_id not null default app.user_id(),
  derived boolean not null default false,
  superseded_at timestamp with time zone,
  constraint data_snapshots_bytes_check CHECK ((bytes > 0)),
  constraint data_snapshots_description_check CHECK (((jsonb_typeof(description) = 'object'::text) AND (length((description)::text) <= 262144))),
  constraint data_snapshots_origin_check CHECK (((origin ->> 'kind'::text) = ANY (ARRAY['text'::text, 'upload'::text, 'run'::text]))),
  constraint data_snapshots_pkey PRIMARY KEY (tenant_id, project_id, source_id, sha256),
  constraint data_snapshots_row_count_check CHECK ((row_count >= 0)),
  constraint data_snapshots_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint data_snapshots_tenant_id_project_id_source_id_fkey FOREIGN KEY (tenant_id, project_id, source_id) REFERENCES app.data_sources(tenant_id, project_id, source_id)
);
alter table app.data_snapshots owner to causeway_owner;
CREATE INDEX data_snapshots_by_content ON app.data_snapshots USING btree (tenant_id, sha256, format);
CREATE INDEX data_snapshots_of_runs ON app.data_snapshots USING btree (tenant_id, project_id, ((origin ->> 'run'::text))) WHERE ((origin ->> 'kind'::text) = 'run'::text);
CREATE INDEX data_snapshots_superseded ON app.data_snapshots USING btree (tenant_id, superseded_at) WHERE (superseded_at IS NOT NULL);
alter table app.data_snapshots enable row level security;
alter table app.data_snapshots force row level security;
create policy backup on app.data_snapshots for select to causeway_backup
  using (true);
create policy expired on app.data_snapshots for delete to causeway_keeper
  using ((superseded_at < app.expired_before((tenant_id)::text, 'snapshots'::text)));
create policy keeper on app.data_snapshots for select to causeway_keeper
  using (true);
create policy keeper_withholds on app.data_snapshots for update to causeway_keeper
  using (true)
  with check (true);
create policy project on app.data_snapshots as restrictive for all to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.data_snapshots as restrictive for delete to causeway_app
  using (app.may_write((project_id)::text));
create policy purged on app.data_snapshots for delete to causeway_keeper
  using ((EXISTS ( SELECT
   FROM app.purges p
  WHERE (((p.tenant_id)::text = (data_snapshots.tenant_id)::text) AND ((p.object ->> 'source'::text) = (data_snapshots.source_id)::text)))));
create policy tenant on app.data_snapshots for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.data_snapshots for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.data_snapshots for select to causeway_keeper
  using (true);
CREATE TRIGGER guard_origin BEFORE INSERT ON app.data_snapshots FOR EACH ROW EXECUTE FUNCTION app.guard_origin();
CREATE TRIGGER guard_sight BEFORE INSERT ON app.data_snapshots FOR EACH ROW EXECUTE FUNCTION app.guard_snapshot_sight();
grant delete, select on table app.data_snapshots to causeway_keeper;
grant select on table app.data_snapshots to causeway_app;
grant select on table app.data_snapshots to causeway_backup;
grant insert (project_id, source_id, sha256, format, bytes, row_count, description, origin) on app.data_snapshots to causeway_app;
grant select (tenant_id, project_id, source_id, sha256, origin, derived) on app.data_snapshots to causeway_keeper;
grant update (description, derived, superseded_at) on app.data_snapshots to causeway_keeper;
comment on table app.data_snapshots is 'Immutable: the Worker may add and read rows, never change one.';

create table app.data_sources (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  source_id app.dat_id not null,
  name app.source_name not null,
  created_at timestamp with time zone not null default now(),
  created_by app.usr_id not null default app.user_id(),
  current_sha256 app.sha256 not null,
  agent_sees app.agent_sees not null default 'full'::text,
  derived boolean not null default false,
  full_said boolean not null default false,
  constraint data_sources_current FOREIGN KEY (tenant_id, project_id, source_id, current_sha256) REFERENCES app.data_snapshots(tenant_id, project_id, source_id, sha256) DEFERRABLE INITIALLY DEFERRED,
  constraint data_sources_pkey PRIMARY KEY (tenant_id, project_id, source_id),
  constraint data_sources_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint data_sources_tenant_id_project_id_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES app.projects(tenant_id, project_id),
  constraint data_sources_tenant_id_project_id_name_key UNIQUE (tenant_id, project_id, name)
);
alter table app.data_sources owner to causeway_owner;
alter table app.data_sources enable row level security;
alter table app.data_sources force row level security;
create policy backup on app.data_sources for select to causeway_backup
  using (true);
create policy keeper_withholds on app.data_sources for update to causeway_keeper
  using (true)
  with check (true);
create policy project on app.data_sources as restrictive for all to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.data_sources as restrictive for delete to causeway_app
  using (app.may_write((project_id)::text));
create policy purged on app.data_sources for delete to causeway_keeper
  using ((EXISTS ( SELECT
   FROM app.purges p
  WHERE (((p.tenant_id)::text = (data_sources.tenant_id)::text) AND ((p.object ->> 'source'::text) = (data_sources.source_id)::text)))));
create policy tenant on app.data_sources for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.data_sources for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.data_sources for select to causeway_keeper
  using (true);
CREATE TRIGGER guard_derived BEFORE UPDATE OF derived ON app.data_sources FOR EACH ROW WHEN ((old.derived AND (NOT new.derived))) EXECUTE FUNCTION app.refuse_underiving();
CREATE TRIGGER guard_loosening BEFORE UPDATE OF agent_sees ON app.data_sources FOR EACH ROW WHEN ((((old.agent_sees)::text = 'schema_only'::text) AND ((new.agent_sees)::text = 'full'::text))) EXECUTE FUNCTION app.refuse_loosening();
CREATE TRIGGER note_superseded AFTER UPDATE OF current_sha256 ON app.data_sources FOR EACH ROW WHEN (((old.current_sha256)::text <> (new.current_sha256)::text)) EXECUTE FUNCTION app.note_superseded();
grant delete, select on table app.data_sources to causeway_keeper;
grant select on table app.data_sources to causeway_app;
grant select on table app.data_sources to causeway_backup;
grant insert (project_id, source_id, name, current_sha256, agent_sees) on app.data_sources to causeway_app;
grant update (agent_sees, derived, full_said) on app.data_sources to causeway_keeper;
grant update (current_sha256, agent_sees, derived) on app.data_sources to causeway_app;

create table app.executors (
  executor_id app.exe_id not null,
  pool_id app.pol_id not null,
  name text not null,
  public_key text not null,
  offer jsonb,
  created_at timestamp with time zone not null default now(),
  last_connected_at timestamp with time zone,
  revoked_at timestamp with time zone,
  cordoned_at timestamp with time zone,
  disconnected_at timestamp with time zone,
  constraint executors_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint executors_offer_check CHECK (((jsonb_typeof(offer) = 'object'::text) AND (length((offer)::text) <= 65536))),
  constraint executors_pkey PRIMARY KEY (executor_id),
  constraint executors_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES app.pools(pool_id),
  constraint executors_public_key_check CHECK ((public_key ~ '^[A-Za-z0-9_-]{43}$'::text))
);
alter table app.executors owner to causeway_owner;
CREATE INDEX executors_by_pool ON app.executors USING btree (pool_id, last_connected_at DESC) WHERE (revoked_at IS NULL);
alter table app.executors enable row level security;
alter table app.executors force row level security;
create policy backup on app.executors for select to causeway_backup
  using (true);
create policy keeper on app.executors for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.executors for select to causeway_resolver
  using (true);
grant delete, insert, select, update on table app.executors to causeway_keeper;
grant select on table app.executors to causeway_backup;
grant select on table app.executors to causeway_resolver;

create table app.idempotency_keys (
  tenant_id app.ten_id not null default app.tenant_id(),
  user_id app.usr_id not null default app.user_id(),
  key text not null,
  tool text not null,
  arguments_sha256 app.sha256 not null,
  result jsonb not null,
  created_at timestamp with time zone not null default now(),
  project_id app.prj_id,
  constraint idempotency_keys_key_check CHECK (((length(key) >= 8) AND (length(key) <= 100))),
  constraint idempotency_keys_pkey PRIMARY KEY (tenant_id, user_id, key),
  constraint idempotency_keys_tenant_id_project_id_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES app.projects(tenant_id, project_id),
  constraint idempotency_keys_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app.memberships(tenant_id, user_id)
);
alter table app.idempotency_keys owner to causeway_owner;
alter table app.idempotency_keys enable row level security;
alter table app.idempotency_keys force row level security;
create policy backup on app.idempotency_keys for select to causeway_backup
  using (true);
create policy project on app.idempotency_keys as restrictive for all to causeway_app
  using (((project_id IS NULL) OR (((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE)))
  with check (((project_id IS NULL) OR app.may_write((project_id)::text)));
create policy project_delete on app.idempotency_keys as restrictive for delete to causeway_app
  using (((project_id IS NULL) OR app.may_write((project_id)::text)));
create policy resolver on app.idempotency_keys for select to causeway_resolver
  using (true);
create policy tenant on app.idempotency_keys for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.idempotency_keys for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.idempotency_keys as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.idempotency_keys for select to causeway_keeper
  using (true);
grant delete, select on table app.idempotency_keys to causeway_keeper;
grant select on table app.idempotency_keys to causeway_app;
grant select on table app.idempotency_keys to causeway_backup;
grant select on table app.idempotency_keys to causeway_resolver;
grant insert (key, tool, arguments_sha256, result, project_id) on app.idempotency_keys to causeway_app;
comment on table app.idempotency_keys is 'What a call with an idempotency key answered, so that its repetition does nothing.';

create table app.invitations (
  tenant_id app.ten_id not null,
  invitation_id app.inv_id not null,
  link_sha256 app.sha256_hex not null,
  email text not null,
  role app.tenant_role not null,
  created_by app.usr_id,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  accepted_by app.usr_id,
  revoked_at timestamp with time zone,
  constraint invitations_email_check CHECK (((email = lower(email)) AND ((length(email) >= 3) AND (length(email) <= 320)))),
  constraint invitations_pkey PRIMARY KEY (tenant_id, invitation_id),
  constraint invitations_tenant_id_accepted_by_fkey FOREIGN KEY (tenant_id, accepted_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint invitations_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.invitations owner to causeway_owner;
CREATE INDEX invitations_by_link ON app.invitations USING btree (link_sha256);
alter table app.invitations enable row level security;
alter table app.invitations force row level security;
create policy backup on app.invitations for select to causeway_backup
  using (true);
create policy keeper on app.invitations for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.invitations for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.invitations for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.invitations as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.invitations for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.invitations to causeway_keeper;
grant select on table app.invitations to causeway_backup;

create table app.join_tokens (
  token_sha256 app.sha256 not null,
  pool_id app.pol_id not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  used_by app.exe_id,
  constraint join_tokens_pkey PRIMARY KEY (token_sha256),
  constraint join_tokens_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES app.pools(pool_id),
  constraint join_tokens_used_by_fkey FOREIGN KEY (used_by) REFERENCES app.executors(executor_id)
);
alter table app.join_tokens owner to causeway_owner;
alter table app.join_tokens enable row level security;
alter table app.join_tokens force row level security;
create policy backup on app.join_tokens for select to causeway_backup
  using (true);
create policy keeper on app.join_tokens for all to causeway_keeper
  using (true)
  with check (true);
grant delete, insert, select, update on table app.join_tokens to causeway_keeper;
grant select on table app.join_tokens to causeway_backup;
comment on table app.join_tokens is 'One-time tokens by which an executor joins; only their SHA-256 is here.';

create table app.key_encryption_keys (
  key_id text not null,
  recipe jsonb not null,
  canary app.envelope not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint key_encryption_keys_key_id_check CHECK ((key_id ~ '^[A-Za-z0-9_-]{8}$'::text)),
  constraint key_encryption_keys_pkey PRIMARY KEY (key_id),
  constraint key_encryption_keys_recipe_check CHECK ((((recipe ->> 'kind'::text) = ANY (ARRAY['argon2id'::text, 'kms'::text])) AND (length((recipe)::text) <= 8192)))
);
alter table app.key_encryption_keys owner to causeway_owner;
alter table app.key_encryption_keys enable row level security;
alter table app.key_encryption_keys force row level security;
create policy backup on app.key_encryption_keys for select to causeway_backup
  using (true);
create policy keeper on app.key_encryption_keys for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.key_encryption_keys for select to causeway_resolver
  using (true);
grant delete, insert, select on table app.key_encryption_keys to causeway_keeper;
grant select on table app.key_encryption_keys to causeway_backup;
grant select on table app.key_encryption_keys to causeway_resolver;

create table app.login_failures (
  subject text not null,
  failures integer not null,
  last_at timestamp with time zone not null,
  locked_until timestamp with time zone not null,
  constraint login_failures_failures_check CHECK ((failures >= 0)),
  constraint login_failures_pkey PRIMARY KEY (subject),
  constraint login_failures_subject_check CHECK ((length(subject) <= 100))
);
alter table app.login_failures owner to causeway_owner;
CREATE INDEX login_failures_by_time ON app.login_failures USING btree (last_at);
alter table app.login_failures enable row level security;
alter table app.login_failures force row level security;
create policy backup on app.login_failures for select to causeway_backup
  using (true);
create policy keeper on app.login_failures for all to causeway_keeper
  using (true)
  with check (true);
grant delete, insert, select, update on table app.login_failures to causeway_keeper;
grant select on table app.login_failures to causeway_backup;

create table app.memberships (
  tenant_id app.ten_id not null,
  user_id app.usr_id not null,
  role app.tenant_role not null,
  status text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  constraint memberships_pkey PRIMARY KEY (tenant_id, user_id),
  constraint memberships_status_check CHECK ((status = ANY (ARRAY['active'::text, 'ended'::text]))),
  constraint memberships_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id),
  constraint memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users(user_id)
);
alter table app.memberships owner to causeway_owner;
CREATE INDEX memberships_by_user ON app.memberships USING btree (user_id);
alter table app.memberships enable row level security;
alter table app.memberships force row level security;
create policy backup on app.memberships for select to causeway_backup
  using (true);
create policy keeper on app.memberships for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.memberships for select to causeway_resolver
  using (true);
create policy tenant on app.memberships for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.memberships for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.memberships as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.memberships for select to causeway_keeper
  using (true);
CREATE TRIGGER roles_end AFTER UPDATE OF status ON app.memberships FOR EACH ROW WHEN ((new.status = 'ended'::text)) EXECUTE FUNCTION app.end_project_roles();
grant delete, insert, select, update on table app.memberships to causeway_keeper;
grant select on table app.memberships to causeway_app;
grant select on table app.memberships to causeway_backup;
grant select on table app.memberships to causeway_resolver;

create table app.notices (
  notice_id app.ntc_id not null default app.new_id('ntc'::text),
  user_id app.usr_id not null,
  kind text not null,
  details jsonb not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  seen_at timestamp with time zone,
  constraint notices_kind_check CHECK ((kind = ANY (ARRAY['recovery_created'::text, 'recovery_used'::text]))),
  constraint notices_pkey PRIMARY KEY (notice_id),
  constraint notices_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users(user_id)
);
alter table app.notices owner to causeway_owner;
CREATE INDEX notices_unseen ON app.notices USING btree (user_id) WHERE (seen_at IS NULL);
alter table app.notices enable row level security;
alter table app.notices force row level security;
create policy backup on app.notices for select to causeway_backup
  using (true);
create policy keeper on app.notices for all to causeway_keeper
  using (true)
  with check (true);
grant delete, insert, select, update on table app.notices to causeway_keeper;
grant select on table app.notices to causeway_backup;

create table app.oauth_clients (
  client_id text not null,
  origin text not null,
  name text not null,
  metadata jsonb not null,
  secret_sha256 app.sha256,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint oauth_clients_check CHECK (((secret_sha256 IS NULL) = ((metadata ->> 'token_endpoint_auth_method'::text) = 'none'::text))),
  constraint oauth_clients_client_id_check CHECK (((length(client_id) >= 8) AND (length(client_id) <= 1000))),
  constraint oauth_clients_metadata_check CHECK (((jsonb_typeof(metadata) = 'object'::text) AND (length((metadata)::text) <= 16384))),
  constraint oauth_clients_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
  constraint oauth_clients_origin_check CHECK ((origin = ANY (ARRAY['registered'::text, 'document'::text, 'operator'::text]))),
  constraint oauth_clients_pkey PRIMARY KEY (client_id)
);
alter table app.oauth_clients owner to causeway_owner;
alter table app.oauth_clients enable row level security;
alter table app.oauth_clients force row level security;
create policy backup on app.oauth_clients for select to causeway_backup
  using (true);
create policy keeper on app.oauth_clients for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.oauth_clients for select to causeway_resolver
  using (true);
grant delete, insert, select, update on table app.oauth_clients to causeway_keeper;
grant select on table app.oauth_clients to causeway_backup;
grant select on table app.oauth_clients to causeway_resolver;

create table app.oauth_codes (
  tenant_id app.ten_id not null default app.tenant_id(),
  code_sha256 app.sha256 not null,
  grant_id app.gra_id not null,
  redirect_uri text not null,
  code_challenge text not null,
  expires_at timestamp with time zone not null default (now() + '00:01:00'::interval),
  redeemed_at timestamp with time zone,
  constraint oauth_codes_code_challenge_check CHECK ((code_challenge ~ '^[A-Za-z0-9_-]{43}$'::text)),
  constraint oauth_codes_pkey PRIMARY KEY (tenant_id, code_sha256),
  constraint oauth_codes_redirect_uri_check CHECK ((length(redirect_uri) <= 2000)),
  constraint oauth_codes_tenant_id_grant_id_fkey FOREIGN KEY (tenant_id, grant_id) REFERENCES app.oauth_grants(tenant_id, grant_id)
);
alter table app.oauth_codes owner to causeway_owner;
CREATE INDEX oauth_codes_by_code ON app.oauth_codes USING btree (code_sha256);
alter table app.oauth_codes enable row level security;
alter table app.oauth_codes force row level security;
create policy backup on app.oauth_codes for select to causeway_backup
  using (true);
create policy keeper on app.oauth_codes for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.oauth_codes for select to causeway_resolver
  using (true);
create policy tenant on app.oauth_codes for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.oauth_codes for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.oauth_codes for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.oauth_codes to causeway_keeper;
grant select on table app.oauth_codes to causeway_backup;
grant select on table app.oauth_codes to causeway_resolver;
grant insert (code_sha256, grant_id, redirect_uri, code_challenge) on app.oauth_codes to causeway_app;

create table app.oauth_devices (
  device_code_sha256 app.sha256 not null,
  user_code_sha256 app.sha256 not null,
  client_id text not null,
  scopes text[] not null,
  resource text not null,
  expires_at timestamp with time zone not null,
  interval_seconds integer not null default 5,
  polled_at timestamp with time zone,
  decision text,
  grant_id app.gra_id,
  redeemed_at timestamp with time zone,
  constraint oauth_devices_check CHECK ((((decision = 'approved'::text) = (grant_id IS NOT NULL)) OR (decision IS NULL))),
  constraint oauth_devices_decision_check CHECK ((decision = ANY (ARRAY['approved'::text, 'denied'::text]))),
  constraint oauth_devices_interval_seconds_check CHECK (((interval_seconds >= 1) AND (interval_seconds <= 600))),
  constraint oauth_devices_pkey PRIMARY KEY (device_code_sha256),
  constraint oauth_devices_resource_check CHECK ((length(resource) <= 1000)),
  constraint oauth_devices_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 50))),
  constraint oauth_devices_user_code_sha256_key UNIQUE (user_code_sha256)
);
alter table app.oauth_devices owner to causeway_owner;
alter table app.oauth_devices enable row level security;
alter table app.oauth_devices force row level security;
create policy backup on app.oauth_devices for select to causeway_backup
  using (true);
create policy keeper on app.oauth_devices for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.oauth_devices for select to causeway_resolver
  using (true);
grant delete, insert, select, update on table app.oauth_devices to causeway_keeper;
grant select on table app.oauth_devices to causeway_backup;
grant select on table app.oauth_devices to causeway_resolver;

create table app.oauth_grants (
  tenant_id app.ten_id not null default app.tenant_id(),
  grant_id app.gra_id not null,
  user_id app.usr_id not null default app.user_id(),
  client_id text not null,
  scopes text[] not null,
  resource text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null default (now() + '180 days'::interval),
  activated_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_because text,
  constraint oauth_grants_check CHECK (((revoked_at IS NULL) = (revoked_because IS NULL))),
  constraint oauth_grants_client_id_check CHECK ((length(client_id) <= 1000)),
  constraint oauth_grants_pkey PRIMARY KEY (tenant_id, grant_id),
  constraint oauth_grants_resource_check CHECK ((length(resource) <= 1000)),
  constraint oauth_grants_revoked_because_check CHECK ((revoked_because = ANY (ARRAY['person'::text, 'client'::text, 'code_reuse'::text, 'refresh_reuse'::text, 'operator'::text, 'membership'::text]))),
  constraint oauth_grants_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 50))),
  constraint oauth_grants_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app.memberships(tenant_id, user_id)
);
alter table app.oauth_grants owner to causeway_owner;
CREATE INDEX oauth_grants_by_client ON app.oauth_grants USING btree (client_id);
CREATE INDEX oauth_grants_by_grant ON app.oauth_grants USING btree (grant_id);
CREATE INDEX oauth_grants_by_user ON app.oauth_grants USING btree (tenant_id, user_id, created_at);
alter table app.oauth_grants enable row level security;
alter table app.oauth_grants force row level security;
create policy backup on app.oauth_grants for select to causeway_backup
  using (true);
create policy keeper on app.oauth_grants for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.oauth_grants for select to causeway_resolver
  using (true);
create policy tenant on app.oauth_grants for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.oauth_grants for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.oauth_grants for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.oauth_grants to causeway_keeper;
grant select on table app.oauth_grants to causeway_app;
grant select on table app.oauth_grants to causeway_backup;
grant select on table app.oauth_grants to causeway_resolver;
grant insert (grant_id, client_id, scopes, resource) on app.oauth_grants to causeway_app;
grant update (revoked_at, revoked_because) on app.oauth_grants to causeway_app;

create table app.oauth_keys (
  key_id text not null,
  algorithm text not null default 'ES256'::text,
  public_jwk jsonb not null,
  private_key app.envelope not null,
  created_at timestamp with time zone not null default now(),
  signs_from timestamp with time zone not null default now(),
  published_until timestamp with time zone,
  constraint oauth_keys_algorithm_check CHECK ((algorithm = 'ES256'::text)),
  constraint oauth_keys_key_id_check CHECK ((key_id ~ '^[A-Za-z0-9_-]{16,64}$'::text)),
  constraint oauth_keys_pkey PRIMARY KEY (key_id),
  constraint oauth_keys_public_jwk_check CHECK (((jsonb_typeof(public_jwk) = 'object'::text) AND (NOT (public_jwk ? 'd'::text))))
);
alter table app.oauth_keys owner to causeway_owner;
alter table app.oauth_keys enable row level security;
alter table app.oauth_keys force row level security;
create policy backup on app.oauth_keys for select to causeway_backup
  using (true);
create policy keeper on app.oauth_keys for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.oauth_keys for select to causeway_resolver
  using (true);
grant delete, insert, select, update on table app.oauth_keys to causeway_keeper;
grant select on table app.oauth_keys to causeway_backup;
grant select on table app.oauth_keys to causeway_resolver;

create table app.oauth_refresh_tokens (
  tenant_id app.ten_id not null,
  token_sha256 app.sha256 not null,
  grant_id app.gra_id not null,
  generation integer not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  successor app.envelope,
  constraint oauth_refresh_tokens_check CHECK (((used_at IS NULL) = (successor IS NULL))),
  constraint oauth_refresh_tokens_generation_check CHECK ((generation >= 1)),
  constraint oauth_refresh_tokens_pkey PRIMARY KEY (tenant_id, token_sha256),
  constraint oauth_refresh_tokens_tenant_id_grant_id_fkey FOREIGN KEY (tenant_id, grant_id) REFERENCES app.oauth_grants(tenant_id, grant_id)
);
alter table app.oauth_refresh_tokens owner to causeway_owner;
CREATE INDEX oauth_refresh_tokens_by_grant ON app.oauth_refresh_tokens USING btree (tenant_id, grant_id, generation);
CREATE INDEX oauth_refresh_tokens_by_token ON app.oauth_refresh_tokens USING btree (token_sha256);
alter table app.oauth_refresh_tokens enable row level security;
alter table app.oauth_refresh_tokens force row level security;
create policy backup on app.oauth_refresh_tokens for select to causeway_backup
  using (true);
create policy keeper on app.oauth_refresh_tokens for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.oauth_refresh_tokens for select to causeway_resolver
  using (true);
create policy tenant on app.oauth_refresh_tokens for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.oauth_refresh_tokens for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.oauth_refresh_tokens for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.oauth_refresh_tokens to causeway_keeper;
grant select on table app.oauth_refresh_tokens to causeway_backup;
grant select on table app.oauth_refresh_tokens to causeway_resolver;

create table app.passwords (
  user_id app.usr_id not null,
  argon2id_hash app.argon2id not null,
  changed_at timestamp with time zone not null default clock_timestamp(),
  constraint passwords_pkey PRIMARY KEY (user_id),
  constraint passwords_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users(user_id)
);
alter table app.passwords owner to causeway_owner;
alter table app.passwords enable row level security;
alter table app.passwords force row level security;
create policy backup on app.passwords for select to causeway_backup
  using (true);
create policy keeper on app.passwords for all to causeway_keeper
  using (true)
  with check (true);
grant delete, insert, select, update on table app.passwords to causeway_keeper;
grant select on table app.passwords to causeway_backup;

create table app.platform_events (
  event_id app.pev_id not null default app.new_id('pev'::text),
  occurred_at timestamp with time zone not null default clock_timestamp(),
  action text not null,
  target_kind text not null,
  target_id text,
  details jsonb not null default '{}'::jsonb,
  request_id text,
  address inet,
  user_agent text,
  constraint platform_events_action_check CHECK (((action ~ '^[a-z_]+(\.[a-z_]+)+$'::text) AND (length(action) <= 60))),
  constraint platform_events_details_check CHECK (((jsonb_typeof(details) = 'object'::text) AND (length((details)::text) <= 16384))),
  constraint platform_events_pkey PRIMARY KEY (event_id),
  constraint platform_events_request_id_check CHECK ((length(request_id) <= 100)),
  constraint platform_events_target_id_check CHECK ((length(target_id) <= 300)),
  constraint platform_events_target_kind_check CHECK ((length(target_kind) <= 60)),
  constraint platform_events_user_agent_check CHECK ((length(user_agent) <= 500))
);
alter table app.platform_events owner to causeway_owner;
CREATE INDEX platform_events_refusals ON app.platform_events USING btree (occurred_at) WHERE (action = 'access.refuse'::text);
alter table app.platform_events enable row level security;
alter table app.platform_events force row level security;
create policy backup on app.platform_events for select to causeway_backup
  using (true);
create policy keeper_adds on app.platform_events for insert to causeway_keeper
  with check (true);
create policy keeper_forgets on app.platform_events for delete to causeway_keeper
  using ((action = 'access.refuse'::text));
create policy keeper_reads on app.platform_events for select to causeway_keeper
  using (true);
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON app.platform_events FOR EACH STATEMENT EXECUTE FUNCTION app_private.refuse_change(); -- enabled always
CREATE TRIGGER append_only_but_for_refusals BEFORE DELETE ON app.platform_events FOR EACH ROW EXECUTE FUNCTION app_private.refuse_unforgettable(); -- enabled always
grant delete, select on table app.platform_events to causeway_keeper;
grant select on table app.platform_events to causeway_backup;
grant insert (action, target_kind, target_id, details, request_id, address, user_agent) on app.platform_events to causeway_keeper;
comment on table app.platform_events is 'Append-only: no login may update, delete or truncate it. Refusals of strangers go after 400 days.';

create table app.platform_keys (
  key_id text not null,
  purpose text not null default 'secrets'::text,
  wrapped app.envelope not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint platform_keys_key_id_check CHECK ((key_id ~ '^[A-Za-z0-9_-]{8}$'::text)),
  constraint platform_keys_pkey PRIMARY KEY (key_id),
  constraint platform_keys_purpose_check CHECK ((purpose = 'secrets'::text))
);
alter table app.platform_keys owner to causeway_owner;
alter table app.platform_keys enable row level security;
alter table app.platform_keys force row level security;
create policy backup on app.platform_keys for select to causeway_backup
  using (true);
create policy keeper on app.platform_keys for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.platform_keys for select to causeway_resolver
  using (true);
grant delete, insert, select on table app.platform_keys to causeway_keeper;
grant select on table app.platform_keys to causeway_backup;
grant select on table app.platform_keys to causeway_resolver;
grant update (wrapped) on app.platform_keys to causeway_keeper;

create table app.pools (
  pool_id app.pol_id not null,
  name text not null,
  created_at timestamp with time zone not null default now(),
  owner_tenant app.ten_id,
  constraint pools_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
  constraint pools_name_once UNIQUE NULLS NOT DISTINCT (owner_tenant, name),
  constraint pools_owner_tenant_fkey FOREIGN KEY (owner_tenant) REFERENCES app.tenants(tenant_id),
  constraint pools_pkey PRIMARY KEY (pool_id)
);
alter table app.pools owner to causeway_owner;
alter table app.pools enable row level security;
alter table app.pools force row level security;
create policy backup on app.pools for select to causeway_backup
  using (true);
create policy keeper on app.pools for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.pools for select to causeway_resolver
  using (true);
grant delete, insert, select, update on table app.pools to causeway_keeper;
grant select on table app.pools to causeway_backup;
grant select on table app.pools to causeway_resolver;
comment on table app.pools is 'Executors that share a queue: of the platform, or of one tenant.';

create table app.project_members (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  user_id app.usr_id not null,
  role app.project_role not null,
  created_at timestamp with time zone not null default now(),
  created_by app.usr_id,
  constraint project_members_pkey PRIMARY KEY (tenant_id, project_id, user_id),
  constraint project_members_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint project_members_tenant_id_project_id_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES app.projects(tenant_id, project_id),
  constraint project_members_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app.memberships(tenant_id, user_id)
);
alter table app.project_members owner to causeway_owner;
CREATE INDEX project_members_by_user ON app.project_members USING btree (tenant_id, user_id, project_id);
alter table app.project_members enable row level security;
alter table app.project_members force row level security;
create policy backup on app.project_members for select to causeway_backup
  using (true);
create policy keeper on app.project_members for all to causeway_keeper
  using (true)
  with check (true);
create policy project on app.project_members as restrictive for all to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.project_members as restrictive for delete to causeway_app
  using (app.may_write((project_id)::text));
create policy resolver on app.project_members for select to causeway_resolver
  using (true);
create policy tenant on app.project_members for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.project_members for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.project_members for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.project_members to causeway_keeper;
grant select on table app.project_members to causeway_app;
grant select on table app.project_members to causeway_backup;
grant select on table app.project_members to causeway_resolver;

create table app.projects (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  name text not null,
  description text not null default ''::text,
  head_commit app.git_id,
  created_at timestamp with time zone not null default now(),
  created_by app.usr_id not null default app.user_id(),
  archived_at timestamp with time zone,
  restricted boolean not null default false,
  placement jsonb not null default '{}'::jsonb,
  agent_sees app.agent_sees not null default 'full'::text,
  constraint projects_description_check CHECK ((octet_length(description) <= 8192)),
  constraint projects_name_check CHECK ((((length(name) >= 1) AND (length(name) <= 255)) AND (name = btrim(name)))),
  constraint projects_pkey PRIMARY KEY (tenant_id, project_id),
  constraint projects_placement_check CHECK (app.is_placement(placement)),
  constraint projects_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint projects_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.projects owner to causeway_owner;
CREATE INDEX projects_by_name ON app.projects USING btree (tenant_id, lower(name)) WHERE (archived_at IS NULL);
CREATE UNIQUE INDEX projects_name_once ON app.projects USING btree (tenant_id, lower(name)) WHERE ((archived_at IS NULL) AND (NOT restricted));
CREATE INDEX projects_restricted ON app.projects USING btree (tenant_id) WHERE restricted;
alter table app.projects enable row level security;
alter table app.projects force row level security;
create policy backup on app.projects for select to causeway_backup
  using (true);
create policy keeper on app.projects for all to causeway_keeper
  using (true)
  with check (true);
create policy project on app.projects as restrictive for select to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE));
create policy project_add on app.projects as restrictive for insert to causeway_app
  with check (app.may_add_project());
create policy project_change on app.projects as restrictive for update to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.projects as restrictive for delete to causeway_app
  using (false);
create policy resolver on app.projects for select to causeway_resolver
  using (true);
create policy tenant on app.projects for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.projects for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.projects as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.projects for select to causeway_keeper
  using (true);
CREATE TRIGGER first_owner AFTER INSERT ON app.projects FOR EACH ROW EXECUTE FUNCTION app.add_first_owner();
grant delete, select on table app.projects to causeway_keeper;
grant select on table app.projects to causeway_app;
grant select on table app.projects to causeway_backup;
grant select on table app.projects to causeway_resolver;
grant insert (project_id, name, description, restricted) on app.projects to causeway_app;
grant update (head_commit, archived_at) on app.projects to causeway_app;
grant update (restricted, placement, agent_sees) on app.projects to causeway_keeper;

create table app.purges (
  tenant_id app.ten_id not null,
  purged_sha256 app.sha256 not null,
  purged_at timestamp with time zone not null default clock_timestamp(),
  purged_by app.usr_id,
  reason text not null,
  object jsonb not null,
  removed_at timestamp with time zone,
  constraint purges_object_check CHECK (((object ->> 'kind'::text) = ANY (ARRAY['file'::text, 'data'::text, 'output'::text, 'log'::text]))),
  constraint purges_pkey PRIMARY KEY (tenant_id, purged_sha256),
  constraint purges_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500))),
  constraint purges_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.purges owner to causeway_owner;
CREATE INDEX purges_to_remove ON app.purges USING btree (tenant_id) WHERE (removed_at IS NULL);
alter table app.purges enable row level security;
alter table app.purges force row level security;
create policy backup on app.purges for select to causeway_backup
  using (true);
create policy keeper_changes on app.purges for update to causeway_keeper
  using (true)
  with check (true);
create policy keeper_records on app.purges for insert to causeway_keeper
  with check (true);
create policy tenant on app.purges for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.purges for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.purges for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.purges to causeway_keeper;
grant select on table app.purges to causeway_app;
grant select on table app.purges to causeway_backup;
comment on table app.purges is 'Tombstones of contents: who reads what a digest named is told of them where the bytes are gone.';

create table app.recovery_links (
  link_sha256 app.sha256_hex not null,
  user_id app.usr_id not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint recovery_links_pkey PRIMARY KEY (link_sha256),
  constraint recovery_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users(user_id)
);
alter table app.recovery_links owner to causeway_owner;
alter table app.recovery_links enable row level security;
alter table app.recovery_links force row level security;
create policy backup on app.recovery_links for select to causeway_backup
  using (true);
create policy keeper on app.recovery_links for all to causeway_keeper
  using (true)
  with check (true);
grant delete, insert, select, update on table app.recovery_links to causeway_keeper;
grant select on table app.recovery_links to causeway_backup;

create table app.retention (
  tenant_id app.ten_id not null default app.tenant_id(),
  days jsonb not null,
  constraint retention_days_check CHECK (app.are_retention_days(days)),
  constraint retention_pkey PRIMARY KEY (tenant_id),
  constraint retention_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.retention owner to causeway_owner;
alter table app.retention enable row level security;
alter table app.retention force row level security;
create policy backup on app.retention for select to causeway_backup
  using (true);
create policy keeper_adds on app.retention for insert to causeway_keeper
  with check (true);
create policy keeper_changes on app.retention for update to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.retention for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.retention for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.retention for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.retention to causeway_keeper;
grant select on table app.retention to causeway_backup;

create table app.retention_defaults (
  kind text not null,
  retain_days integer,
  changed_at timestamp with time zone not null default clock_timestamp(),
  constraint retention_defaults_kind_check CHECK ((kind = ANY (ARRAY['runs'::text, 'logs'::text, 'outputs'::text, 'snapshots'::text]))),
  constraint retention_defaults_pkey PRIMARY KEY (kind),
  constraint retention_defaults_retain_days_check CHECK (((retain_days >= 1) AND (retain_days <= 36500)))
);
alter table app.retention_defaults owner to causeway_owner;
alter table app.retention_defaults enable row level security;
alter table app.retention_defaults force row level security;
create policy backup on app.retention_defaults for select to causeway_backup
  using (true);
create policy keeper on app.retention_defaults for all to causeway_keeper
  using (true)
  with check (true);
grant insert, select, update on table app.retention_defaults to causeway_keeper;
grant select on table app.retention_defaults to causeway_backup;
comment on table app.retention_defaults is 'How long tenants keep what they said nothing about.';

create table app.retention_sweeps (
  tenant_id app.ten_id not null,
  swept_at timestamp with time zone,
  judged_at timestamp with time zone,
  listed_until text,
  constraint retention_sweeps_pkey PRIMARY KEY (tenant_id),
  constraint retention_sweeps_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.retention_sweeps owner to causeway_owner;
alter table app.retention_sweeps enable row level security;
alter table app.retention_sweeps force row level security;
create policy backup on app.retention_sweeps for select to causeway_backup
  using (true);
create policy keeper_adds on app.retention_sweeps for insert to causeway_keeper
  with check (true);
create policy keeper_changes on app.retention_sweeps for update to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.retention_sweeps for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.retention_sweeps for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.retention_sweeps for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.retention_sweeps to causeway_keeper;
grant select on table app.retention_sweeps to causeway_backup;

create table app.runs (
  tenant_id app.ten_id not null default app.tenant_id(),
  run_id app.run_id not null,
  project_id app.prj_id not null,
  pool_id app.pol_id not null,
  kind text not null,
  commit_id app.git_id,
  entry text not null,
  manifest jsonb not null,
  manifest_sha256 app.sha256 not null,
  state text not null default 'queued'::text,
  fence integer not null default 1,
  created_by app.usr_id not null default app.user_id(),
  created_at timestamp with time zone not null default clock_timestamp(),
  finished_at timestamp with time zone,
  outcome jsonb,
  execution jsonb,
  labels jsonb not null default '{}'::jsonb,
  withheld boolean not null default false,
  log_expired boolean not null default false,
  outputs_expired boolean not null default false,
  constraint ended_with_outcome CHECK ((((state = 'queued'::text) = (outcome IS NULL)) AND ((state = 'queued'::text) = (finished_at IS NULL)) AND ((outcome IS NULL) OR ((outcome ->> 'state'::text) = state)))),
  constraint runs_entry_check CHECK (((length(entry) >= 1) AND (length(entry) <= 1000))),
  constraint runs_fence_check CHECK (((fence >= 1) AND (fence <= 100))),
  constraint runs_kind_check CHECK ((kind = ANY (ARRAY['model'::text, 'scratch'::text]))),
  constraint runs_labels_check CHECK (app.are_labels(labels)),
  constraint runs_manifest_check CHECK ((jsonb_typeof(manifest) = 'object'::text)),
  constraint runs_outcome_check CHECK (((length((outcome)::text) <= 1048576) OR log_expired OR outputs_expired)),
  constraint runs_pkey PRIMARY KEY (tenant_id, run_id),
  constraint runs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'succeeded'::text, 'failed'::text, 'timed_out'::text, 'out_of_memory'::text, 'process_limit'::text, 'output_limit'::text, 'cancelled'::text, 'lost'::text]))),
  constraint runs_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint runs_tenant_id_project_id_commit_id_fkey FOREIGN KEY (tenant_id, project_id, commit_id) REFERENCES app.commits(tenant_id, project_id, commit_id),
  constraint runs_tenant_id_project_id_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES app.projects(tenant_id, project_id)
);
alter table app.runs owner to causeway_owner;
CREATE INDEX runs_by_end ON app.runs USING btree (tenant_id, log_expired, outputs_expired, finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX runs_by_project ON app.runs USING btree (tenant_id, project_id, run_id DESC);
CREATE INDEX runs_to_sweep ON app.runs USING btree (created_at) WHERE (state = 'queued'::text);
CREATE INDEX runs_unfinished ON app.runs USING btree (tenant_id, manifest_sha256) WHERE (state = 'queued'::text);
CREATE INDEX runs_withheld ON app.runs USING btree (tenant_id, project_id) WHERE withheld;
alter table app.runs enable row level security;
alter table app.runs force row level security;
create policy backup on app.runs for select to causeway_backup
  using (true);
create policy ends_in_time_or_with_tenant on app.runs as restrictive for delete to causeway_keeper
  using (((finished_at < app.expired_before((tenant_id)::text, 'runs'::text)) OR ((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text)))));
create policy keeper on app.runs for all to causeway_keeper
  using (true)
  with check (true);
create policy project on app.runs as restrictive for all to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.runs as restrictive for delete to causeway_app
  using (app.may_write((project_id)::text));
create policy resolver on app.runs for select to causeway_resolver
  using (true);
create policy tenant on app.runs for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.runs for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.runs for select to causeway_keeper
  using (true);
CREATE TRIGGER guard_pool BEFORE INSERT ON app.runs FOR EACH ROW EXECUTE FUNCTION app.guard_run_pool();
CREATE TRIGGER guard_purged BEFORE INSERT ON app.runs FOR EACH ROW EXECUTE FUNCTION app.guard_purged_inputs();
CREATE TRIGGER guard_scratch BEFORE INSERT ON app.runs FOR EACH ROW WHEN ((new.kind = 'scratch'::text)) EXECUTE FUNCTION app.guard_scratch_blob();
CREATE TRIGGER guard_sight BEFORE INSERT ON app.runs FOR EACH ROW EXECUTE FUNCTION app.guard_run_sight();
grant delete, select on table app.runs to causeway_keeper;
grant select on table app.runs to causeway_app;
grant select on table app.runs to causeway_backup;
grant insert (run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256, labels) on app.runs to causeway_app;
grant select (created_by, labels) on app.runs to causeway_keeper;
grant select (tenant_id, pool_id, state) on app.runs to causeway_resolver;
grant update (state, fence, finished_at, outcome, execution, withheld, log_expired, outputs_expired) on app.runs to causeway_keeper;

create table app.seal_key (
  only_row boolean not null default true,
  key_sha256 app.sha256 not null,
  known_since timestamp with time zone not null default clock_timestamp(),
  constraint seal_key_only_row_check CHECK (only_row),
  constraint seal_key_pkey PRIMARY KEY (only_row)
);
alter table app.seal_key owner to causeway_owner;
alter table app.seal_key enable row level security;
alter table app.seal_key force row level security;
create policy backup on app.seal_key for select to causeway_backup
  using (true);
create policy keeper on app.seal_key for all to causeway_keeper
  using (true)
  with check (true);
grant insert, select, update on table app.seal_key to causeway_keeper;
grant select on table app.seal_key to causeway_backup;
comment on table app.seal_key is 'Which SEAL_KEY the Worker was last started with, as a digest, and since when.';

create table app.sessions (
  session_id app.ses_id not null,
  user_id app.usr_id not null,
  cookie_sha256 app.sha256_hex not null,
  method text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  last_seen_at timestamp with time zone not null default clock_timestamp(),
  idle_until timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  address inet,
  user_agent text,
  constraint sessions_check CHECK ((idle_until <= expires_at)),
  constraint sessions_cookie_sha256_key UNIQUE (cookie_sha256),
  constraint sessions_method_check CHECK ((method = ANY (ARRAY['password'::text, 'invitation'::text, 'recovery'::text]))),
  constraint sessions_pkey PRIMARY KEY (session_id),
  constraint sessions_user_agent_check CHECK ((length(user_agent) <= 500)),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users(user_id)
);
alter table app.sessions owner to causeway_owner;
CREATE INDEX sessions_by_user ON app.sessions USING btree (user_id, created_at DESC);
alter table app.sessions enable row level security;
alter table app.sessions force row level security;
create policy backup on app.sessions for select to causeway_backup
  using (true);
create policy keeper on app.sessions for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver_enters on app.sessions for select to causeway_resolver
  using (true);
grant delete, insert, select, update on table app.sessions to causeway_keeper;
grant select on table app.sessions to causeway_backup;
grant select on table app.sessions to causeway_resolver;

create table app.tenant_deletions (
  tenant_id app.ten_id not null,
  tenant_name text not null,
  requested_at timestamp with time zone not null default clock_timestamp(),
  requested_by app.usr_id,
  reason text,
  due_at timestamp with time zone not null,
  step text not null default 'waiting'::text,
  began_at timestamp with time zone,
  row_counts jsonb not null default '{}'::jsonb,
  key_ids text[] not null default '{}'::text[],
  people integer not null default 0,
  executors integer not null default 0,
  blobs bigint not null default 0,
  blob_bytes bigint not null default 0,
  counted_until text,
  audit jsonb,
  finished_at timestamp with time zone,
  certificate text,
  constraint tenant_deletions_certificate_check CHECK ((length(certificate) <= 65536)),
  constraint tenant_deletions_pkey PRIMARY KEY (tenant_id),
  constraint tenant_deletions_reason_check CHECK ((length(reason) <= 500)),
  constraint tenant_deletions_step_check CHECK ((step = ANY (ARRAY['waiting'::text, 'closing'::text, 'sealing'::text, 'rows'::text, 'counting'::text, 'blobs'::text, 'signing'::text, 'done'::text]))),
  constraint tenant_deletions_tenant_name_check CHECK (((length(tenant_name) >= 1) AND (length(tenant_name) <= 255)))
);
alter table app.tenant_deletions owner to causeway_owner;
alter table app.tenant_deletions enable row level security;
alter table app.tenant_deletions force row level security;
create policy backup on app.tenant_deletions for select to causeway_backup
  using (true);
create policy keeper on app.tenant_deletions for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.tenant_deletions for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
grant delete, insert, select, update on table app.tenant_deletions to causeway_keeper;
grant select on table app.tenant_deletions to causeway_backup;
comment on table app.tenant_deletions is 'Tenants that are to be deleted, are being deleted, or were: then with the certificate. It outlives its tenant.';

create table app.tenant_keys (
  tenant_id app.ten_id not null,
  key_id text not null,
  purpose text not null,
  wrapped app.envelope not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint tenant_keys_key_id_check CHECK ((key_id ~ '^[A-Za-z0-9_-]{8}$'::text)),
  constraint tenant_keys_pkey PRIMARY KEY (tenant_id, key_id),
  constraint tenant_keys_purpose_check CHECK ((purpose = ANY (ARRAY['secrets'::text, 'blobs'::text]))),
  constraint tenant_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.tenant_keys owner to causeway_owner;
alter table app.tenant_keys enable row level security;
alter table app.tenant_keys force row level security;
create policy backup on app.tenant_keys for select to causeway_backup
  using (true);
create policy keeper on app.tenant_keys for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.tenant_keys for select to causeway_resolver
  using (true);
create policy tenant on app.tenant_keys for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.tenant_keys for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.tenant_keys for select to causeway_keeper
  using (true);
grant delete, insert, select on table app.tenant_keys to causeway_keeper;
grant select on table app.tenant_keys to causeway_backup;
grant select on table app.tenant_keys to causeway_resolver;
grant update (wrapped) on app.tenant_keys to causeway_keeper;

create table app.tenants (
  tenant_id app.ten_id not null,
  name text not null,
  status text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  token_lifetime_max interval,
  placement jsonb not null default '{}'::jsonb,
  own_hosts_only boolean not null default false,
  agent_sees app.agent_sees not null default 'full'::text,
  suspended_by text,
  suspended_at timestamp with time zone,
  suspended_because text,
  constraint tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
  constraint tenants_pkey PRIMARY KEY (tenant_id),
  constraint tenants_placement_check CHECK (app.is_placement(placement)),
  constraint tenants_status_check CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'closing'::text, 'erasing'::text]))),
  constraint tenants_suspended_because_check CHECK ((length(suspended_because) <= 500)),
  constraint tenants_suspended_by_check CHECK ((suspended_by = ANY (ARRAY['operator'::text, 'deletion'::text]))),
  constraint tenants_token_lifetime_max_check CHECK ((token_lifetime_max > '00:00:00'::interval))
);
alter table app.tenants owner to causeway_owner;
alter table app.tenants enable row level security;
alter table app.tenants force row level security;
create policy backup on app.tenants for select to causeway_backup
  using (true);
create policy keeper on app.tenants for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.tenants for select to causeway_resolver
  using (true);
create policy tenant on app.tenants for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.tenants as restrictive for delete to causeway_keeper
  using ((status = 'erasing'::text));
CREATE TRIGGER never_again BEFORE INSERT ON app.tenants FOR EACH ROW EXECUTE FUNCTION app_private.refuse_deleted_tenant();
grant delete, insert, select, update on table app.tenants to causeway_keeper;
grant select on table app.tenants to causeway_app;
grant select on table app.tenants to causeway_backup;
grant select on table app.tenants to causeway_resolver;

create table app.token_last_uses (
  tenant_id app.ten_id not null default app.tenant_id(),
  credential_id text not null,
  last_used_at timestamp with time zone not null,
  constraint token_last_uses_credential_id_check CHECK ((length(credential_id) <= 100)),
  constraint token_last_uses_pkey PRIMARY KEY (tenant_id, credential_id),
  constraint token_last_uses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.token_last_uses owner to causeway_owner;
alter table app.token_last_uses enable row level security;
alter table app.token_last_uses force row level security;
create policy backup on app.token_last_uses for select to causeway_backup
  using (true);
create policy keeper on app.token_last_uses for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.token_last_uses for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.token_last_uses for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.token_last_uses as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.token_last_uses for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.token_last_uses to causeway_keeper;
grant select on table app.token_last_uses to causeway_app;
grant select on table app.token_last_uses to causeway_backup;
comment on table app.token_last_uses is 'When a token or an agent was last admitted; it outlives the entries themselves.';

create table app.token_uses (
  tenant_id app.ten_id not null default app.tenant_id(),
  request_id text not null,
  occurred_at timestamp with time zone not null,
  credential_kind text,
  credential_id text,
  user_id app.usr_id,
  method text,
  target text,
  address text,
  user_agent text,
  latency_ms integer,
  outcome text not null,
  reason text,
  dropped integer,
  trace_id text,
  answer_bytes bigint,
  constraint an_entry_or_a_gap CHECK (
CASE
    WHEN (outcome = 'dropped'::text) THEN ((dropped IS NOT NULL) AND (credential_id IS NULL))
    ELSE ((dropped IS NULL) AND (credential_kind IS NOT NULL) AND (credential_id IS NOT NULL) AND (method IS NOT NULL) AND (latency_ms IS NOT NULL) AND ((outcome = 'ok'::text) = (reason IS NULL)))
END),
  constraint token_uses_address_check CHECK ((length(address) <= 64)),
  constraint token_uses_answer_bytes_check CHECK ((answer_bytes >= 0)),
  constraint token_uses_credential_id_check CHECK ((length(credential_id) <= 100)),
  constraint token_uses_credential_kind_check CHECK ((credential_kind = ANY (ARRAY['api_token'::text, 'oauth'::text]))),
  constraint token_uses_dropped_check CHECK ((dropped > 0)),
  constraint token_uses_latency_ms_check CHECK ((latency_ms >= 0)),
  constraint token_uses_method_check CHECK ((length(method) <= 60)),
  constraint token_uses_outcome_check CHECK ((outcome = ANY (ARRAY['ok'::text, 'refused'::text, 'failed'::text, 'dropped'::text]))),
  constraint token_uses_pkey PRIMARY KEY (tenant_id, request_id),
  constraint token_uses_reason_check CHECK ((length(reason) <= 60)),
  constraint token_uses_request_id_check CHECK (((length(request_id) >= 1) AND (length(request_id) <= 100))),
  constraint token_uses_target_check CHECK ((length(target) <= 100)),
  constraint token_uses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id),
  constraint token_uses_trace_id_check CHECK ((trace_id ~ '^[0-9a-f]{32}$'::text)),
  constraint token_uses_user_agent_check CHECK ((length(user_agent) <= 200))
);
alter table app.token_uses owner to causeway_owner;
CREATE INDEX token_uses_by_age ON app.token_uses USING brin (occurred_at);
CREATE INDEX token_uses_by_credential ON app.token_uses USING btree (tenant_id, credential_id, occurred_at DESC);
CREATE INDEX token_uses_by_time ON app.token_uses USING btree (tenant_id, occurred_at DESC);
CREATE INDEX token_uses_by_trace ON app.token_uses USING btree (tenant_id, trace_id, occurred_at DESC) WHERE (trace_id IS NOT NULL);
CREATE INDEX token_uses_by_user ON app.token_uses USING btree (tenant_id, user_id, occurred_at DESC);
alter table app.token_uses enable row level security;
alter table app.token_uses force row level security;
create policy backup on app.token_uses for select to causeway_backup
  using (true);
create policy keeper on app.token_uses for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.token_uses for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.token_uses for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.token_uses for select to causeway_keeper
  using (true);
grant delete, insert, select on table app.token_uses to causeway_keeper;
grant select on table app.token_uses to causeway_app;
grant select on table app.token_uses to causeway_backup;
comment on table app.token_uses is 'One row for each request with a token, kept 90 days. outcome `dropped` stands for as many entries as `dropped` says.';

create table app.trees (
  tenant_id app.ten_id not null default app.tenant_id(),
  project_id app.prj_id not null,
  tree_id app.git_id not null,
  files jsonb not null,
  file_count integer not null,
  bytes bigint not null,
  constraint trees_bytes_check CHECK ((bytes >= 0)),
  constraint trees_file_count_check CHECK (((file_count >= 0) AND (file_count <= 2000))),
  constraint trees_files_check CHECK ((jsonb_typeof(files) = 'object'::text)),
  constraint trees_pkey PRIMARY KEY (tenant_id, project_id, tree_id),
  constraint trees_tenant_id_project_id_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES app.projects(tenant_id, project_id)
);
alter table app.trees owner to causeway_owner;
alter table app.trees enable row level security;
alter table app.trees force row level security;
create policy backup on app.trees for select to causeway_backup
  using (true);
create policy keeper on app.trees for select to causeway_keeper
  using (true);
create policy project on app.trees as restrictive for all to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.trees as restrictive for delete to causeway_app
  using (app.may_write((project_id)::text));
create policy tenant on app.trees for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.trees for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.trees as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.trees for select to causeway_keeper
  using (true);
grant delete, select on table app.trees to causeway_keeper;
grant select on table app.trees to causeway_app;
grant select on table app.trees to causeway_backup;
grant insert (project_id, tree_id, files, file_count, bytes) on app.trees to causeway_app;
grant select (tenant_id, files) on app.trees to causeway_keeper;

create table app.uploads (
  tenant_id app.ten_id not null default app.tenant_id(),
  upload_id app.upl_id not null,
  project_id app.prj_id not null,
  name app.source_name not null,
  format app.data_format not null,
  bytes bigint not null,
  announced_sha256 app.sha256,
  created_at timestamp with time zone not null default now(),
  created_by app.usr_id not null default app.user_id(),
  expires_at timestamp with time zone not null,
  received_sha256 app.sha256,
  received_at timestamp with time zone,
  agent_sees app.agent_sees not null default 'full'::text,
  constraint received_as_a_whole CHECK (((received_sha256 IS NULL) = (received_at IS NULL))),
  constraint received_as_announced CHECK (((received_sha256)::text = (COALESCE(announced_sha256, received_sha256))::text)),
  constraint uploads_bytes_check CHECK (((bytes >= 1) AND (bytes <= 104857600))),
  constraint uploads_pkey PRIMARY KEY (tenant_id, upload_id),
  constraint uploads_tenant_id_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES app.memberships(tenant_id, user_id),
  constraint uploads_tenant_id_project_id_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES app.projects(tenant_id, project_id)
);
alter table app.uploads owner to causeway_owner;
CREATE INDEX uploads_open ON app.uploads USING btree (tenant_id, expires_at) WHERE (received_at IS NULL);
CREATE INDEX uploads_to_sweep ON app.uploads USING btree (expires_at) WHERE (received_at IS NULL);
alter table app.uploads enable row level security;
alter table app.uploads force row level security;
create policy backup on app.uploads for select to causeway_backup
  using (true);
create policy expired on app.uploads for delete to causeway_keeper
  using ((received_at < app.expired_before((tenant_id)::text, 'snapshots'::text)));
create policy keeper on app.uploads for select to causeway_keeper
  using (true);
create policy keeper_sweeps on app.uploads for delete to causeway_keeper
  using (((received_at IS NULL) AND (expires_at < (clock_timestamp() - '1 day'::interval))));
create policy keeper_withholds on app.uploads for update to causeway_keeper
  using (true)
  with check (true);
create policy project on app.uploads as restrictive for all to causeway_app
  using ((((project_id)::text = ANY (( SELECT app.reachable_projects() AS reachable_projects)::text[])) IS NOT FALSE))
  with check (app.may_write((project_id)::text));
create policy project_delete on app.uploads as restrictive for delete to causeway_app
  using (app.may_write((project_id)::text));
create policy purged on app.uploads for delete to causeway_keeper
  using ((EXISTS ( SELECT
   FROM app.purges p
  WHERE (((p.tenant_id)::text = (uploads.tenant_id)::text) AND ((p.purged_sha256)::text = (uploads.received_sha256)::text)))));
create policy resolver on app.uploads for select to causeway_resolver
  using (true);
create policy tenant on app.uploads for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.uploads for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.uploads for select to causeway_keeper
  using (true);
CREATE TRIGGER guard_loosening BEFORE UPDATE OF agent_sees ON app.uploads FOR EACH ROW WHEN ((((old.agent_sees)::text = 'schema_only'::text) AND ((new.agent_sees)::text = 'full'::text))) EXECUTE FUNCTION app.refuse_loosening();
grant delete, select on table app.uploads to causeway_keeper;
grant select on table app.uploads to causeway_app;
grant select on table app.uploads to causeway_backup;
grant insert (upload_id, project_id, name, format, bytes, announced_sha256, expires_at, agent_sees) on app.uploads to causeway_app;
grant select (tenant_id, expires_at, received_at) on app.uploads to causeway_resolver;
grant select (tenant_id, upload_id, project_id, name, expires_at, received_sha256, received_at, agent_sees) on app.uploads to causeway_keeper;
grant update (agent_sees) on app.uploads to causeway_keeper;
grant update (received_sha256, received_at, agent_sees) on app.uploads to causeway_app;

create table app.users (
  user_id app.usr_id not null,
  email text not null,
  name text not null,
  status text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  constraint users_email_check CHECK (((email = lower(email)) AND ((length(email) >= 3) AND (length(email) <= 320)))),
  constraint users_email_once UNIQUE (email),
  constraint users_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
  constraint users_pkey PRIMARY KEY (user_id),
  constraint users_status_check CHECK ((status = ANY (ARRAY['active'::text, 'disabled'::text])))
);
alter table app.users owner to causeway_owner;
alter table app.users enable row level security;
alter table app.users force row level security;
create policy backup on app.users for select to causeway_backup
  using (true);
create policy keeper on app.users for all to causeway_keeper
  using (true)
  with check (true);
create policy resolver on app.users for select to causeway_resolver
  using (true);
grant delete, insert, select, update on table app.users to causeway_keeper;
grant select on table app.users to causeway_backup;
grant select on table app.users to causeway_resolver;

create table app.withheld_starts (
  tenant_id app.ten_id not null default app.tenant_id(),
  minute timestamp with time zone not null,
  starts integer not null,
  constraint withheld_starts_pkey PRIMARY KEY (tenant_id),
  constraint withheld_starts_starts_check CHECK ((starts > 0)),
  constraint withheld_starts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(tenant_id)
);
alter table app.withheld_starts owner to causeway_owner;
alter table app.withheld_starts enable row level security;
alter table app.withheld_starts force row level security;
create policy backup on app.withheld_starts for select to causeway_backup
  using (true);
create policy keeper on app.withheld_starts for all to causeway_keeper
  using (true)
  with check (true);
create policy tenant on app.withheld_starts for all to causeway_app
  using (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)))
  with check (((tenant_id)::text = ( SELECT app.tenant_id() AS tenant_id)));
create policy tenant_life_ends on app.withheld_starts for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_ends_only on app.withheld_starts as restrictive for delete to causeway_keeper
  using (((tenant_id)::text IN ( SELECT t.tenant_id
   FROM app.tenants t
  WHERE (t.status = 'erasing'::text))));
create policy tenant_life_reads on app.withheld_starts for select to causeway_keeper
  using (true);
grant delete, insert, select, update on table app.withheld_starts to causeway_keeper;
grant select on table app.withheld_starts to causeway_backup;

create table app_private.signing_keys (
  purpose text not null,
  slot smallint not null,
  inner_block bytea not null,
  outer_block bytea not null,
  installed_at timestamp with time zone not null default now(),
  constraint one_context_key CHECK (((purpose = 'ticket'::text) OR (slot = 1))),
  constraint signing_keys_inner_block_check CHECK ((length(inner_block) = 64)),
  constraint signing_keys_outer_block_check CHECK ((length(outer_block) = 64)),
  constraint signing_keys_pkey PRIMARY KEY (purpose, slot),
  constraint signing_keys_purpose_check CHECK ((purpose = ANY (ARRAY['ticket'::text, 'context'::text]))),
  constraint signing_keys_slot_check CHECK ((slot = ANY (ARRAY[1, 2])))
);
alter table app_private.signing_keys owner to causeway_owner;
grant select on table app_private.signing_keys to causeway_resolver;
comment on table app_private.signing_keys is 'HMAC-SHA-256 keys: `ticket` is shared with the Worker (two at once while it is rotated), `context` never leaves the database.';

create table migrations.applied (
  name text not null,
  sha256 text not null,
  applied_at timestamp with time zone not null default now(),
  constraint applied_pkey PRIMARY KEY (name)
);
alter table migrations.applied owner to causeway_owner;
grant select on table migrations.applied to causeway_backup;
grant select on table migrations.applied to causeway_resolver;

-- Functions

CREATE OR REPLACE FUNCTION app.add_audit_cosignature(checkpoint text, line text)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.audit_cosignatures (tree_size, line)
  select c.tree_size, line from app.audit_checkpoints as c where c.tree_size = checkpoint::bigint
  on conflict do nothing
  returning tree_size
$function$;
alter function app.add_audit_cosignature(text,text) owner to causeway_keeper;
grant execute on function app.add_audit_cosignature(text,text) to causeway_owner;
comment on function app.add_audit_cosignature(text,text) is 'Keeps a witness''s line for the checkpoint of that size; NULL where there is none, or it is known.';

CREATE OR REPLACE FUNCTION app.add_data_key(tenant text, purpose text, key_id text, wrapped text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if tenant is null then
    insert into app.platform_keys (key_id, purpose, wrapped) values (key_id, purpose, wrapped);
  else
    insert into app.tenant_keys (tenant_id, key_id, purpose, wrapped) values (tenant, key_id, purpose, wrapped);
  end if;
end
$function$;
alter function app.add_data_key(text,text,text,text) owner to causeway_keeper;
grant execute on function app.add_data_key(text,text,text,text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.add_event(caller jsonb, call jsonb, outcome text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  added text;
begin
  insert into app.audit_events as e (tenant_id, event_id, actor_user_id, credential_kind, credential_id, client_id, action, target_kind,
                                     target_id, outcome, details, request_id, address, user_agent, trace_id, input_sha256, input_bytes)
  values (caller ->> 'tenant', coalesce(call ->> 'id', app.new_id('evt')), caller ->> 'user', caller ->> 'kind', caller ->> 'credential',
          case when caller ->> 'kind' = 'oauth' then app.client_id() end, call ->> 'action', call ->> 'kind',
          call ->> 'target', outcome, coalesce(nullif(call -> 'details', 'null'), '{}'), caller ->> 'request',
          (caller ->> 'address')::inet, caller ->> 'agent', call ->> 'trace', call ->> 'sha256', (call ->> 'bytes')::integer)
  returning e.event_id into added;
  return added;
end
$function$;
alter function app.add_event(jsonb,jsonb,text) owner to causeway_keeper;
grant execute on function app.add_event(jsonb,jsonb,text) to causeway_resolver;
comment on function app.add_event(jsonb,jsonb,text) is 'Adds an event of `caller`, the JSON of a ticket that app.enter() read or of the context that it signed; `call` is {id, action, kind, target, details, trace, sha256, bytes}.';

CREATE OR REPLACE FUNCTION app.add_first_owner()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into app.project_members (tenant_id, project_id, user_id, role)
  select m.tenant_id, new.project_id, m.user_id, 'owner' from app.memberships as m
   where m.tenant_id = new.tenant_id and m.user_id = new.created_by and m.status = 'active' for share;
  return null;
end
$function$;
alter function app.add_first_owner() owner to causeway_keeper;
grant execute on function app.add_first_owner() to causeway_owner;
comment on function app.add_first_owner() is 'Whoever makes a project is its owner.';

CREATE OR REPLACE FUNCTION app.add_key_encryption_key(key_id text, recipe jsonb, canary text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.key_encryption_keys (key_id, recipe, canary)
  values (add_key_encryption_key.key_id, add_key_encryption_key.recipe, add_key_encryption_key.canary)
$function$;
alter function app.add_key_encryption_key(text,jsonb,text) owner to causeway_keeper;
grant execute on function app.add_key_encryption_key(text,jsonb,text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.address_within(address text, ranges cidr[])
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- Where nobody vouches for an address it is NULL, and then a restricted token holds nowhere.
  if address is null or not pg_input_is_valid(address, 'inet') then
    return false;
  end if;
  return address::inet <<= any (ranges);
end
$function$;
alter function app.address_within(text,cidr[]) owner to causeway_owner;
grant execute on function app.address_within(text,cidr[]) to causeway_resolver;
comment on function app.address_within(text,cidr[]) is 'Whether an address lies in one of the networks. What is no address lies in none.';

CREATE OR REPLACE FUNCTION app.administered_sessions()
 RETURNS SETOF app.sessions
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select s
    from app.sessions as s
    join app.users as u using (user_id)
    join app.memberships as m on m.user_id = s.user_id and m.tenant_id = (select app.tenant_id())
   where (select app.administers()) and m.status = 'active' and u.status = 'active'
     and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, clock_timestamp())
     and not exists (select from app.memberships as o
                      where o.user_id = s.user_id and o.tenant_id <> m.tenant_id and o.status = 'active')
$function$;
alter function app.administered_sessions() owner to causeway_keeper;
comment on function app.administered_sessions() is 'The living sessions of people who belong to the entered tenant and to no other; nothing for who does not administer it.';

CREATE OR REPLACE FUNCTION app.administers()
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(app.context() ->> 'kind' = 'session' and app.role_rank(app.context() ->> 'role') >= app.role_rank('admin'), false)
$function$;
alter function app.administers() owner to causeway_owner;
grant execute on function app.administers() to causeway_app;
grant execute on function app.administers() to causeway_keeper;
grant execute on function app.administers() to causeway_resolver;
comment on function app.administers() is 'Whether a signed-in admin or owner of the entered tenant acts. No token ever does.';

CREATE OR REPLACE FUNCTION app.append_to_tree(tree text, leaves bytea[])
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.append_to_tree(text,bytea[]) owner to causeway_keeper;
comment on function app.append_to_tree(text,bytea[]) is 'Adds leaves, by their hashes, and every subtree that they complete (RFC 6962, section 2.1). Returns the new size.';

CREATE OR REPLACE FUNCTION app.archive_project(project text)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  refusal jsonb := app.project_refusal(project, 'owner');
begin
  if refusal is not null then return refusal; end if;
  update app.projects as p set archived_at = now() where p.project_id = project and p.archived_at is null;
  if found then
    perform app.audit('project.archive', 'project', project, 'ok');
  end if;
  return jsonb_build_object('ok', true, 'changed', found);
end
$function$;
alter function app.archive_project(text) owner to causeway_owner;
grant execute on function app.archive_project(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.are_labels(given jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
begin
  if given = '{}' then
    return true;
  end if;
  return coalesce(jsonb_typeof(given) = 'object' and (
    select count(*) <= 16 and coalesce(bool_and(
             jsonb_typeof(label.value) = 'string' and label.key ~ '^[a-z][a-z0-9_.-]{0,39}$'
             and label.value #>> '{}' ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'), true)
      from jsonb_each(given) as label), false);
end
$function$;
alter function app.are_labels(jsonb) owner to causeway_owner;
grant execute on function app.are_labels(jsonb) to causeway_app;
grant execute on function app.are_labels(jsonb) to causeway_keeper;
grant execute on function app.are_labels(jsonb) to causeway_resolver;
comment on function app.are_labels(jsonb) is 'Whether it is an object of at most sixteen labels, as protocol/labels.ts describes them.';

CREATE OR REPLACE FUNCTION app.are_retention_days(days jsonb)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_typeof(days) = 'object' and not exists (
    select from jsonb_each(days) as d
     where d.key not in ('runs', 'logs', 'outputs', 'snapshots')
        or case jsonb_typeof(d.value) when 'null' then false
                                      when 'number' then d.value::numeric not between 1 and 36500 or d.value::numeric % 1 <> 0
                                      else true end)
$function$;
alter function app.are_retention_days(jsonb) owner to causeway_owner;
grant execute on function app.are_retention_days(jsonb) to causeway_keeper;

CREATE OR REPLACE FUNCTION app.ask_audit_again(tenant text, sink text, from_leaf bigint)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  asked integer;
begin
  update app.audit_dead_letters as d set resend_at = clock_timestamp()
    from app.audit_sinks as s
   where s.tenant_id = d.tenant_id and s.sink_id = d.sink_id and s.ended_at is null
     and d.tenant_id = tenant and (sink is null or d.sink_id = sink) and (from_leaf is null or d.from_leaf = from_leaf)
     and d.sent_at is null and d.resend_at is null;
  get diagnostics asked = row_count;
  return asked;
end
$function$;
alter function app.ask_audit_again(text,text,bigint) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.audit(action text, target_kind text, target_id text, outcome text, details jsonb DEFAULT '{}'::jsonb)
 RETURNS text
 LANGUAGE sql
AS $function$
  select app.system_add_event(
    jsonb_build_object('action', action, 'kind', target_kind, 'target', target_id, 'details', details), outcome)
$function$;
alter function app.audit(text,text,text,text,jsonb) owner to causeway_owner;
grant execute on function app.audit(text,text,text,text,jsonb) to causeway_app;
grant execute on function app.audit(text,text,text,text,jsonb) to causeway_keeper;
comment on function app.audit(text,text,text,text,jsonb) is 'Adds an event of the entered tenant in this transaction and returns its id. Outcome: ok, refused or error.';

CREATE OR REPLACE FUNCTION app.audit_authentication()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, action, target_kind, target_id, outcome, details,
                                request_id, address, user_agent)
  select m.tenant_id, new.user_id, 'session', 'person.sign_in', 'user', new.user_id,
         case new.outcome when 'ok' then 'ok' else 'refused' end,
         jsonb_build_object('method', new.method) || case new.outcome when 'ok' then '{}' else jsonb_build_object('code', new.outcome) end,
         new.request_id, new.address, new.user_agent
    from app.memberships as m join app.tenants as t using (tenant_id)
   where m.user_id = new.user_id and m.status = 'active' and t.status <> 'erasing'
     and new.method in ('password', 'invitation', 'recovery');
  return null;
end
$function$;
alter function app.audit_authentication() owner to causeway_keeper;
grant execute on function app.audit_authentication() to causeway_owner;

CREATE OR REPLACE FUNCTION app.audit_head_text(tenant_id text, tree_size bigint, root_hash bytea)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select format(E'causeway audit head v1\n%s\n%s\n%s\n', tenant_id, tree_size, encode(root_hash, 'base64')) $function$;
alter function app.audit_head_text(text,bigint,bytea) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.audit_leaf(e app.audit_events)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object(
    'v', 1, 'tenant', e.tenant_id, 'event', e.event_id,
    'at', to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'user', e.actor_user_id, 'by', e.credential_kind, 'credential', e.credential_id, 'client', e.client_id,
    'action', e.action, 'kind', e.target_kind, 'target', e.target_id, 'outcome', e.outcome,
    'request', e.request_id, 'trace', e.trace_id, 'address', host(e.address), 'agent', e.user_agent,
    'input_sha256', e.input_sha256, 'input_bytes', e.input_bytes, 'details', e.details)::text
$function$;
alter function app.audit_leaf(app.audit_events) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.audit_lines(tenant text, tree_size bigint, from_index bigint, lines_max integer)
 RETURNS TABLE(leaf_index bigint, line text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.audit_lines(text,bigint,bigint,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.audit_person(tenant_id text, user_id text, credential_kind text, action text, target_kind text, target_id text, details jsonb, call jsonb DEFAULT '{}'::jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, action, target_kind, target_id, outcome, details,
                                request_id, address, user_agent)
  values (tenant_id, user_id, credential_kind, action, target_kind, target_id, 'ok', details,
          call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$function$;
alter function app.audit_person(text,text,text,text,text,text,jsonb,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.audit_proof(tenant text, cosigned boolean)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.audit_proof(text,boolean) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.audit_sinks_of(tenant text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
           'sink', s.sink_id, 'kind', s.kind, 'url', s.url, 'settings', s.settings, 'created_at', s.created_at,
           'next_entry', s.next_leaf,
           'waiting', greatest(0, coalesce((select t.tree_size from app.audit_trees as t where t.tree = s.tenant_id), 0) - s.next_leaf),
           'failures', s.failures, 'last_failure', s.last_failure,
           'next_attempt_at', case when s.failures > 0 then s.next_attempt_at end,
           'dead_letters', (select coalesce(jsonb_agg(jsonb_build_object('from', d.from_leaf, 'until', d.until_leaf,
                                    'reason', d.reason, 'at', d.created_at, 'is_asked_again', d.resend_at is not null)
                                    order by d.from_leaf desc), '[]')
                              from (select * from app.audit_dead_letters as l
                                     where l.tenant_id = s.tenant_id and l.sink_id = s.sink_id and l.sent_at is null
                                     order by l.from_leaf desc limit 100) as d)) order by s.sink_id), '[]')
    from app.audit_sinks as s
   where s.tenant_id = audit_sinks_of.tenant and s.ended_at is null
$function$;
alter function app.audit_sinks_of(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.awaited_upload(upload text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce((
    select coalesce(app.project_refusal(u.project_id), case
             when u.received_at is not null then jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "used"}'::jsonb)
             when u.expires_at <= clock_timestamp() then jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "expired"}'::jsonb)
             else jsonb_build_object('ok', true, 'project', u.project_id, 'name', u.name, 'format', u.format,
                                     'bytes', u.bytes, 'sha256', u.announced_sha256)
           end)
      from app.uploads as u where u.upload_id = upload),
    jsonb_build_object('ok', false, 'code', 'not_found'))
$function$;
alter function app.awaited_upload(text) owner to causeway_owner;
grant execute on function app.awaited_upload(text) to causeway_app;
comment on function app.awaited_upload(text) is 'What a PUT to this upload must bring, or why it may not: used, expired, absent, or no right to write there.';

CREATE OR REPLACE FUNCTION app.begin_cancel(run text)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  target record;
  refusal jsonb;
begin
  select r.state, r.pool_id, r.fence, r.project_id into target from app.runs as r where r.run_id = run;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  refusal := app.project_refusal(target.project_id);
  if refusal is not null then return refusal; end if;
  perform app.audit('run.cancel', 'run', run, case when target.state = 'queued' then 'ok' else 'refused' end,
                    jsonb_build_object('state', target.state));
  return jsonb_build_object('ok', true, 'pool', target.pool_id, 'state', target.state, 'fence', target.fence);
end
$function$;
alter function app.begin_cancel(text) owner to causeway_owner;
grant execute on function app.begin_cancel(text) to causeway_app;
comment on function app.begin_cancel(text) is 'Records who wants a run cancelled, and says where it is.';

CREATE OR REPLACE FUNCTION app.begin_import(reference text, name text, format text, origin jsonb, wish text, describer text, withheld_max integer, idempotency jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  target jsonb := app.project_for_data(reference);
  project text := target ->> 'project';
  is_person constant boolean := app.is_in_session();
  is_hidden boolean;
  wait integer;
  held jsonb;
begin
  if seen is not null then
    if not (seen ->> 'ok')::boolean then return seen; end if;
    return coalesce(seen || app.sight_of(seen ->> 'project', seen ->> 'source', seen ->> 'sha256') || (
      select jsonb_build_object('description', s.description, 'bytes', s.bytes, 'row_count', s.row_count)
        from app.data_snapshots as s
       where s.project_id = seen ->> 'project' and s.source_id = seen ->> 'source' and s.sha256 = seen ->> 'sha256'),
      jsonb_build_object('ok', false, 'code', 'expired'));
  end if;
  if not (target ->> 'ok')::boolean then return target; end if;
  is_hidden := not is_person and app.is_withheld_output(project, origin);
  if is_hidden then
    wait := app.system_take_withheld_start(withheld_max);
    if wait is not null then
      return jsonb_build_object('ok', false, 'code', 'rate_limited', 'details', jsonb_build_object('retry_after_seconds', wait));
    end if;
  end if;
  held := app.find_origin(project, origin);
  if not (held ->> 'ok')::boolean then
    return case when is_hidden then jsonb_build_object('ok', false, 'code', 'invalid_data') else held end;
  end if;
  return held || target || jsonb_build_object(
    'sight', app.import_sight(project, name, origin, wish),
    -- Known from equal bytes that the caller may see: to be quick would tell of others.
    'description', (
      select s.description
        from app.data_snapshots as s
        join app.data_sources as d on d.project_id = s.project_id and d.source_id = s.source_id
       where s.tenant_id = (select app.tenant_id()) and s.sha256 = held ->> 'sha256' and s.format = format
         and s.description ->> 'describer' = describer and (is_person or d.agent_sees = 'full')
       limit 1));
end
$function$;
alter function app.begin_import(text,text,text,jsonb,text,text,integer,jsonb) owner to causeway_owner;
grant execute on function app.begin_import(text,text,text,jsonb,text,text,integer,jsonb) to causeway_app;
comment on function app.begin_import(text,text,text,jsonb,text,text,integer,jsonb) is 'Was it made already, where are its bytes, what will the caller see of it, and were equal bytes described before?';

CREATE OR REPLACE FUNCTION app.blocks_client(tenant_id text, client_id text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select exists (select from app.blocked_clients as b
                  where b.tenant_id = blocks_client.tenant_id and b.client_id = blocks_client.client_id)
$function$;
alter function app.blocks_client(text,text) owner to causeway_owner;
grant execute on function app.blocks_client(text,text) to causeway_app;
grant execute on function app.blocks_client(text,text) to causeway_keeper;
grant execute on function app.blocks_client(text,text) to causeway_resolver;
comment on function app.blocks_client(text,text) is 'Whether the admins of a tenant have blocked a client; the caller''s own rights decide of which tenants it can tell.';

CREATE OR REPLACE FUNCTION app.cap_token_lifetime(tenant_id text, lifetime_max interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update app.tenants as t set token_lifetime_max = cap_token_lifetime.lifetime_max
   where t.tenant_id = cap_token_lifetime.tenant_id;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'tenant_not_found');
  end if;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant_id, 'operator', 'tenant.cap_tokens', 'tenant', tenant_id, 'ok',
          jsonb_build_object('seconds_max', extract(epoch from lifetime_max)));
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.cap_token_lifetime(text,interval) owner to causeway_keeper;
grant execute on function app.cap_token_lifetime(text,interval) to causeway_owner;
comment on function app.cap_token_lifetime(text,interval) is 'Bounds how long new tokens of a tenant may live; NULL lifts it. Tokens that are there stay as they are.';

CREATE OR REPLACE FUNCTION app.change_placement(tenant text, project text, placement jsonb, own_hosts_only boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  elsewhere integer;
begin
  if placement is not null and not app.is_placement(placement) then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments');
  end if;
  perform pg_advisory_xact_lock(hashtextextended('placement ' || tenant, 0));
  if own_hosts_only then
    select count(*) into elsewhere from app.runs as r join app.pools as p using (pool_id)
     where r.tenant_id = tenant and r.state = 'queued' and p.owner_tenant is null;
    if elsewhere > 0 then
      return jsonb_build_object('ok', false, 'code', 'runs_unfinished', 'details', jsonb_build_object('runs', elsewhere));
    end if;
  end if;
  if placement ? 'pool' and not exists (
       select from app.pools as p where p.pool_id = placement ->> 'pool' and (p.owner_tenant = tenant or p.owner_tenant is null)) then
    return jsonb_build_object('ok', false, 'code', 'pool_not_found', 'details', jsonb_build_object('pool', placement -> 'pool'));
  end if;
  if project is null then
    update app.tenants as t set placement = coalesce(placement, t.placement), own_hosts_only = coalesce(own_hosts_only, t.own_hosts_only)
     where t.tenant_id = tenant;
  else
    update app.projects as p set placement = placement where p.tenant_id = tenant and p.project_id = project;
  end if;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  perform app.note_fleet_event(tenant, 'tenant.place', case when project is null then 'tenant' else 'project' end,
    coalesce(project, tenant), jsonb_strip_nulls(jsonb_build_object('placement', placement, 'own_hosts_only', own_hosts_only)));
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.change_placement(text,text,jsonb,boolean) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.change_retention(tenant text, wanted jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  said constant jsonb := (select coalesce(jsonb_object_agg(w.key, w.value), '{}') from jsonb_each(wanted - 'audit') as w where w.value <> '"default"');
  unsaid constant text[] := array(select w.key from jsonb_each(wanted - 'audit') as w where w.value = '"default"');
begin
  insert into app.retention as r (tenant_id, days) values (tenant, said)
    on conflict (tenant_id) do update set days = (r.days || said) - unsaid;
  if wanted ? 'audit' then
    insert into app.audit_retention as r (tenant_id, retain_days) values (tenant, nullif(wanted ->> 'audit', 'default')::integer)
      on conflict (tenant_id) do update set retain_days = excluded.retain_days;
  end if;
end
$function$;
alter function app.change_retention(text,jsonb) owner to causeway_keeper;
comment on function app.change_retention(text,jsonb) is 'Sets by kind for how many days a tenant keeps it: a number, null for ever, or "default".';

CREATE OR REPLACE FUNCTION app.check_audit_log()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select 'error', 'audit_open_to_members', 'app.audit_events',
         'Policy readers on app.audit_events, by which only admins read the log, is missing or another: restore it as schema.sql has it.'
   where not exists (
     select from pg_policy as p
      where p.polrelid = to_regclass('app.audit_events') and p.polname = 'readers' and not p.polpermissive and p.polcmd = 'r'
        and p.polroles = array[to_regrole('causeway_app')::oid]
        and regexp_replace(pg_get_expr(p.polqual, p.polrelid), '(::text|[() ]|\s)', '', 'g')
            = 'request_id=SELECTapp.request_idASrequest_idORSELECTapp.may_read_auditASmay_read_audit')
$function$;
alter function app.check_audit_log() owner to causeway_owner;
grant execute on function app.check_audit_log() to causeway_app;
comment on function app.check_audit_log() is 'Whether the audit log is kept from those who may not read it; part of app.check_catalogue().';

CREATE OR REPLACE FUNCTION app.check_catalogue()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select * from app.check_tenancy() union all select * from app.check_project_guards()
  union all select * from app.check_secret_columns() union all select * from app.system_scan_secrets(50000)
  union all select * from app.check_tenant_tables() union all select * from app.check_audit_log() order by 1, 2, 3
$function$;
alter function app.check_catalogue() owner to causeway_owner;
grant execute on function app.check_catalogue() to causeway_app;
comment on function app.check_catalogue() is 'Findings against the rules of tenancy and projects. With one of severity `error`, nothing may be served.';

CREATE OR REPLACE FUNCTION app.check_project_guards()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with
  reach (form) as (values (
    'project_id=ANYSELECTapp.reachable_projectsASreachable_projectsISNOTFALSE')),
  tables as (
    select c.oid, format('%I.%I', s.nspname, c.relname) as name, c.relname = 'projects' as is_projects,
           case when a.attnotnull then '' else 'project_idISNULLOR' end as unless_none
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id' and not a.attisdropped
     where s.nspname = 'app' and c.relkind in ('r', 'p')
  ),
  -- Without their spaces, parentheses and casts.
  wanted as (
    select t.oid, t.name, f.command, unless_none || replace(f.seen, 'reached', reach.form) as seen,
           unless_none || f.written as written
      from reach cross join tables t
      join (values
        (false, '*', 'reached', 'app.may_writeproject_id'),
        (false, 'd', 'app.may_writeproject_id', null),
        (true, 'r', 'reached', null),
        (true, 'a', null, 'app.may_add_project'),
        (true, 'w', 'reached', 'app.may_writeproject_id'),
        (true, 'd', 'false', null)) as f (is_projects, command, seen, written) using (is_projects)
  ),
  guards as (
    select p.polrelid, p.polcmd::text as command,
           regexp_replace(pg_get_expr(p.polqual, p.polrelid), '(::text(\[\])?|[() ]|\s)', '', 'g') as seen,
           regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '(::text(\[\])?|[() ]|\s)', '', 'g') as written
      from pg_policy p
     where not p.polpermissive and p.polroles = array[to_regrole('causeway_app')::oid]
  )
  select 'error', 'not_guarded_by_project', w.name,
         format('Rows of %s (command %s) are not kept from who may not see or write their project: call app_private.guard_by_project(%L).',
                w.name, w.command, w.name)
    from wanted w
   where not exists (
     select from guards g
      where g.polrelid = w.oid and g.command = w.command
        and g.seen is not distinct from w.seen and g.written is not distinct from w.written)
$function$;
alter function app.check_project_guards() owner to causeway_owner;
grant execute on function app.check_project_guards() to causeway_app;
comment on function app.check_project_guards() is 'Findings against the rules of projects; part of app.check_catalogue().';

CREATE OR REPLACE FUNCTION app.check_secret_columns()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select 'error', 'plaintext_secret', format('%I.%I.%I', s.nspname, c.relname, a.attname),
         format('Column %I.%I.%I sounds like a secret and is neither app.envelope, app.argon2id nor app.sha256: change its type.',
                s.nspname, c.relname, a.attname)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace s on s.oid = c.relnamespace
   where c.relkind in ('r', 'p') and s.nspname in ('app', 'app_private') and a.attnum > 0 and not a.attisdropped
     and (a.attname ~ '(secret|passw|passphrase|private_key|cookie|successor|wrapped|canary|bearer|_block$|token$|credential$)'
          and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype, 'json'::regtype, 'jsonb'::regtype)
          or a.attname ~ '_hash$' and a.atttypid in ('text'::regtype, 'varchar'::regtype))
     -- The database verifies tickets by itself, so it has to hold their keys; only causeway_resolver reads them.
     and not (s.nspname = 'app_private' and c.relname = 'signing_keys' and a.attname in ('inner_block', 'outer_block'))
  union all
  select 'error', 'secret_form_lost', 'app.' || form.name,
         format('The CHECK %s of app.%s is missing, changed or not validated: restore it as migrations/ has it, and validate it.', form.rule, form.name)
    from (values
      ('envelope', 'envelope_form', $form$((VALUE ~ '^v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{38,}$'::text) AND (length(VALUE) <= 65536))$form$),
      ('argon2id', 'argon2id_form', $form$(VALUE ~ '^\$argon2id\$v=19\$m=[0-9]{4,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,128}$'::text)$form$),
      ('sha256', 'sha256_check', $form$((length(VALUE) = 64) AND (VALUE ~ '^[0-9a-f]+$'::text))$form$),
      ('sha256_hex', 'sha256_hex_form', $form$((length(VALUE) = 64) AND (VALUE ~ '^[0-9a-f]+$'::text))$form$)) as form (name, rule, expression)
   where not exists (
     select from pg_constraint k
      where k.contypid = to_regtype('app.' || form.name) and k.conname = form.rule and k.convalidated
        and pg_get_expr(k.conbin, 0) = form.expression)
  union all
  select 'error', 'envelope_without_row', e.relation || '.' || e.column_name,
         format('Envelopes in %s.%s cannot be bound to their rows: give the table a primary key of one column beside tenant_id.', e.relation, e.column_name)
    from app.envelope_columns() as e where e.row_column is null
  union all
  select 'error', 'envelope_out_of_reach', e.relation || '.' || e.column_name,
         format('Keys of %s.%s cannot be rotated: grant UPDATE (%s) to causeway_keeper.', e.relation, e.column_name, e.column_name)
    from app.envelope_columns() as e
   where not has_column_privilege('causeway_keeper', e.relation, e.column_name, 'update')
  union all
  select 'error', 'secret_out_of_sight', s.relation || '.' || s.column_name,
         format('Rows of %s.%s cannot be looked through: grant SELECT (%s) to causeway_keeper, and create policy keeper with using (true).',
                s.relation, s.column_name, s.column_name)
    from app.secret_columns() as s where not s.is_seen
$function$;
alter function app.check_secret_columns() owner to causeway_owner;
grant execute on function app.check_secret_columns() to causeway_app;
comment on function app.check_secret_columns() is 'Findings about columns for secrets; part of app.check_catalogue().';

CREATE OR REPLACE FUNCTION app.check_tenancy()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with
  tables as (
    select c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,
           format('%I.%I', s.nspname, c.relname) as name,
           (select a.attnum from pg_attribute a
             where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as tenant_column
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where s.nspname = 'app' and c.relkind in ('r', 'p', 'v', 'm', 'f')
  ),
  -- The roles that are the Worker: its login, everyone, and whatever the login is a member of.
  worker_roles as (
    select oid from pg_roles where rolname = 'causeway_app'
    union all select 0
    union all select roleid from pg_auth_members where member = to_regrole('causeway_app')
  ),
  worker_policies as (
    select p.*, t.name, t.tenant_column,
           row_number() over (partition by p.polrelid order by p.polname = 'tenant' desc, p.polname) as nth
      from pg_policy p join tables t on t.oid = p.polrelid
     where p.polpermissive and p.polroles && array(select oid from worker_roles)
  ),
  keys as (
    select i.indexrelid::regclass::text as name, t.name as table_name, t.tenant_column, i.indkey[0] as first_column,
           case when i.indisprimary then 'primary key' else 'unique index' end as kind
      from pg_index i join tables t on t.oid = i.indrelid
     where i.indisunique and t.tenant_column is not null
    union all
    select format('%I', c.conname), t.name, t.tenant_column,
           -- The tenant must be first on both sides, or the reference crosses tenants.
           case when c.confkey[1] = r.tenant_column then c.conkey[1] else 0 end,
           'foreign key'
      from pg_constraint c join tables t on t.oid = c.conrelid left join tables r on r.oid = c.confrelid
     where c.contype = 'f' and t.tenant_column is not null
       -- Of a reference to a table without tenants only who may write it learns something.
       and (r.tenant_column is not null
            or has_column_privilege('causeway_app', c.conrelid, c.conkey[1], 'insert')
            or has_column_privilege('causeway_app', c.conrelid, c.conkey[1], 'update'))
  ),
  functions as (
    select p.oid, p.oid::regprocedure::text as name, p.prosecdef, p.proconfig, o.rolname as owner
      from pg_proc p join pg_roles o on o.oid = p.proowner join pg_namespace s on s.oid = p.pronamespace
     where s.nspname !~ '^(pg_|information_schema$)'
  ),
  findings as (
    select 'error' as severity, 'row_security_off' as code, name as object,
           format('Table %s has no forced row security: call app_private.protect_table(%L).', name, name) as message
      from tables where relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
    union all
    select 'error', 'reachable_without_tenant', name,
           format('Table %s has no tenant_id and the Worker has rights on it: revoke them, and give a function.', name)
      from tables
     where relkind in ('r', 'p', 'f') and tenant_column is null
       and (has_table_privilege('causeway_app', oid, 'select, insert, update, delete, truncate, references, trigger')
            or has_any_column_privilege('causeway_app', oid, 'select, insert, update, references'))
    union all
    select 'error', 'reachable_outside_app', format('%s', c.oid::regclass),
           format('Relation %s lies outside schema app and the Worker has rights on it: revoke them.', c.oid::regclass)
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and s.nspname <> 'app' and s.nspname !~ '^(pg_|information_schema$)'
       and (has_table_privilege('causeway_app', c.oid, 'select, insert, update, delete, truncate')
            or has_any_column_privilege('causeway_app', c.oid, 'select, insert, update'))
    union all
    select 'error', 'policy_without_check', format('%s: %s', name, polname),
           format('Policy %I on %s lets rows be written without a check: give it WITH CHECK.', polname, name)
      from worker_policies where polcmd in ('*', 'a', 'w') and polwithcheck is null
    union all
    select 'error', 'policy_not_by_tenant', format('%s: %s', name, polname),
           format('Policy %I on %s is not `tenant_id = (select app.tenant_id())`, the one form that is allowed.', polname, name)
      from worker_policies
     where nth = 1 and exists (
       select from unnest(array[pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)]) as expression
        where regexp_replace(expression, '(::text|[() ]|\s)', '', 'g')
              <> 'tenant_id=SELECTapp.tenant_idAStenant_id')
    union all
    select 'error', 'second_permissive_policy', format('%s: %s', name, polname),
           format('Policy %I on %s is a second permissive one for the Worker, and permissive policies add up: drop it.', polname, name)
      from worker_policies where nth > 1
    union all
    select 'error', 'tenant_not_first', format('%s: %s', table_name, name),
           format('The %s %s of %s does not begin with tenant_id, so its conflicts tell of other tenants.', kind, name, table_name)
      from keys where first_column is distinct from tenant_column
    union all
    select 'error', 'view_without_security_invoker', name,
           format('View %s reads with its owner''s rights: create it with (security_invoker = true).', name)
      from tables where relkind = 'v' and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false)
    union all
    select 'error', 'materialized_view', name,
           format('Materialized view %s holds rows of all tenants without row security: make it a table.', name)
      from tables where relkind = 'm'
    union all
    select 'error', 'foreign_table', name, format('Foreign table %s has no row security here: drop it.', name)
      from tables where relkind = 'f'
    union all
    select 'error', 'definer_search_path', name,
           format('SECURITY DEFINER function %s has no pinned search_path: set it to pg_catalog, pg_temp.', name)
      from functions
     where prosecdef and not coalesce(proconfig && array['search_path=pg_catalog, pg_temp'], false)
    union all
    select 'error', 'definer_owner', name,
           format('SECURITY DEFINER function %s runs as %s: only causeway_resolver and causeway_keeper may own one.', name, owner)
      from functions where prosecdef and owner not in ('causeway_resolver', 'causeway_keeper')
    union all
    select 'error', 'keeper_function_open', name,
           format('Function %s acts for all tenants and the Worker may call it: revoke EXECUTE.', name)
      from functions
     where prosecdef and owner = 'causeway_keeper' and has_function_privilege('causeway_app', oid, 'execute')
       and not (name like 'app.system\_%')
    union all
    select 'error', 'worker_may_' || lower(privilege), name,
           format('The Worker''s role may %s %s: revoke it.', privilege, name)
      from tables, unnest(array['TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN']) as privilege
     where relkind in ('r', 'p') and has_table_privilege('causeway_app', tables.oid, privilege)
    union all
    select 'error', 'worker_changes_audit', 'app.audit_events',
           'The Worker''s role may change audit events: it may only add to them.'
     where has_any_column_privilege('causeway_app', 'app.audit_events', 'update')
        or has_table_privilege('causeway_app', 'app.audit_events', 'delete')
    union all
    select 'error', 'worker_may_create', format('schema %I', nspname),
           format('causeway_app may create objects in schema %I: revoke CREATE.', nspname)
      from pg_namespace where has_schema_privilege('causeway_app', oid, 'create')
    union all
    select 'error', 'worker_sees_private', 'schema app_private', 'causeway_app may use schema app_private: revoke USAGE.'
     where has_schema_privilege('causeway_app', 'app_private', 'usage')
    union all
    select 'error', 'worker_may_' || lower(privilege) || '_in_database', format('database %I', current_database()),
           format('causeway_app has %s on the database: run ./causeway migrate, which revokes it.', privilege)
      from unnest(array['CREATE', 'TEMP']) as privilege
     where has_database_privilege('causeway_app', current_database(), privilege)
    union all
    select 'error', 'role_too_powerful', rolname,
           format('Role %I has SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION: take it away.', rolname)
      from pg_roles
     where rolname like 'causeway\_%'
       and (rolsuper or rolbypassrls or rolreplication or (rolname <> 'causeway_owner' and (rolcreaterole or rolcreatedb)))
    union all
    select 'error', 'role_may_login', rolname, format('Role %I exists to own functions: make it NOLOGIN.', rolname)
      from pg_roles where rolname in ('causeway_resolver', 'causeway_keeper') and rolcanlogin
    union all
    select 'error', 'worker_is_member', r.rolname,
           format('causeway_app is a member of %I: revoke the membership.', r.rolname)
      from pg_auth_members m join pg_roles r on r.oid = m.roleid
     where m.member = to_regrole('causeway_app')
    union all
    select 'error', 'inherits_privileged_role', format('%s in %s', m.member::regrole, m.roleid::regrole),
           format('%s holds the rights of %s without SET ROLE: grant it with INHERIT FALSE.', m.member::regrole, m.roleid::regrole)
      from pg_auth_members m
     where m.roleid in (to_regrole('causeway_resolver'), to_regrole('causeway_keeper'), to_regrole('causeway_backup'))
       and m.inherit_option
    union all
    select 'error', 'worker_owns', pg_describe_object(d.classid, d.objid, d.objsubid),
           format('causeway_app owns %s: give it to causeway_owner.', pg_describe_object(d.classid, d.objid, d.objsubid))
      from pg_shdepend d
     where d.refclassid = 'pg_authid'::regclass and d.refobjid = to_regrole('causeway_app') and d.deptype = 'o'
       -- A role cannot be kept from making one where PUBLIC may; it holds nobody's rows, and must not stop the service.
       and d.classid <> 'pg_largeobject'::regclass
       and d.dbid in (0, (select oid from pg_database where datname = current_database()))
    union all
    -- A role may change its own defaults: what an injection once set would be there in every later session.
    select 'error', 'worker_settings', setting,
           format('causeway_app logs in with %s: run alter role causeway_app reset all.', setting)
      from pg_db_role_setting s, unnest(s.setconfig) as setting
     where s.setrole = to_regrole('causeway_app')
       and split_part(setting, '=', 1) ~ '^(search_path|row_security|role|session_.*|app\..*)$'
    union all
    select 'error', 'server_too_old', current_setting('server_version'),
           'This Postgres has a known hole in row security (CVE-2025-8713): update it to 17.6 or newer.'
     where current_setting('server_version_num')::integer < 170006
    union all
    select 'warning', 'set_config_public', 'pg_catalog.set_config',
           'PUBLIC may execute set_config. The signed context holds without it; where you are superuser, revoke it as well.'
      from pg_proc p
     where p.oid = 'pg_catalog.set_config(text, text, boolean)'::regprocedure
       and has_function_privilege('causeway_app', p.oid, 'execute')
  )
  select * from findings order by severity, code, object
$function$;
alter function app.check_tenancy() owner to causeway_owner;
grant execute on function app.check_tenancy() to causeway_app;
comment on function app.check_tenancy() is 'Findings against the rules of tenancy; part of app.check_catalogue().';

CREATE OR REPLACE FUNCTION app.check_tenant_tables()
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select 'error', 'outlives_its_tenant', t.relation,
         format('Rows of %s would be neither exported nor deleted with their tenant: select app_private.give_to_keeper(%L).', t.relation, t.relation)
    from app.tenant_tables() as t
   where not t.is_kept and not (
     has_table_privilege('causeway_keeper', t.relation, 'select') and has_table_privilege('causeway_keeper', t.relation, 'delete')
     and (select bool_or(p.polcmd in ('*', 'r')) and bool_or(p.polcmd in ('*', 'd')) from pg_policy p
           where p.polrelid = t.relation::regclass and p.polpermissive and to_regrole('causeway_keeper')::oid = any (p.polroles)))
$function$;
alter function app.check_tenant_tables() owner to causeway_owner;
grant execute on function app.check_tenant_tables() to causeway_app;
comment on function app.check_tenant_tables() is 'Tables whose rows would outlive their tenant; part of app.check_catalogue().';

CREATE OR REPLACE FUNCTION app.client_change_refusal(client_id text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case
    when not app.administers() then '{"ok": false, "code": "insufficient_role"}'::jsonb
    when app.blocks_client(app.tenant_id(), client_change_refusal.client_id)
      or exists (select from app.oauth_grants as g
                  where g.tenant_id = app.tenant_id() and g.client_id = client_change_refusal.client_id) then null
    else '{"ok": false, "code": "not_found"}'::jsonb
  end
$function$;
alter function app.client_change_refusal(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.client_id()
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when c.caller ->> 'kind' = 'oauth' then
           (select left(g.client_id, 300) from app.oauth_grants as g
             where g.tenant_id = c.caller ->> 'tenant' and g.grant_id = c.caller ->> 'credential') end
    from (select app.context() as caller) as c
$function$;
alter function app.client_id() owner to causeway_resolver;
grant execute on function app.client_id() to causeway_app;
grant execute on function app.client_id() to causeway_keeper;
grant execute on function app.client_id() to causeway_owner;
comment on function app.client_id() is 'The OAuth client by which the entered call comes; NULL where it comes by none.';

CREATE OR REPLACE FUNCTION app.close_deletion(tenant text, by_user text, credential_kind text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  delete from app.tenant_deletions as d where d.tenant_id = tenant and d.step = 'waiting';
  if not found then
    return jsonb_build_object('ok', false, 'code', case
      when exists (select from app.tenant_deletions as d where d.tenant_id = tenant) then 'deletion_began' else 'not_found' end);
  end if;
  update app.tenants as t set status = 'active', suspended_by = null, suspended_at = null
   where t.tenant_id = tenant and t.status = 'suspended' and t.suspended_by = 'deletion';
  perform app.audit_person(tenant, by_user, credential_kind, 'tenant.take_back_deletion', 'tenant', tenant, '{}', call);
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.close_deletion(text,text,text,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.connected_agents()
 RETURNS TABLE(grant_id text, user_id text, client_id text, client_name text, scopes text[], created_at timestamp with time zone, last_used_at timestamp with time zone, expires_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select g.grant_id, g.user_id, g.client_id, coalesce(c.name, g.client_id), g.scopes, g.created_at,
         coalesce(g.last_used_at, g.activated_at), g.expires_at
    from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
   where g.tenant_id = (select app.tenant_id()) and g.revoked_at is null and g.activated_at is not null
     and g.expires_at > clock_timestamp() and not app.blocks_client(g.tenant_id, g.client_id)
     and (g.user_id = (select app.user_id()) or app.role_rank((select app.role())) >= app.role_rank('admin'))
   order by g.created_at desc, g.grant_id
$function$;
alter function app.connected_agents() owner to causeway_resolver;
grant execute on function app.connected_agents() to causeway_app;
comment on function app.connected_agents() is 'The living agents of the acting person; for an admin those of the whole tenant.';

CREATE OR REPLACE FUNCTION app.consent_to_oauth_client(grant_id text, client_id text, scopes text[], resource text, code jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.consent_to_oauth_client(text,text,text[],text,jsonb) owner to causeway_owner;
grant execute on function app.consent_to_oauth_client(text,text,text[],text,jsonb) to causeway_app;
comment on function app.consent_to_oauth_client(text,text,text[],text,jsonb) is 'Grants a client scopes for the acting person in the entered tenant. `code` is {sha256, redirect_uri, challenge}, or null for a device. Refuses with insufficient_role or client_blocked.';

CREATE OR REPLACE FUNCTION app.consistency_proof(tree text, old_size bigint, new_size bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.consistency_proof(text,bigint,bigint) owner to causeway_keeper;
comment on function app.consistency_proof(text,bigint,bigint) is 'That the tree of old_size is the beginning of that of new_size (RFC 6962, section 2.1.2).';

CREATE OR REPLACE FUNCTION app.contents_of(tenant text, object jsonb)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  case object ->> 'kind'
    when 'file' then
      return (select array[t.files -> (object ->> 'path') ->> 'sha256']
                from app.commits as c join app.trees as t using (tenant_id, project_id, tree_id)
               where c.tenant_id = tenant and c.project_id = object ->> 'project' and t.files ? (object ->> 'path')
                 and (object ->> 'commit' is null or starts_with(c.commit_id, object ->> 'commit'))
               order by c.position desc limit 1);
    when 'data' then
      return (select array_agg(distinct n.sha256::text)
                from app.data_sources as s join app.data_snapshots as n using (tenant_id, project_id, source_id)
               where s.tenant_id = tenant and s.project_id = object ->> 'project' and s.name = object ->> 'name');
    when 'output' then
      -- What expired lies in the store until nothing has named it for a day; of a log that did the digest is not kept.
      return (select array[coalesce(o ->> 'sha256', o ->> 'digest')]
                from app.runs as r, jsonb_array_elements((r.outcome -> 'outputs') || coalesce(r.outcome #> '{expired,outputs}', '[]')) as o
               where r.tenant_id = tenant and r.run_id = object ->> 'run' and o ->> 'name' = object ->> 'name');
    when 'log' then
      -- What is no blob stands in the outcome itself.
      return (select array_agg(distinct coalesce(s ->> 'sha256', encode(sha256(convert_to(s ->> 'inline', 'UTF8')), 'hex')))
                from app.runs as r, unnest(array[r.outcome -> 'stdout', r.outcome -> 'stderr', r.outcome -> 'progress']) as s
               where r.tenant_id = tenant and r.run_id = object ->> 'run' and s ->> 'inline' <> '' and not r.log_expired);
    else
      return null;
  end case;
end
$function$;
alter function app.contents_of(text,jsonb) owner to causeway_keeper;
comment on function app.contents_of(text,jsonb) is 'The digests of what an object holds, of the project by its id; NULL where there is no such object, or it is empty.';

CREATE OR REPLACE FUNCTION app.context()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- After a transaction that set it the value is '', before it is NULL.
  signed text := current_setting('app.context', true);
  payload text := substr(signed, 65);
  key record;
begin
  if payload is null or payload = '' then
    return null;
  end if;
  select inner_block, outer_block into strict key
    from app_private.signing_keys where purpose = 'context' and slot = 1;
  if left(signed, 64) <> app_private.context_mac(payload, key.inner_block, key.outer_block) then
    return null;
  end if;
  return payload::jsonb;
end
$function$;
alter function app.context() owner to causeway_resolver;
grant execute on function app.context() to causeway_app;
grant execute on function app.context() to causeway_backup;
grant execute on function app.context() to causeway_keeper;
grant execute on function app.context() to causeway_owner;
comment on function app.context() is 'The context that app.enter() signed for this transaction, or NULL: {tenant,user,role,kind,credential,scopes,projects,request,address,agent}.';

CREATE OR REPLACE FUNCTION app.cordon_executor(executor text, cordoned boolean)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.set_cordon(null, executor, cordoned) $function$;
alter function app.cordon_executor(text,boolean) owner to causeway_keeper;
grant execute on function app.cordon_executor(text,boolean) to causeway_owner;

CREATE OR REPLACE FUNCTION app.count_attempt(subject text, free integer, rules jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  moment constant timestamptz := clock_timestamp();
  wait_seconds integer;
begin
  insert into app.login_failures as f (subject, failures, last_at, locked_until)
  values (count_attempt.subject, 1, moment,
          moment + make_interval(secs => app.lockout_seconds(1, free, (rules ->> 'baseSeconds')::integer, (rules ->> 'maxSeconds')::integer)))
  on conflict (subject) do update
     set failures = case when f.last_at < moment - interval '1 day' then 1 else f.failures + 1 end,
         last_at = moment,
         locked_until = moment + make_interval(secs => app.lockout_seconds(
           case when f.last_at < moment - interval '1 day' then 1 else f.failures + 1 end,
           free, (rules ->> 'baseSeconds')::integer, (rules ->> 'maxSeconds')::integer))
   where f.locked_until <= clock_timestamp();
  if found then
    return 0;
  end if;
  select greatest(1, ceil(extract(epoch from f.locked_until - clock_timestamp())))::integer into wait_seconds
    from app.login_failures as f where f.subject = count_attempt.subject;
  return wait_seconds;
end
$function$;
alter function app.count_attempt(text,integer,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.count_blobs_to_seal()
 RETURNS TABLE(waiting bigint, damaged jsonb)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select count(*) filter (where b.damaged_at is null),
         coalesce(jsonb_agg(jsonb_build_object('tenant', b.tenant_id, 'sha256', b.sha256) order by b.damaged_at)
                    filter (where b.damaged_at is not null), '[]')
    from app.blobs_to_seal as b
$function$;
alter function app.count_blobs_to_seal() owner to causeway_keeper;
grant execute on function app.count_blobs_to_seal() to causeway_owner;
comment on function app.count_blobs_to_seal() is 'How many blobs wait to be sealed, and those that are not what their names say.';

CREATE OR REPLACE FUNCTION app.create_api_token(tenant_id text, token_id text, user_id text, name text, argon2id_hash text, scopes text[], role_ceiling text DEFAULT NULL::text, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, address_ranges cidr[] DEFAULT NULL::cidr[], projects text[] DEFAULT NULL::text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  refusal jsonb := app.token_lifetime_refusal(tenant_id, expires_at);
  bound jsonb;
begin
  if refusal is not null then
    return refusal;
  end if;
  if not exists (
    select from app.memberships as m
     where m.tenant_id = create_api_token.tenant_id and m.user_id = create_api_token.user_id and m.status = 'active'
  ) then
    return jsonb_build_object('ok', false, 'code', 'member_not_found',
                              'details', jsonb_build_object('tenant_id', tenant_id, 'user_id', user_id));
  end if;
  bound := app.resolve_projects(tenant_id, user_id, projects);
  if not (bound ->> 'ok')::boolean then
    return bound;
  end if;
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at,
                              address_ranges, project_ids)
  values (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges,
          app.text_array(bound -> 'project_ids'));
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (tenant_id, 'operator', 'token.create', 'token', token_id, 'ok',
          jsonb_build_object('user', user_id, 'name', name, 'scopes', scopes, 'role_ceiling', role_ceiling,
                             'expires_at', expires_at, 'address_ranges', address_ranges,
                             'projects', bound -> 'project_ids'));
  return jsonb_build_object('ok', true, 'token_id', token_id, 'project_ids', bound -> 'project_ids');
end
$function$;
alter function app.create_api_token(text,text,text,text,text,text[],text,timestamp with time zone,cidr[],text[]) owner to causeway_keeper;
grant execute on function app.create_api_token(text,text,text,text,text,text[],text,timestamp with time zone,cidr[],text[]) to causeway_owner;
comment on function app.create_api_token(text,text,text,text,text,text[],text,timestamp with time zone,cidr[],text[]) is 'Stores a token''s argon2id hash. Refuses with member_not_found, token_lifetime_too_long or project_not_found.';

CREATE OR REPLACE FUNCTION app.create_join_token(pool text, token_sha256 text, lifetime interval)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.make_join_token(null, pool, token_sha256, lifetime) $function$;
alter function app.create_join_token(text,text,interval) owner to causeway_keeper;
grant execute on function app.create_join_token(text,text,interval) to causeway_owner;
comment on function app.create_join_token(text,text,interval) is 'Stores a join token by its SHA-256 (hex). Lives seven days at most.';

CREATE OR REPLACE FUNCTION app.create_pool(pool text, owner text, name text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.make_pool(pool, owner, name, 1000) $function$;
alter function app.create_pool(text,text,text) owner to causeway_keeper;
grant execute on function app.create_pool(text,text,text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.create_project(project text, name text, description text, restricted boolean, idempotency jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
begin
  -- It could not see what it makes.
  if coalesce(app.context() -> 'projects', 'null') <> 'null' then
    return jsonb_build_object('ok', false, 'code', 'token_restricted');
  end if;
  if seen is not null then return seen; end if;
  if app.tenant_usage('projects') >= 1000 then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded', 'details', jsonb_build_object('limit', 'tenant_projects'));
  end if;
  -- Of a restricted project that its maker does not see, the name is free.
  if not exists (select from app.projects as p where lower(p.name) = lower(name) and p.archived_at is null) then
    insert into app.projects (project_id, name, description, restricted) values (project, name, description, restricted)
      on conflict do nothing;
  end if;
  if not exists (select from app.projects as p where p.project_id = project) then
    perform app.audit('project.create', 'project', null, 'refused', jsonb_build_object('code', 'already_exists'));
    return jsonb_build_object('ok', false, 'code', 'already_exists',
      'details', jsonb_build_object('project', app.project_id(name)));
  end if;
  perform app.audit('project.create', 'project', project, 'ok', jsonb_build_object('name', name, 'restricted', restricted));
  return app.remember(idempotency, jsonb_build_object('ok', true, 'project', project), project);
end
$function$;
alter function app.create_project(text,text,text,boolean,jsonb) owner to causeway_owner;
grant execute on function app.create_project(text,text,text,boolean,jsonb) to causeway_app;
comment on function app.create_project(text,text,text,boolean,jsonb) is 'Refuses with token_restricted, limit_exceeded, already_exists or idempotency_conflict; else the caller is the project''s owner.';

CREATE OR REPLACE FUNCTION app.create_recovery(email text, link_sha256 text, lifetime_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person constant app.users := app.person_by_email(lower(email));
begin
  if (person).user_id is null then
    return jsonb_build_object('ok', false, 'code', 'person_not_found');
  end if;
  update app.recovery_links as r set expires_at = clock_timestamp()
   where r.user_id = (person).user_id and r.used_at is null and r.expires_at > clock_timestamp();
  insert into app.recovery_links (link_sha256, user_id, expires_at)
  values (link_sha256, (person).user_id, clock_timestamp() + lifetime_seconds * interval '1 second');
  perform app.tell_owners(person, 'operator', 'recovery_created', '{}');
  return jsonb_build_object('ok', true, 'user_id', (person).user_id);
end
$function$;
alter function app.create_recovery(text,text,integer) owner to causeway_keeper;
grant execute on function app.create_recovery(text,text,integer) to causeway_owner;
comment on function app.create_recovery(text,text,integer) is 'Makes a one-time link that sets a new password, ends the links made before, and tells all owners of the person''s tenants.';

CREATE OR REPLACE FUNCTION app.create_service_client(client_id text, name text, metadata jsonb, secret_sha256 text, tenant_id text, user_id text, grant_id text, scopes text[], resource text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  if not exists (select from app.memberships as m where m.tenant_id = create_service_client.tenant_id
                    and m.user_id = create_service_client.user_id and m.status = 'active') then
    return jsonb_build_object('ok', false, 'code', 'member_not_found');
  end if;
  insert into app.oauth_clients (client_id, origin, name, metadata, secret_sha256)
  values (client_id, 'operator', name, metadata, secret_sha256);
  insert into app.oauth_grants (tenant_id, grant_id, user_id, client_id, scopes, resource, expires_at, activated_at)
  values (tenant_id, grant_id, user_id, client_id, scopes, resource, 'infinity', clock_timestamp());
  perform app_private.audit_grant(tenant_id, user_id, grant_id, 'client.create', 'ok',
                                  jsonb_build_object('client', client_id, 'name', name, 'scopes', scopes), '{}');
  return jsonb_build_object('ok', true, 'client_id', client_id);
end
$function$;
alter function app.create_service_client(text,text,jsonb,text,text,text,text,text[],text) owner to causeway_keeper;
grant execute on function app.create_service_client(text,text,jsonb,text,text,text,text,text[],text) to causeway_owner;
comment on function app.create_service_client(text,text,jsonb,text,text,text,text,text[],text) is 'Registers a confidential client that acts for a member by client credentials. Refuses with member_not_found.';

CREATE OR REPLACE FUNCTION app.credential_refusal(kind text, tenant_id text, user_id text, credential_id text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
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
$function$;
alter function app.credential_refusal(text,text,text,text) owner to causeway_owner;
grant execute on function app.credential_refusal(text,text,text,text) to causeway_resolver;
comment on function app.credential_refusal(text,text,text,text) is 'NULL, or one of: unknown, revoked, expired. `system` is the Worker itself, acting for a tenant without a person.';

CREATE OR REPLACE FUNCTION app.credential_scopes(kind text, tenant_id text, credential_id text)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  if kind is distinct from 'oauth' then
    return null;
  end if;
  return (select g.scopes from app.oauth_grants as g
           where g.tenant_id = credential_scopes.tenant_id and g.grant_id = credential_scopes.credential_id);
end
$function$;
alter function app.credential_scopes(text,text,text) owner to causeway_owner;
grant execute on function app.credential_scopes(text,text,text) to causeway_resolver;
comment on function app.credential_scopes(text,text,text) is 'The scopes of a credential that is no API token; NULL where it carries none.';

CREATE OR REPLACE FUNCTION app.default_agent_sees(project text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select case when 'schema_only' in (
    (select t.agent_sees from app.tenants as t where t.tenant_id = (select app.tenant_id())),
    (select p.agent_sees from app.projects as p where p.project_id = default_agent_sees.project)) then 'schema_only' else 'full' end
$function$;
alter function app.default_agent_sees(text) owner to causeway_owner;
grant execute on function app.default_agent_sees(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.delete_tenant_keys(tenant text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  deleted integer;
begin
  delete from app.tenant_keys as k where k.tenant_id = tenant;
  get diagnostics deleted = row_count;
  return deleted;
end
$function$;
alter function app.delete_tenant_keys(text) owner to causeway_keeper;
grant execute on function app.delete_tenant_keys(text) to causeway_owner;
comment on function app.delete_tenant_keys(text) is 'Deletes the keys of a tenant: nothing that they sealed, secret or blob, can be opened again. Returns how many there were.';

CREATE OR REPLACE FUNCTION app.describe_source(reference text, name text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
#variable_conflict use_variable
declare
  project text := app.project_id(reference);
  described jsonb;
begin
  if project is null then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project'));
  end if;
  select jsonb_build_object('ok', true, 'project', project, 'source', d.source_id, 'name', d.name, 'sha256', s.sha256,
           'format', s.format, 'bytes', s.bytes, 'row_count', s.row_count, 'description', s.description,
           'origin', s.origin, 'imported_at', app.utc_text(s.created_at),
           'agent_sees', d.agent_sees, 'sight', app.sight(d.agent_sees, d.derived),
           'snapshots', (select count(*) from app.data_snapshots as every
                          where every.project_id = project and every.source_id = d.source_id))
    into described
    from app.data_sources as d
    join app.data_snapshots as s on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
   where d.project_id = project and d.name = name;
  return coalesce(described, jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object(
    'kind', 'source', 'names', (
      select coalesce(jsonb_agg(first.name), '[]')
        from (select d.name from app.data_sources as d where d.project_id = project order by d.name limit 20) as first))));
end
$function$;
alter function app.describe_source(text,text) owner to causeway_owner;
grant execute on function app.describe_source(text,text) to causeway_app;

CREATE OR REPLACE FUNCTION app.digests_in(document jsonb)
 RETURNS SETOF text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select distinct left(piece, 64) from string_to_table(document::text, '"sha256": "') as piece where left(piece, 65) ~ '^[0-9a-f]{64}"$'
$function$;
alter function app.digests_in(jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.email_sha256(email text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select encode(sha256(convert_to(email, 'UTF8')), 'hex') $function$;
alter function app.email_sha256(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.end_client_grants(client_id text)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.end_client_grants(text) owner to causeway_keeper;
comment on function app.end_client_grants(text) is 'Ends all that members of the entered tenant granted to a client, also what waits for its first tokens; how many agents were connected.';

CREATE OR REPLACE FUNCTION app.end_executor(manager text, executor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  target record;
begin
  update app.executors as e set revoked_at = clock_timestamp()
    from app.pools_managed_by(manager) as p
   where p.pool_id = e.pool_id and e.executor_id = executor and e.revoked_at is null
   returning e.pool_id, p.owner_tenant into target;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'executor_not_found', 'details', jsonb_build_object('executor', executor));
  end if;
  perform app.note_fleet_event(target.owner_tenant, 'executor.revoke', 'executor', executor, '{}');
  return jsonb_build_object('ok', true, 'executor', executor, 'pool', target.pool_id);
end
$function$;
alter function app.end_executor(text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.end_invitations_to(tenant text, user_id text)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  ended integer;
begin
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.tenant_id = tenant and i.accepted_at is null and i.revoked_at is null
     and i.email = (select u.email from app.users as u where u.user_id = end_invitations_to.user_id);
  get diagnostics ended = row_count;
  return ended;
end
$function$;
alter function app.end_invitations_to(text,text) owner to causeway_keeper;
comment on function app.end_invitations_to(text,text) is 'Ends what invites a person to a tenant still; how many. Who joins, is removed or gets another role has no spare link.';

CREATE OR REPLACE FUNCTION app.end_project_roles()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  delete from app.project_members as m where m.tenant_id = new.tenant_id and m.user_id = new.user_id;
  return null;
end
$function$;
alter function app.end_project_roles() owner to causeway_keeper;
grant execute on function app.end_project_roles() to causeway_owner;
comment on function app.end_project_roles() is 'Who leaves a tenant leaves its projects: an invitation back brings none of them back.';

CREATE OR REPLACE FUNCTION app.end_sessions(user_id text, except_cookie_sha256 text)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  ended integer;
begin
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.user_id = end_sessions.user_id and s.revoked_at is null
     and s.cookie_sha256 is distinct from except_cookie_sha256;
  get diagnostics ended = row_count;
  return ended;
end
$function$;
alter function app.end_sessions(text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.enter(ticket text, call jsonb DEFAULT NULL::jsonb)
 RETURNS json
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  claim jsonb;
  kind text;
  needs jsonb;
  who record;
  granted_scopes text[];
  role_ceiling text;
  effective_role text;
  refusal text;
  context text;
  key record;
begin
  -- 1. One entry a transaction: nothing may change whom the rest of it works for.
  if coalesce(current_setting('app.context', true), '') <> '' then
    perform app_private.refuse_entry('already_entered');
  end if;

  -- 2. The Worker made this ticket, just now by the database's own clock.
  claim := app_private.read_ticket(ticket);
  if claim is null or claim -> 'v' is distinct from '1'::jsonb then
    perform app_private.refuse_entry('bad_ticket');
  end if;
  if not coalesce(abs(extract(epoch from clock_timestamp()) - (claim ->> 'iat')::numeric) <= 120, false) then
    perform app_private.refuse_entry('stale_ticket');
  end if;
  kind := claim ->> 'kind';
  needs := claim -> 'needs';

  -- 3. The credential, the person, the membership and the tenant are alive at this moment.
  select t.name as tenant_name, t.status as tenant_status,
         u.user_id, u.name, u.email, u.status as user_status,
         m.role as member_role, m.status as member_status,
         k.token_id, k.scopes, k.role_ceiling, k.revoked_at, k.expires_at, k.address_ranges, k.project_ids
    into who
    from app.tenants as t
    left join app.users as u on u.user_id = claim ->> 'user'
    left join app.memberships as m on m.tenant_id = t.tenant_id and m.user_id = u.user_id
    left join app.api_tokens as k on kind = 'api_token' and k.tenant_id = t.tenant_id
                                 and k.token_id = claim ->> 'credential' and k.user_id = u.user_id
   where t.tenant_id = claim ->> 'tenant';

  if who.tenant_name is null then
    perform app_private.refuse_entry('unknown');
  end if;
  if kind = 'api_token' then
    if who.token_id is null then
      perform app_private.refuse_entry('unknown');
    elsif who.revoked_at is not null then
      perform app_private.refuse_entry('revoked');
    elsif who.expires_at <= clock_timestamp() then
      perform app_private.refuse_entry('expired');
    elsif who.address_ranges is not null and not app.address_within(claim ->> 'address', who.address_ranges) then
      perform app_private.refuse_entry('address_not_allowed');
    end if;
    granted_scopes := who.scopes;
    role_ceiling := who.role_ceiling;
  else
    refusal := app.credential_refusal(kind, claim ->> 'tenant', claim ->> 'user', claim ->> 'credential');
    if refusal is not null then
      perform app_private.refuse_entry(refusal);
    end if;
    granted_scopes := app.credential_scopes(kind, claim ->> 'tenant', claim ->> 'credential');
  end if;
  if claim ->> 'user' is not null or kind = 'api_token' then
    if who.user_status is distinct from 'active' then
      perform app_private.refuse_entry('user_disabled');
    elsif who.member_status is distinct from 'active' then
      perform app_private.refuse_entry('membership_ended');
    end if;
  end if;
  -- The system still records what happened to work that a now suspended tenant had started.
  if who.tenant_status <> 'active' and kind <> 'system' then
    perform app_private.refuse_entry('tenant_suspended');
  end if;

  -- 4. The credential may do what this call needs: the least of its scopes, those of the presented token, and the role.
  -- Executors and the system carry no scopes and no role.
  if claim ->> 'user' is not null or kind = 'api_token' then
    effective_role := case
      when app.role_rank(role_ceiling) < app.role_rank(who.member_role) then role_ceiling
      else who.member_role
    end;
    if kind = 'oauth' then
      granted_scopes := array(select scope from unnest(granted_scopes) as scope where claim -> 'granted' ? scope);
    end if;
    if not coalesce(to_jsonb(granted_scopes), '[]') @> (needs -> 'scopes') then
      perform app_private.refuse_entry('insufficient_scope', needs -> 'scopes');
    end if;
    if needs ->> 'role' is not null
       and not coalesce(app.role_rank(effective_role) >= app.role_rank(needs ->> 'role'), false) then
      perform app_private.refuse_entry('insufficient_role', jsonb_build_array(needs -> 'role'));
    end if;
  elsif needs ->> 'role' is not null then
    perform app_private.refuse_entry('insufficient_role', jsonb_build_array(needs -> 'role'));
  end if;

  -- 5. From here to COMMIT this backend works for that tenant: the context is the ticket's text, and after it what was found. Where a
  -- name comes twice in JSON its last value counts.
  context := format('%s,"role":%s,"projects":%s}', left(substr(ticket, 65), -1),
    coalesce(to_json(effective_role)::text, 'null'), coalesce(to_json(who.project_ids)::text, 'null'));
  select inner_block, outer_block into strict key
    from app_private.signing_keys where purpose = 'context' and slot = 1;
  perform set_config('app.context', app_private.context_mac(context, key.inner_block, key.outer_block) || context, true);

  -- 6. The event of the call stands before its work begins.
  if call is not null then
    perform app.add_event(claim, call, 'ok');
  end if;

  return json_build_object(
    'tenant_id', claim -> 'tenant', 'tenant_name', who.tenant_name, 'user_id', who.user_id, 'user_name', who.name,
    'user_email', who.email, 'role', effective_role, 'scopes', coalesce(to_jsonb(granted_scopes), needs -> 'scopes'),
    'projects', who.project_ids);
end
$function$;
alter function app.enter(text,jsonb) owner to causeway_resolver;
grant execute on function app.enter(text,jsonb) to causeway_app;
comment on function app.enter(text,jsonb) is 'Enters the tenant that a ticket of the Worker names, once a transaction, and adds the event of the call that it admits, as of app.add_event(). Refuses by raising CW001; DETAIL is JSON {reason, needed}.';

CREATE OR REPLACE FUNCTION app.envelope_columns()
 RETURNS TABLE(relation text, column_name text, row_column text, by_tenant boolean)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select format('%I.%I', s.nspname, c.relname), a.attname::text,
         (select k.attname::text from pg_index i join pg_attribute k on k.attrelid = c.oid and k.attnum = any (i.indkey)
           where i.indrelid = c.oid and i.indisprimary and k.attname <> 'tenant_id'
             and i.indnkeyatts = 1 + (select count(*) from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id')),
         exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace s on s.oid = c.relnamespace
   where a.atttypid = 'app.envelope'::regtype and c.relkind in ('r', 'p') and not a.attisdropped
     and c.oid <> 'app.key_encryption_keys'::regclass
   order by 1, 2
$function$;
alter function app.envelope_columns() owner to causeway_owner;
grant execute on function app.envelope_columns() to causeway_app;
grant execute on function app.envelope_columns() to causeway_keeper;
comment on function app.envelope_columns() is 'Where envelopes are; found in the catalogue, so that a column added tomorrow is rotated and scanned too.';

CREATE OR REPLACE FUNCTION app.erase_people(users text[])
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  alone text[] := array(select u.user_id from app.users as u
                         where u.user_id = any (users) and not exists (select from app.memberships as m where m.user_id = u.user_id));
begin
  delete from app.passwords as p where p.user_id = any (alone);
  delete from app.sessions as s where s.user_id = any (alone);
  delete from app.notices as n where n.user_id = any (alone);
  delete from app.recovery_links as l where l.user_id = any (alone);
  delete from app.authentication_events as e where e.user_id = any (alone);
  delete from app.users as u where u.user_id = any (alone);
  return cardinality(alone);
end
$function$;
alter function app.erase_people(text[]) owner to causeway_keeper;
comment on function app.erase_people(text[]) is 'Deletes those of the people who belong to no tenant; how many.';

CREATE OR REPLACE FUNCTION app.expire_logs(tenant text, until timestamp with time zone, rows_max integer)
 RETURNS integer[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  today constant text := to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD');
  looked_at integer := 0;
  changed integer := 0;
  run record;
begin
  for run in
    select r.run_id, r.outcome, app.has_log(r.outcome) as has_log from app.runs as r
     where r.tenant_id = tenant and not r.log_expired and r.outputs_expired = any ('{f,t}') and r.finished_at < until
     limit rows_max for update skip locked
  loop
    looked_at := looked_at + 1;
    changed := changed + run.has_log::integer;
    update app.runs as r
       set log_expired = true,
           outcome = case when run.has_log
             then app.without_log(r.outcome, '[expired]', format('Ended as %s. Its log was kept until %s.', r.state, today))
                  || app.saying_expired(r.outcome, jsonb_build_object('log_at', today))
             else r.outcome end
     where r.tenant_id = tenant and r.run_id = run.run_id;
    perform app.note_unnamed(tenant, array(
      select s ->> 'sha256' from unnest(array[run.outcome -> 'stdout', run.outcome -> 'stderr', run.outcome -> 'progress']) as s
       where s ->> 'sha256' is not null));
  end loop;
  return array[looked_at, changed];
end
$function$;
alter function app.expire_logs(text,timestamp with time zone,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.expire_outputs(tenant text, until timestamp with time zone, rows_max integer)
 RETURNS integer[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  today constant text := to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD');
  looked_at integer := 0;
  changed integer := 0;
  run record;
begin
  for run in
    select r.run_id, coalesce(r.outcome -> 'outputs', '[]') as outputs from app.runs as r
     where r.tenant_id = tenant and r.log_expired = any ('{f,t}') and not r.outputs_expired and r.finished_at < until
     limit rows_max for update skip locked
  loop
    looked_at := looked_at + 1;
    changed := changed + (run.outputs <> '[]')::integer;
    -- Name, size, type and digest stay; not as `sha256`, for nothing names the blob any more.
    update app.runs as r
       set outputs_expired = true,
           outcome = case when run.outputs <> '[]'
             then r.outcome || '{"outputs": []}' || app.saying_expired(r.outcome, jsonb_build_object('outputs_at', today, 'outputs', (
                    select jsonb_agg((o - 'sha256') || jsonb_build_object('digest', o -> 'sha256')) from jsonb_array_elements(run.outputs) as o)))
             else r.outcome end
     where r.tenant_id = tenant and r.run_id = run.run_id;
    perform app.note_unnamed(tenant, array(select o ->> 'sha256' from jsonb_array_elements(run.outputs) as o));
  end loop;
  return array[looked_at, changed];
end
$function$;
alter function app.expire_outputs(text,timestamp with time zone,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.expire_runs(tenant text, until timestamp with time zone, rows_max integer)
 RETURNS integer[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  gone record;
  count_gone integer := 0;
begin
  for gone in
    with over as (
      select r.run_id from app.runs as r
       where r.tenant_id = tenant and r.log_expired = any ('{f,t}') and r.outputs_expired = any ('{f,t}')
         and r.state <> 'queued' and r.finished_at < until
         -- By which it is known what a snapshot that it left was computed from.
         and not exists (select from app.data_snapshots as n
                          where n.tenant_id = tenant and n.project_id = r.project_id
                            and n.origin ->> 'kind' = 'run' and n.origin ->> 'run' = r.run_id)
       limit rows_max for update skip locked)
    delete from app.runs as r using over as o where r.tenant_id = tenant and r.run_id = o.run_id
    returning array(select app.digests_in(r.manifest - 'parameters') union select app.digests_in(r.outcome)) as digests
  loop
    perform app.note_unnamed(tenant, gone.digests);
    count_gone := count_gone + 1;
  end loop;
  return array[count_gone, count_gone];
end
$function$;
alter function app.expire_runs(text,timestamp with time zone,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.expire_snapshots(tenant text, until timestamp with time zone, rows_max integer)
 RETURNS integer[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  digests text[];
begin
  if not exists (select from app.data_snapshots as n where n.tenant_id = tenant and n.superseded_at < until) then
    return '{0,0}';
  end if;
  with named as materialized (
    select distinct r.project_id, d ->> 'sha256' as sha256
      from app.runs as r, jsonb_array_elements(r.manifest -> 'data') as d where r.tenant_id = tenant
  ), over as (
    select n.project_id, n.source_id, n.sha256
      from app.data_snapshots as n
      join app.data_sources as d on d.tenant_id = n.tenant_id and d.project_id = n.project_id and d.source_id = n.source_id
     where n.tenant_id = tenant and n.superseded_at < until and d.current_sha256 <> n.sha256
       and not exists (select from named as m where m.project_id = n.project_id and m.sha256 = n.sha256)
     -- An import that makes one of them the current one again comes before or after.
     limit rows_max for update of d skip locked
  ), gone as (
    delete from app.data_snapshots as n using over as o
     where n.tenant_id = tenant and n.project_id = o.project_id and n.source_id = o.source_id and n.sha256 = o.sha256
    returning n.sha256
  ) select array_agg(g.sha256::text) into digests from gone as g;
  perform app.note_unnamed(tenant, digests);
  return array[coalesce(cardinality(digests), 0), coalesce(cardinality(digests), 0)];
end
$function$;
alter function app.expire_snapshots(text,timestamp with time zone,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.expire_uploads(tenant text, until timestamp with time zone, rows_max integer)
 RETURNS integer[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  digests text[];
begin
  with over as (
    select u.upload_id from app.uploads as u
     where u.tenant_id = tenant and u.received_at < until
       and not exists (select from app.data_snapshots as n where n.tenant_id = tenant and n.sha256 = u.received_sha256)
     limit rows_max for update skip locked
  ), gone as (
    delete from app.uploads as u using over as o where u.tenant_id = tenant and u.upload_id = o.upload_id returning u.received_sha256
  ) select array_agg(g.received_sha256::text) into digests from gone as g;
  perform app.note_unnamed(tenant, digests);
  return array[coalesce(cardinality(digests), 0), coalesce(cardinality(digests), 0)];
end
$function$;
alter function app.expire_uploads(text,timestamp with time zone,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.expired_before(tenant text, kind text)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case
           when r.days ? kind then clock_timestamp() - make_interval(days => (r.days ->> kind)::integer)
           when d.changed_at < clock_timestamp() - make_interval(days => d.retain_days)
             then clock_timestamp() - make_interval(days => d.retain_days)
         end
    from app.retention_defaults as d left join app.retention as r on r.tenant_id = tenant
   where d.kind = expired_before.kind
$function$;
alter function app.expired_before(text,text) owner to causeway_keeper;
grant execute on function app.expired_before(text,text) to causeway_owner;
comment on function app.expired_before(text,text) is 'What ended before it is over its time; NULL: nothing is.';

CREATE OR REPLACE FUNCTION app.export_audit_lines(tenant text, tree_size bigint, from_index bigint, lines_max integer)
 RETURNS TABLE(leaf_index bigint, line text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select * from app.audit_lines(tenant, tree_size, from_index, lines_max) $function$;
alter function app.export_audit_lines(text,bigint,bigint,integer) owner to causeway_keeper;
grant execute on function app.export_audit_lines(text,bigint,bigint,integer) to causeway_owner;

CREATE OR REPLACE FUNCTION app.export_audit_proof(tenant text, cosigned boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  proof constant jsonb := app.audit_proof(tenant, cosigned);
begin
  perform app.require_open_log(tenant);
  if proof is not null and not exists (select from app.tenants as t where t.tenant_id = tenant) then
    raise exception 'tenant % was deleted, and its audit log with it; its certificate has the log''s last head', tenant using errcode = 'CW005';
  elsif proof is not null then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.export', 'tenant', tenant, 'ok', jsonb_build_object('entries', proof -> 'size', 'cosigned', cosigned));
  end if;
  return proof;
end
$function$;
alter function app.export_audit_proof(text,boolean) owner to causeway_keeper;
grant execute on function app.export_audit_proof(text,boolean) to causeway_owner;

CREATE OR REPLACE FUNCTION app.find_api_token(token_id text)
 RETURNS TABLE(tenant_id text, user_id text, argon2id_hash text, alive boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select k.tenant_id, k.user_id, k.argon2id_hash,
         k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
    from app.api_tokens as k
   where k.token_id = find_api_token.token_id
$function$;
alter function app.find_api_token(text) owner to causeway_resolver;
grant execute on function app.find_api_token(text) to causeway_app;
comment on function app.find_api_token(text) is 'What is needed to check a presented token''s secret, before its tenant is known.';

CREATE OR REPLACE FUNCTION app.find_data_keys(tenant text)
 RETURNS TABLE(key_id text, purpose text, wrapped text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select k.key_id, k.purpose, k.wrapped
    from (select p.key_id, p.purpose, p.wrapped, p.created_at from app.platform_keys as p where tenant is null
          union all
          select t.key_id, t.purpose, t.wrapped, t.created_at from app.tenant_keys as t where t.tenant_id = tenant) as k
   order by k.created_at, k.key_id
$function$;
alter function app.find_data_keys(text) owner to causeway_resolver;
grant execute on function app.find_data_keys(text) to causeway_app;
grant execute on function app.find_data_keys(text) to causeway_keeper;
grant execute on function app.find_data_keys(text) to causeway_owner;
comment on function app.find_data_keys(text) is 'The wrapped data keys of a tenant, or (null) of the platform; the oldest first.';

CREATE OR REPLACE FUNCTION app.find_deletion_certificate(tenant text)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select d.certificate from app.tenant_deletions as d where d.tenant_id = tenant $function$;
alter function app.find_deletion_certificate(text) owner to causeway_keeper;
grant execute on function app.find_deletion_certificate(text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.find_executor(executor text)
 RETURNS TABLE(pool_id text, public_key text, alive boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select e.pool_id, e.public_key, e.revoked_at is null from app.executors as e where e.executor_id = executor
$function$;
alter function app.find_executor(text) owner to causeway_resolver;
grant execute on function app.find_executor(text) to causeway_app;
comment on function app.find_executor(text) is 'What is needed to check an executor''s signature.';

CREATE OR REPLACE FUNCTION app.find_key_encryption_keys()
 RETURNS TABLE(key_id text, recipe jsonb, canary text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select k.key_id, k.recipe, k.canary from app.key_encryption_keys as k order by k.created_at, k.key_id $function$;
alter function app.find_key_encryption_keys() owner to causeway_resolver;
grant execute on function app.find_key_encryption_keys() to causeway_app;
grant execute on function app.find_key_encryption_keys() to causeway_keeper;
grant execute on function app.find_key_encryption_keys() to causeway_owner;
comment on function app.find_key_encryption_keys() is 'How each key-encryption key is made, and what proves it; the oldest first.';

CREATE OR REPLACE FUNCTION app.find_oauth_client(client_id text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('client_id', c.client_id, 'origin', c.origin, 'name', c.name, 'metadata', c.metadata,
                            'secret_sha256', c.secret_sha256, 'revoked', c.revoked_at is not null,
                            'fresh', c.expires_at is null or c.expires_at > clock_timestamp())
    from app.oauth_clients as c where c.client_id = find_oauth_client.client_id
$function$;
alter function app.find_oauth_client(text) owner to causeway_resolver;
grant execute on function app.find_oauth_client(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.find_oauth_code(code_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('grant', app_private.grant_facts(g), 'redirect_uri', c.redirect_uri,
                            'code_challenge', c.code_challenge, 'expired', c.expires_at <= clock_timestamp(),
                            'redeemed', c.redeemed_at is not null)
    from app.oauth_codes as c join app.oauth_grants as g using (tenant_id, grant_id)
   where c.code_sha256 = find_oauth_code.code_sha256
$function$;
alter function app.find_oauth_code(text) owner to causeway_resolver;
grant execute on function app.find_oauth_code(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.find_oauth_device(user_code_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('client_id', d.client_id, 'scopes', d.scopes, 'resource', d.resource,
                            'open', d.decision is null and d.expires_at > clock_timestamp())
    from app.oauth_devices as d where d.user_code_sha256 = find_oauth_device.user_code_sha256
$function$;
alter function app.find_oauth_device(text) owner to causeway_resolver;
grant execute on function app.find_oauth_device(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.find_oauth_keys()
 RETURNS TABLE(key_id text, public_jwk jsonb, private_key text, signs_from double precision)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select k.key_id, k.public_jwk, k.private_key, extract(epoch from k.signs_from)::double precision
    from app.oauth_keys as k
   where k.published_until is null or k.published_until > clock_timestamp()
   order by k.signs_from, k.key_id
$function$;
alter function app.find_oauth_keys() owner to causeway_resolver;
grant execute on function app.find_oauth_keys() to causeway_app;
comment on function app.find_oauth_keys() is 'Keys that verify now; the one with the latest signs_from that has passed signs. Private keys are envelopes.';

CREATE OR REPLACE FUNCTION app.find_oauth_refresh_token(token_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('grant', app_private.grant_facts(g), 'expired', r.expires_at <= clock_timestamp(),
                            'used_seconds_ago', extract(epoch from clock_timestamp() - r.used_at), 'successor', r.successor,
                            'generations_since', (select max(n.generation) from app.oauth_refresh_tokens as n
                                                   where n.tenant_id = r.tenant_id and n.grant_id = r.grant_id) - r.generation)
    from app.oauth_refresh_tokens as r join app.oauth_grants as g using (tenant_id, grant_id)
   where r.token_sha256 = find_oauth_refresh_token.token_sha256
$function$;
alter function app.find_oauth_refresh_token(text) owner to causeway_resolver;
grant execute on function app.find_oauth_refresh_token(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.find_oauth_service_grant(client_id text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app_private.grant_facts(g)
    from app.oauth_grants as g join app.oauth_clients as c using (client_id)
   where g.client_id = find_oauth_service_grant.client_id and c.origin = 'operator' and g.revoked_at is null
   order by g.created_at desc
   limit 1
$function$;
alter function app.find_oauth_service_grant(text) owner to causeway_resolver;
grant execute on function app.find_oauth_service_grant(text) to causeway_app;
comment on function app.find_oauth_service_grant(text) is 'What the operator granted to a confidential client when registering it.';

CREATE OR REPLACE FUNCTION app.find_origin(project text, origin jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
#variable_conflict use_variable
declare
  held record;
begin
  case origin ->> 'kind'
    when 'text' then
      return jsonb_build_object('ok', true, 'sha256', origin ->> 'sha256', 'bytes', origin -> 'bytes');
    when 'upload' then
      select u.received_sha256, u.bytes, u.expires_at > clock_timestamp() as open into held
        from app.uploads as u where u.upload_id = origin ->> 'upload' and u.project_id = project;
      if not found then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'upload'));
      elsif held.received_sha256 is null then
        return jsonb_build_object('ok', false, 'code', 'upload_refused',
          'details', jsonb_build_object('reason', case when held.open then 'not_received' else 'expired' end));
      end if;
      return jsonb_build_object('ok', true, 'sha256', held.received_sha256, 'bytes', held.bytes);
    when 'run' then
      select r.state, coalesce(r.outcome -> 'outputs', '[]') as outputs, r.outcome -> 'expired' as expired into held
        from app.runs as r where r.run_id = origin ->> 'run' and r.project_id = project;
      if not found then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'run'));
      end if;
      if held.expired -> 'outputs' @> jsonb_build_array(jsonb_build_object('name', origin -> 'name')) then
        return jsonb_build_object('ok', false, 'code', 'expired', 'details', jsonb_build_object('until', held.expired -> 'outputs_at'));
      end if;
      return coalesce(
        (select jsonb_build_object('ok', true, 'sha256', o ->> 'sha256', 'bytes', o -> 'bytes')
           from jsonb_array_elements(held.outputs) as o where o ->> 'name' = origin ->> 'name'),
        jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object(
          'kind', 'output', 'state', held.state, 'names', (
            select coalesce(jsonb_agg(o ->> 'name'), '[]')
              from (select o from jsonb_array_elements(held.outputs) as o limit 20) as first))));
  end case;
end
$function$;
alter function app.find_origin(text,jsonb) owner to causeway_owner;
grant execute on function app.find_origin(text,jsonb) to causeway_app;

CREATE OR REPLACE FUNCTION app.find_retention(tenant text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.retention_of(tenant) $function$;
alter function app.find_retention(text) owner to causeway_keeper;
grant execute on function app.find_retention(text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.find_retention_defaults()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select jsonb_object_agg(d.kind, d.retain_days) from app.retention_defaults as d $function$;
alter function app.find_retention_defaults() owner to causeway_keeper;
grant execute on function app.find_retention_defaults() to causeway_owner;

CREATE OR REPLACE FUNCTION app.finish_upload(upload text, sha256 text)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  refusal jsonb := app.project_refusal((select u.project_id from app.uploads as u where u.upload_id = upload));
begin
  if refusal is not null then return refusal; end if;
  update app.uploads as u set received_sha256 = sha256, received_at = clock_timestamp()
   where u.upload_id = upload and u.received_at is null;
  if not found then
    perform app.audit('upload.receive', 'upload', upload, 'refused', jsonb_build_object('reason', 'used'));
    return jsonb_build_object('ok', false, 'code', 'upload_refused', 'details', '{"reason": "used"}'::jsonb);
  end if;
  perform app.audit('upload.receive', 'upload', upload, 'ok', jsonb_build_object('sha256', sha256));
  return '{"ok": true}';
end
$function$;
alter function app.finish_upload(text,text) owner to causeway_owner;
grant execute on function app.finish_upload(text,text) to causeway_app;

CREATE OR REPLACE FUNCTION app.flush_commits()
 RETURNS void
 LANGUAGE sql
AS $function$
  select pg_logical_emit_message(true, 'causeway', '')
$function$;
alter function app.flush_commits() owner to causeway_owner;
grant execute on function app.flush_commits() to causeway_app;
comment on function app.flush_commits() is 'The transaction that calls it is on the disk, and all that committed before it, when its commit returns.';

CREATE OR REPLACE FUNCTION app.guard_origin()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.lock_sight(new.project_id, false);
  if (new.origin ->> 'kind' = 'run' and not exists (
        select from app.runs as r where r.tenant_id = new.tenant_id and r.run_id = new.origin ->> 'run'))
     or (new.origin ->> 'kind' = 'upload' and not exists (
        select from app.uploads as u where u.tenant_id = new.tenant_id and u.upload_id = new.origin ->> 'upload')) then
    raise exception using errcode = 'CW006', message = 'what is imported has expired';
  end if;
  return new;
end
$function$;
alter function app.guard_origin() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app.guard_purged_inputs()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from app.purges as p where p.tenant_id = new.tenant_id and position(p.purged_sha256 in new.manifest::text) > 0) then
    raise exception using errcode = 'CW004', message = 'the run needs what was purged';
  end if;
  return new;
end
$function$;
alter function app.guard_purged_inputs() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app.guard_run_pool()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('placement ' || new.tenant_id, 0));
  if not exists (select from app.pools_open_to(new.tenant_id) as p where p.pool_id = new.pool_id) then
    raise exception using errcode = '42501', message = 'the tenant may not run there';
  end if;
  return new;
end
$function$;
alter function app.guard_run_pool() owner to causeway_resolver;
grant execute on function app.guard_run_pool() to causeway_owner;
comment on function app.guard_run_pool() is 'No SQL of the Worker, whoever made it up, sends a run to hosts that are not its tenant''s to use.';

CREATE OR REPLACE FUNCTION app.guard_run_sight()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.lock_sight(new.project_id, false);
  new.withheld := app.pins_withheld(new.project_id, new.manifest -> 'data');
  return new;
end
$function$;
alter function app.guard_run_sight() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app.guard_scratch_blob()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if 'going' = any (select app.keep_blob(new.tenant_id, f ->> 'sha256')
                      from jsonb_array_elements(new.manifest -> 'files') as f where f ->> 'path' = new.entry) then
    raise exception using errcode = 'CW007', message = 'the script of the run is being removed from the store';
  end if;
  return new;
end
$function$;
alter function app.guard_scratch_blob() owner to causeway_keeper;
grant execute on function app.guard_scratch_blob() to causeway_owner;

CREATE OR REPLACE FUNCTION app.guard_snapshot_sight()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.lock_sight(new.project_id, false);
  new.derived := app.is_withheld_output(new.project_id, new.origin);
  if new.derived then
    update app.data_sources as d set agent_sees = 'schema_only', derived = true
     where d.project_id = new.project_id and d.source_id = new.source_id and (d.agent_sees = 'full' or not d.derived);
  end if;
  return new;
end
$function$;
alter function app.guard_snapshot_sight() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app.has_log(outcome jsonb)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce((outcome #>> '{stdout,bytes}')::bigint, 0) + coalesce((outcome #>> '{stderr,bytes}')::bigint, 0) > 0
         or outcome ? 'progress' or jsonb_typeof(outcome -> 'error') = 'object'
$function$;
alter function app.has_log(jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.hasten_audit_sinks(tenant text, sink text)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  failing integer;
begin
  update app.audit_sinks as s
     set next_attempt_at = case when s.next_attempt_at > clock_timestamp() + interval '2 minutes' then clock_timestamp()
                                else s.next_attempt_at end
   where s.tenant_id = tenant and (sink is null or s.sink_id = sink) and s.ended_at is null and s.failures > 0;
  get diagnostics failing = row_count;
  return failing;
end
$function$;
alter function app.hasten_audit_sinks(text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.hold_own_membership()
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform from app.memberships as m
    where m.tenant_id = app.tenant_id() and m.user_id = app.user_id() and m.status = 'active' and app.is_in_session()
      for no key update;
  return found;
end
$function$;
alter function app.hold_own_membership() owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.import_agent_sees(project text, name text, origin jsonb, wish text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select case when wish = 'schema_only'
                or app.is_withheld_output(project, origin)
                or exists (select from app.uploads as u
                            where u.upload_id = origin ->> 'upload' and u.project_id = import_agent_sees.project
                              and u.agent_sees = 'schema_only')
                or coalesce(
                     (select d.agent_sees = 'schema_only' or not d.full_said and app.default_agent_sees(project) = 'schema_only'
                        from app.data_sources as d
                       where d.project_id = import_agent_sees.project and d.name = import_agent_sees.name),
                     app.default_agent_sees(project) = 'schema_only')
              then 'schema_only' else 'full' end
$function$;
alter function app.import_agent_sees(text,text,jsonb,text) owner to causeway_owner;
grant execute on function app.import_agent_sees(text,text,jsonb,text) to causeway_app;

CREATE OR REPLACE FUNCTION app.import_sight(project text, name text, origin jsonb, wish text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select case when app.is_in_session() or app.import_agent_sees(project, name, origin, wish) = 'full' then 'all'
              when app.is_withheld_output(project, origin) then 'shape' else 'schema' end
$function$;
alter function app.import_sight(text,text,jsonb,text) owner to causeway_owner;
grant execute on function app.import_sight(text,text,jsonb,text) to causeway_app;
comment on function app.import_sight(text,text,jsonb,text) is 'What the entered call would see of such an import: all, schema or shape.';

CREATE OR REPLACE FUNCTION app.inclusion_proof(tree text, leaf bigint, tree_size bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.inclusion_proof(text,bigint,bigint) owner to causeway_keeper;
comment on function app.inclusion_proof(text,bigint,bigint) is 'The audit path of a leaf, from the bottom up (RFC 6962, section 2.1.1).';

CREATE OR REPLACE FUNCTION app.invite_owner(tenant_id text, tenant_name text, invitation_id text, email text, link_sha256 text, lifetime_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  insert into app.tenants (tenant_id, name) values (tenant_id, tenant_name) on conflict do nothing;
  insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, expires_at)
  values (tenant_id, invitation_id, link_sha256, lower(email), 'owner',
          clock_timestamp() + lifetime_seconds * interval '1 second');
  perform app.audit_person(tenant_id, null, 'operator', 'invitation.create', 'invitation', invitation_id, '{"role": "owner"}');
  return jsonb_build_object('ok', true, 'tenant_id', tenant_id);
end
$function$;
alter function app.invite_owner(text,text,text,text,text,integer) owner to causeway_keeper;
grant execute on function app.invite_owner(text,text,text,text,text,integer) to causeway_owner;
comment on function app.invite_owner(text,text,text,text,text,integer) is 'Invites an owner by a one-time link, into a tenant that is made where it is absent.';

CREATE OR REPLACE FUNCTION app.is_in_session()
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.context() ->> 'kind' is not distinct from 'session' $function$;
alter function app.is_in_session() owner to causeway_keeper;
grant execute on function app.is_in_session() to causeway_app;
grant execute on function app.is_in_session() to causeway_resolver;
comment on function app.is_in_session() is 'Whether a signed-in person acts in the entered tenant, and no token or agent of theirs.';

CREATE OR REPLACE FUNCTION app.is_past_retention(tenant text, event text, at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select exists (
    select from app.audit_retention as r
      join app.audit_seals as own on own.tenant_id = r.tenant_id and own.event_id = event
      join app.audit_seals as said on said.tenant_id = r.tenant_id and said.event_id = r.announced_event
     where r.tenant_id = tenant and own.leaf_index < r.removed_below
       and at < clock_timestamp() - make_interval(days => r.retain_days)
       and said.leaf_index < (select max(h.tree_size) from app.audit_heads as h
                               where h.tenant_id = tenant and h.head_index < (select max(c.tree_size) from app.audit_checkpoints as c)))
$function$;
alter function app.is_past_retention(text,text,timestamp with time zone) owner to causeway_keeper;
grant execute on function app.is_past_retention(text,text,timestamp with time zone) to causeway_owner;

CREATE OR REPLACE FUNCTION app.is_placement(given jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
begin
  return coalesce(jsonb_typeof(given) = 'object' and given - 'pool' - 'labels' = '{}'
    and (not given ? 'pool' or jsonb_typeof(given -> 'pool') = 'string')
    and (not given ? 'labels' or app.are_labels(given -> 'labels')), false);
end
$function$;
alter function app.is_placement(jsonb) owner to causeway_owner;
grant execute on function app.is_placement(jsonb) to causeway_app;
grant execute on function app.is_placement(jsonb) to causeway_keeper;
grant execute on function app.is_placement(jsonb) to causeway_resolver;
comment on function app.is_placement(jsonb) is 'Whether it is {pool?: id of a pool, labels?: {name: value}}.';

CREATE OR REPLACE FUNCTION app.is_session_alive(revoked_at timestamp with time zone, idle_until timestamp with time zone, expires_at timestamp with time zone, at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select revoked_at is null and at < idle_until and at < expires_at $function$;
alter function app.is_session_alive(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone) owner to causeway_owner;
grant execute on function app.is_session_alive(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone) to causeway_keeper;
comment on function app.is_session_alive(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone) is 'Whether a session may still be used at that time.';

CREATE OR REPLACE FUNCTION app.is_withheld_output(project text, origin jsonb)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select origin ->> 'kind' = 'run' and exists (
    select from app.runs as r
     where r.project_id = is_withheld_output.project and r.run_id = origin ->> 'run' and r.withheld)
$function$;
alter function app.is_withheld_output(text,jsonb) owner to causeway_owner;
grant execute on function app.is_withheld_output(text,jsonb) to causeway_app;

CREATE OR REPLACE FUNCTION app.join_by_invitation(invitation app.invitations, user_id text, call jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.memberships as m (tenant_id, user_id, role)
  values ((invitation).tenant_id, user_id, (invitation).role)
  on conflict (tenant_id, user_id) do update
     set status = 'active',
         role = case when m.status = 'active' and app.role_rank(m.role) > app.role_rank(excluded.role)
                     then m.role else excluded.role end;
  update app.invitations as i set accepted_at = clock_timestamp(), accepted_by = join_by_invitation.user_id
   where i.tenant_id = (invitation).tenant_id and i.invitation_id = (invitation).invitation_id;
  select app.end_invitations_to((invitation).tenant_id, join_by_invitation.user_id);
  select app.audit_person((invitation).tenant_id, user_id, 'invitation', 'invitation.accept', 'invitation',
                          (invitation).invitation_id, jsonb_build_object('role', (invitation).role), call);
$function$;
alter function app.join_by_invitation(app.invitations,text,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.judge_member_change(user_id text, new_role text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  tenant constant text := app.tenant_id();
  is_own constant boolean := user_id is not distinct from app.user_id();
  own_rank integer;
  old_role text;
begin
  if not app.is_in_session() then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  -- No key changes, so what merely refers to the tenant does not wait.
  perform from app.tenants as t where t.tenant_id = tenant for no key update;
  select app.role_rank(m.role) into own_rank
    from app.memberships as m where m.tenant_id = tenant and m.user_id = app.user_id() and m.status = 'active';
  if own_rank is null or (own_rank < app.role_rank('admin') and not is_own) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  select m.role into old_role
    from app.memberships as m
   where m.tenant_id = tenant and m.user_id = judge_member_change.user_id and m.status = 'active';
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  elsif own_rank < greatest(app.role_rank(old_role), app.role_rank(new_role)) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  elsif old_role = 'owner' and new_role is distinct from 'owner' and not exists (
    select from app.memberships as m join app.users as u using (user_id)
     where m.tenant_id = tenant and m.user_id <> judge_member_change.user_id and m.role = 'owner'
       and m.status = 'active' and u.status = 'active'
  ) then
    return jsonb_build_object('ok', false, 'code', 'last_owner');
  end if;
  return jsonb_build_object('ok', true, 'role', old_role);
end
$function$;
alter function app.judge_member_change(text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.keep_blob(tenant text, sha256 text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  update app.blobs_to_remove as b set found_at = clock_timestamp(), unnamed_at = null
   where b.tenant_id = tenant and b.sha256 = sha256 and b.claimed_at is null;
  return case when found then 'waits'
              when exists (select from app.blobs_to_remove as b where b.tenant_id = tenant and b.sha256 = sha256) then 'going'
              else 'named' end;
end
$function$;
alter function app.keep_blob(text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.least_project_role(tenant_role text, restricted boolean, project_role text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case
    when tenant_role is null then null
    when project_role is null and restricted then null
    when tenant_role = 'viewer' then 'viewer'
    when project_role is not null then project_role
    when tenant_role = 'member' then 'editor'
    else 'owner'
  end
$function$;
alter function app.least_project_role(text,boolean,text) owner to causeway_owner;
grant execute on function app.least_project_role(text,boolean,text) to causeway_app;
grant execute on function app.least_project_role(text,boolean,text) to causeway_keeper;
grant execute on function app.least_project_role(text,boolean,text) to causeway_resolver;
comment on function app.least_project_role(text,boolean,text) is 'What a person may do on a project: their role on it, or without one, in an open project, what the tenant role gives; never more than the tenant role lets them. NULL: nothing.';

CREATE OR REPLACE FUNCTION app.list_api_tokens(tenant_id text)
 RETURNS TABLE(token_id text, name text, email text, scopes text[], role_ceiling text, address_ranges text[], project_ids text[], created_at timestamp with time zone, expires_at timestamp with time zone, revoked_at timestamp with time zone, last_used_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select k.token_id, k.name, u.email, k.scopes, k.role_ceiling, k.address_ranges::text[], k.project_ids::text[],
         k.created_at, k.expires_at, k.revoked_at, l.last_used_at
    from app.api_tokens as k join app.users as u using (user_id)
    left join app.token_last_uses as l on l.tenant_id = k.tenant_id and l.credential_id = k.token_id
   where k.tenant_id = list_api_tokens.tenant_id
   order by k.created_at, k.token_id
$function$;
alter function app.list_api_tokens(text) owner to causeway_keeper;
grant execute on function app.list_api_tokens(text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.list_audit_sinks(tenant text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.audit_sinks_of(tenant) $function$;
alter function app.list_audit_sinks(text) owner to causeway_keeper;
grant execute on function app.list_audit_sinks(text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.list_envelopes(key_id text, tenant text, rows_max integer)
 RETURNS TABLE(relation text, column_name text, row_id text, tenant_id text, envelope text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  place record;
  found_rows integer;
begin
  for place in select * from app.envelope_columns() loop
    return query execute format(
      'select %L::text, %L::text, %I::text, %s, %I::text from %s where starts_with(%I, %L) and ($1 is null or %s = $1) limit %s',
      place.relation, place.column_name, place.row_column, case when place.by_tenant then 'tenant_id::text' else 'null::text' end,
      place.column_name, place.relation, place.column_name, 'v1.' || list_envelopes.key_id || '.',
      case when place.by_tenant then 'tenant_id::text' else 'null::text' end, rows_max) using list_envelopes.tenant;
    get diagnostics found_rows = row_count;
    rows_max := rows_max - found_rows;
    exit when rows_max <= 0;
  end loop;
end
$function$;
alter function app.list_envelopes(text,text,integer) owner to causeway_keeper;
grant execute on function app.list_envelopes(text,text,integer) to causeway_owner;
comment on function app.list_envelopes(text,text,integer) is 'Some of the envelopes that a key sealed, of one tenant or (null) of all.';

CREATE OR REPLACE FUNCTION app.list_executors()
 RETURNS TABLE(executor_id text, name text, pool_id text, pool text, owner_tenant text, offer jsonb, created_at timestamp with time zone, last_connected_at timestamp with time zone, disconnected_at timestamp with time zone, cordoned_at timestamp with time zone, revoked_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select e.executor_id, e.name, p.pool_id, p.name, p.owner_tenant, e.offer, e.created_at, e.last_connected_at,
         e.disconnected_at, e.cordoned_at, e.revoked_at
    from app.executors as e join app.pools as p using (pool_id)
   order by e.created_at, e.executor_id
$function$;
alter function app.list_executors() owner to causeway_keeper;
grant execute on function app.list_executors() to causeway_owner;

CREATE OR REPLACE FUNCTION app.list_platform_events(rows_max integer)
 RETURNS TABLE(event_id text, occurred_at timestamp with time zone, action text, target_id text, details jsonb, address text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select p.event_id, p.occurred_at, p.action, p.target_id, p.details, host(p.address)
    from app.platform_events as p where p.action <> 'access.refuse' order by p.event_id desc limit rows_max
$function$;
alter function app.list_platform_events(integer) owner to causeway_keeper;
grant execute on function app.list_platform_events(integer) to causeway_owner;
comment on function app.list_platform_events(integer) is 'What happened to the platform, newest first, without refusals.';

CREATE OR REPLACE FUNCTION app.list_pools()
 RETURNS TABLE(pool_id text, name text, owner_tenant text, owner_name text, executors bigint, unfinished_runs bigint, created_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select p.pool_id, p.name, p.owner_tenant, t.name,
         (select count(*) from app.executors as e where e.pool_id = p.pool_id and e.revoked_at is null),
         (select count(*) from app.runs as r where r.pool_id = p.pool_id and r.state = 'queued'), p.created_at
    from app.pools as p left join app.tenants as t on t.tenant_id = p.owner_tenant
   order by p.created_at, p.pool_id
$function$;
alter function app.list_pools() owner to causeway_keeper;
grant execute on function app.list_pools() to causeway_owner;

CREATE OR REPLACE FUNCTION app.list_refusals(rows_max integer)
 RETURNS TABLE(event_id text, occurred_at timestamp with time zone, total bigint, refused jsonb)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select p.event_id, p.occurred_at, (p.details ->> 'total')::bigint, p.details -> 'by'
    from app.platform_events as p where p.action = 'access.refuse' order by p.occurred_at desc limit rows_max
$function$;
alter function app.list_refusals(integer) owner to causeway_keeper;
grant execute on function app.list_refusals(integer) to causeway_owner;
comment on function app.list_refusals(integer) is 'How often whom nobody knew was refused, newest first.';

CREATE OR REPLACE FUNCTION app.list_sources(reference text, after_name text, page_size integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
#variable_conflict use_variable
declare
  project text := app.project_id(reference);
begin
  if project is null then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project'));
  end if;
  return jsonb_build_object('ok', true, 'project', project,
    'total', (select count(*) from app.data_sources as d where d.project_id = project),
    'sources', (
      select coalesce(jsonb_agg(to_jsonb(page) order by page.name), '[]') from (
        select d.name, d.source_id as source, s.format, s.bytes, s.row_count,
               (s.description ->> 'column_count')::integer as column_count, s.sha256, app.utc_text(s.created_at) as imported_at,
               d.agent_sees, app.sight(d.agent_sees, d.derived) as sight
          from app.data_sources as d
          join app.data_snapshots as s
            on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
         where d.project_id = project and d.name > after_name
         order by d.name limit page_size) as page));
end
$function$;
alter function app.list_sources(text,text,integer) owner to causeway_owner;
grant execute on function app.list_sources(text,text,integer) to causeway_app;

CREATE OR REPLACE FUNCTION app.list_tenants()
 RETURNS TABLE(tenant_id text, name text, status text, created_at timestamp with time zone, suspended_at timestamp with time zone, suspended_because text, members bigint, projects bigint, runs bigint, deletion_due_at timestamp with time zone, deletion_step text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(t.tenant_id, d.tenant_id), coalesce(t.name, d.tenant_name), coalesce(t.status, 'deleted'), t.created_at, t.suspended_at,
         t.suspended_because,
         (select count(*) from app.memberships as m where m.tenant_id = t.tenant_id and m.status = 'active'),
         (select count(*) from app.projects as p where p.tenant_id = t.tenant_id and p.archived_at is null),
         (select count(*) from app.runs as r where r.tenant_id = t.tenant_id),
         d.due_at, d.step
    from app.tenants as t full join app.tenant_deletions as d using (tenant_id)
   order by t.created_at nulls last, 1
$function$;
alter function app.list_tenants() owner to causeway_keeper;
grant execute on function app.list_tenants() to causeway_owner;
comment on function app.list_tenants() is 'Every tenant, those too that were deleted.';

CREATE OR REPLACE FUNCTION app.list_token_uses(tenant_id text, credential_id text, rows_max integer)
 RETURNS TABLE(occurred_at timestamp with time zone, credential_id text, method text, target text, address text, user_agent text, latency_ms integer, outcome text, reason text, dropped integer, request_id text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select l.occurred_at, l.credential_id, l.method, l.target, l.address, l.user_agent,
         l.latency_ms, l.outcome, l.reason, l.dropped, l.request_id
    from app.token_uses as l
   where l.tenant_id = list_token_uses.tenant_id
     and (list_token_uses.credential_id is null or l.credential_id = list_token_uses.credential_id)
   order by l.occurred_at desc
   limit rows_max
$function$;
alter function app.list_token_uses(text,text,integer) owner to causeway_keeper;
grant execute on function app.list_token_uses(text,text,integer) to causeway_owner;
comment on function app.list_token_uses(text,text,integer) is 'The newest entries of a tenant''s request log, of one credential or of all.';

CREATE OR REPLACE FUNCTION app.lock_sight(project text, alone boolean)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  if alone then
    perform pg_advisory_xact_lock(hashtextextended('sight ' || project, 0));
  else
    perform pg_advisory_xact_lock_shared(hashtextextended('sight ' || project, 0));
  end if;
end
$function$;
alter function app.lock_sight(text,boolean) owner to causeway_owner;
grant execute on function app.lock_sight(text,boolean) to causeway_app;
grant execute on function app.lock_sight(text,boolean) to causeway_keeper;

CREATE OR REPLACE FUNCTION app.lockout_seconds(failures integer, free integer, base_seconds integer, max_seconds integer)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when failures < free then 0
              else least(max_seconds, base_seconds * power(2, least(failures - free, 20)))::integer end
$function$;
alter function app.lockout_seconds(integer,integer,integer,integer) owner to causeway_owner;
grant execute on function app.lockout_seconds(integer,integer,integer,integer) to causeway_keeper;
comment on function app.lockout_seconds(integer,integer,integer,integer) is 'How long the next attempt must wait after so many failures: none are held up until `free`, then it doubles up to the most.';

CREATE OR REPLACE FUNCTION app.loses_rows(tenant text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select exists (select from app.tenant_deletions as d where d.tenant_id = tenant and d.step not in ('waiting', 'closing', 'sealing'))
$function$;
alter function app.loses_rows(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.make_join_token(manager text, pool text, token_sha256 text, lifetime interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  target record;
  until_at constant timestamptz := clock_timestamp() + least(lifetime, interval '7 days');
begin
  -- By its name alone the operator means a pool of the platform.
  select p.pool_id, p.owner_tenant into target from app.pools_managed_by(manager) as p
   where p.pool_id = pool or (p.name = pool and p.owner_tenant is not distinct from manager);
  if not found then
    return jsonb_build_object('ok', false, 'code', 'pool_not_found', 'details', jsonb_build_object('pool', pool));
  end if;
  insert into app.join_tokens (token_sha256, pool_id, expires_at) values (token_sha256, target.pool_id, until_at);
  perform app.note_fleet_event(target.owner_tenant, 'executor.invite', 'pool', target.pool_id, jsonb_build_object('expires_at', until_at));
  return jsonb_build_object('ok', true, 'pool', target.pool_id, 'expires_at', app.utc_text(until_at));
end
$function$;
alter function app.make_join_token(text,text,text,interval) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.make_pool(pool text, owner text, name text, pools_max integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if owner is not null then
    perform from app.tenants as t where t.tenant_id = owner for update;
    if not found then return jsonb_build_object('ok', false, 'code', 'tenant_not_found'); end if;
    if (select count(*) from app.pools as p where p.owner_tenant = owner) >= pools_max then
      return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
    end if;
  end if;
  insert into app.pools (pool_id, owner_tenant, name) values (pool, owner, name) on conflict do nothing;
  if not found then return jsonb_build_object('ok', false, 'code', 'already_exists'); end if;
  perform app.note_fleet_event(owner, 'pool.create', 'pool', pool, jsonb_build_object('name', name));
  return jsonb_build_object('ok', true, 'pool', pool);
end
$function$;
alter function app.make_pool(text,text,text,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.matching_audit(filter jsonb)
 RETURNS SETOF app.audit_events
 LANGUAGE sql
 STABLE
AS $function$
  select e.*
    from app.audit_events as e
   where e.tenant_id = (select app.tenant_id()) and (select app.is_in_session() and app.may_read_audit())
     and (filter ->> 'user' is null or e.actor_user_id = filter ->> 'user')
     and (filter ->> 'credential' is null or e.credential_id = filter ->> 'credential')
     and (filter ->> 'client' is null or e.client_id = filter ->> 'client')
     and (filter ->> 'action' is null or e.action = filter ->> 'action'
          or (right(filter ->> 'action', 1) = '.' and starts_with(e.action, filter ->> 'action')))
     and (filter ->> 'target' is null or e.target_id = filter ->> 'target')
     and (filter ->> 'outcome' is null or e.outcome = filter ->> 'outcome')
     and (filter ->> 'request' is null or e.request_id = filter ->> 'request')
     and (filter ->> 'trace' is null or e.trace_id = filter ->> 'trace')
     and (filter ->> 'from' is null or e.occurred_at >= (filter ->> 'from')::timestamptz)
     and (filter ->> 'until' is null or e.occurred_at < (filter ->> 'until')::timestamptz)
$function$;
alter function app.matching_audit(jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.may_add_project()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$
  select coalesce(app.role_rank(c.caller ->> 'role') >= app.role_rank('member')
                  and coalesce(c.caller -> 'projects', 'null') = 'null', false)
    from (select app.context() as caller) as c
$function$;
alter function app.may_add_project() owner to causeway_owner;
grant execute on function app.may_add_project() to causeway_app;
comment on function app.may_add_project() is 'Never a credential for some projects only: it would make what it cannot see.';

CREATE OR REPLACE FUNCTION app.may_open_run(run text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  return exists (select from app.runs as r where r.run_id = run and (not r.withheld or app.is_in_session()));
end
$function$;
alter function app.may_open_run(text) owner to causeway_owner;
grant execute on function app.may_open_run(text) to causeway_app;
comment on function app.may_open_run(text) is 'Whether the caller may see what a run printed and left.';

CREATE OR REPLACE FUNCTION app.may_read_audit()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$
  select coalesce(c.caller ->> 'kind' = 'system'
                  or (app.role_rank(c.caller ->> 'role') >= app.role_rank('admin')
                      and coalesce(c.caller -> 'projects', 'null') = 'null'), false)
    from (select app.context() as caller) as c
$function$;
alter function app.may_read_audit() owner to causeway_owner;
grant execute on function app.may_read_audit() to causeway_app;
grant execute on function app.may_read_audit() to causeway_keeper;

CREATE OR REPLACE FUNCTION app.may_write(project text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED
AS $function$ begin return coalesce(app.role_in(project) in ('editor', 'owner'), false); end $function$;
alter function app.may_write(text) owner to causeway_owner;
grant execute on function app.may_write(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.member_sign_ins(user_id text, before_event_id text, rows_max integer)
 RETURNS TABLE(event_id text, occurred_at timestamp with time zone, method text, outcome text, address text, user_agent text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select e.event_id, e.occurred_at, e.method, e.outcome, host(e.address), e.user_agent
    from app.authentication_events as e
   where e.user_id = member_sign_ins.user_id and app.is_in_session()
     and (e.user_id = app.user_id() or app.role_rank(app.role()) >= app.role_rank('admin'))
     and exists (select from app.memberships as m
                  where m.tenant_id = (select app.tenant_id()) and m.user_id = e.user_id and m.status = 'active')
     and (before_event_id is null or (e.occurred_at, e.event_id) < (
           select b.occurred_at, b.event_id from app.authentication_events as b
            where b.event_id = before_event_id and b.user_id = e.user_id))
   order by e.occurred_at desc, e.event_id desc limit rows_max
$function$;
alter function app.member_sign_ins(text,text,integer) owner to causeway_resolver;
grant execute on function app.member_sign_ins(text,text,integer) to causeway_app;
comment on function app.member_sign_ins(text,text,integer) is 'How a member of the entered tenant signed in, newest first, for themselves, its admins and owners; nothing for anybody else.';

CREATE OR REPLACE FUNCTION app.new_id(prefix text)
 RETURNS text
 LANGUAGE plpgsql
 PARALLEL SAFE
AS $function$
declare
  ms constant bigint := extract(epoch from clock_timestamp()) * 1000;
  random constant text := encode(uuid_send(gen_random_uuid()), 'hex');
  -- RFC 9562 section 5.7: 48 bits of time, the version 7, then what gen_random_uuid() put after its own version.
  bits constant bit varying := ('x' || lpad(to_hex(ms), 12, '0') || '7' || substr(random, 14))::bit(128);
  id text := prefix || '_' || substring(bits, 1, 3)::integer;
begin
  for start in 4 .. 124 by 5 loop
    id := id || substr('0123456789abcdefghjkmnpqrstvwxyz', substring(bits, start, 5)::integer + 1, 1);
  end loop;
  return id;
end
$function$;
alter function app.new_id(text) owner to causeway_owner;
grant execute on function app.new_id(text) to causeway_app;
grant execute on function app.new_id(text) to causeway_keeper;
comment on function app.new_id(text) is 'A new id of the form that protocol/ids.ts makes, for rows that the database itself adds.';

CREATE OR REPLACE FUNCTION app.note_authentication(user_id text, email_sha256 text, method text, outcome text, call jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.authentication_events (user_id, email_sha256, method, outcome, request_id, address, user_agent)
  values (user_id, email_sha256, method, outcome, call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$function$;
alter function app.note_authentication(text,text,text,text,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.note_fleet_event(owner text, action text, target_kind text, target_id text, details jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.note_platform_event(action, target_kind, target_id, details, coalesce(app.context(), '{}'));
  if owner is null then
    return;
  elsif app.context() is not null then
    perform app.audit(action, target_kind, target_id, 'ok', details);
  else
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (owner, 'operator', action, target_kind, target_id, 'ok', details);
  end if;
end
$function$;
alter function app.note_fleet_event(text,text,text,text,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.note_platform_event(action text, target_kind text, target_id text, details jsonb, call jsonb DEFAULT '{}'::jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.platform_events (action, target_kind, target_id, details, request_id, address, user_agent)
  values (action, target_kind, target_id, details, call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$function$;
alter function app.note_platform_event(text,text,text,jsonb,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.note_superseded()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update app.data_snapshots as n
     set superseded_at = case n.sha256 when old.current_sha256 then clock_timestamp() end
   where n.tenant_id = new.tenant_id and n.project_id = new.project_id and n.source_id = new.source_id
     and n.sha256 in (old.current_sha256, new.current_sha256);
  return null;
end
$function$;
alter function app.note_superseded() owner to causeway_keeper;
grant execute on function app.note_superseded() to causeway_owner;

CREATE OR REPLACE FUNCTION app.note_unnamed(tenant text, digests text[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.blobs_to_remove as b (tenant_id, sha256) select distinct tenant, d from unnest(digests) as d
    on conflict (tenant_id, sha256) do update set found_at = clock_timestamp(), unnamed_at = null where b.claimed_at is null
$function$;
alter function app.note_unnamed(text,text[]) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.open_deletion(tenant text, by_user text, reason text, grace interval, credential_kind text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  due timestamptz := clock_timestamp() + grace;
begin
  -- Who asks again while it waits may bring it forward, the operator alone.
  insert into app.tenant_deletions as d (tenant_id, tenant_name, requested_by, reason, due_at)
  select t.tenant_id, t.name, by_user, reason, due from app.tenants as t where t.tenant_id = tenant
  on conflict (tenant_id) do update
     set due_at = least(d.due_at, excluded.due_at), requested_by = null, reason = coalesce(excluded.reason, d.reason)
   where d.step = 'waiting' and by_user is null;
  if not found then
    return jsonb_build_object('ok', false, 'code', case
      when exists (select from app.tenant_deletions as d where d.tenant_id = tenant) then 'deletion_began' else 'tenant_not_found' end);
  end if;
  update app.tenants as t set status = 'suspended', suspended_by = 'deletion', suspended_at = clock_timestamp()
   where t.tenant_id = tenant and t.status = 'active';
  select d.due_at into due from app.tenant_deletions as d where d.tenant_id = tenant;
  perform app.audit_person(tenant, by_user, credential_kind, 'tenant.request_deletion', 'tenant', tenant,
                           jsonb_build_object('due_at', due, 'reason', reason), call);
  return jsonb_build_object('ok', true, 'due_at', due);
end
$function$;
alter function app.open_deletion(text,text,text,interval,text,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.open_invitation(link_sha256 text)
 RETURNS app.invitations
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select i from app.invitations as i join app.tenants as t using (tenant_id)
   where i.link_sha256 = open_invitation.link_sha256 and i.accepted_at is null and i.revoked_at is null
     and i.expires_at > clock_timestamp() and t.status = 'active'
     and (i.created_by is null or exists (
       select from app.memberships as m join app.users as u using (user_id)
        where m.tenant_id = i.tenant_id and m.user_id = i.created_by and m.status = 'active' and u.status = 'active'
          and app.role_rank(m.role) >= greatest(app.role_rank('admin'), app.role_rank(i.role))))
     for update of i
$function$;
alter function app.open_invitation(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.open_session(user_id text, method text, session jsonb, call jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.sessions (session_id, user_id, cookie_sha256, method, idle_until, expires_at, address, user_agent)
  select session ->> 'id', user_id, session ->> 'cookieSha256', method,
         clock_timestamp() + least((session ->> 'idleSeconds')::integer, (session ->> 'absoluteSeconds')::integer) * interval '1 second',
         clock_timestamp() + (session ->> 'absoluteSeconds')::integer * interval '1 second',
         (call ->> 'address')::inet, left(call ->> 'agent', 500)
$function$;
alter function app.open_session(text,text,jsonb,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.open_upload(reference text, upload text, name text, format text, bytes bigint, sha256 text, wish text, lifetime interval, open_max integer)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  found jsonb := app.project_for_data(reference);
  until timestamptz := clock_timestamp() + lifetime;
  sees text;
begin
  if not (found ->> 'ok')::boolean then return found; end if;
  perform app.lock_sight(found ->> 'project', false);
  if app.tenant_usage('open_uploads') >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  sees := app.import_agent_sees(found ->> 'project', name, '{}', wish);
  insert into app.uploads (upload_id, project_id, name, format, bytes, announced_sha256, agent_sees, expires_at)
  values (upload, found ->> 'project', name, format, bytes, sha256, sees, until);
  perform app.audit('upload.create', 'upload', upload, 'ok', jsonb_build_object(
    'project', found ->> 'project', 'name', name, 'format', format, 'bytes', bytes, 'sha256', sha256, 'agent_sees', sees));
  return found || jsonb_build_object('expires_at', app.utc_text(until), 'agent_sees', sees);
end
$function$;
alter function app.open_upload(text,text,text,text,bigint,text,text,interval,integer) owner to causeway_owner;
grant execute on function app.open_upload(text,text,text,text,bigint,text,text,interval,integer) to causeway_app;

CREATE OR REPLACE FUNCTION app.other_project_owners(project text, user_id text)
 RETURNS bigint
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select count(*) from app.project_members as m join app.memberships as t using (tenant_id, user_id)
   where m.tenant_id = app.tenant_id() and m.project_id = other_project_owners.project and m.role = 'owner'
     and m.user_id <> other_project_owners.user_id and t.status = 'active'
$function$;
alter function app.other_project_owners(text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.others_with(tenant text, digests text[], object jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_agg(other), '[]') from (
    (select distinct format('file %s in %s', f.key, p.name) as other
       from app.trees as t join app.projects as p using (tenant_id, project_id), jsonb_each(t.files) as f
      where t.tenant_id = tenant and f.value ->> 'sha256' = any (digests)
        and (object ->> 'kind', p.project_id::text, f.key) is distinct from ('file', object ->> 'project', object ->> 'path') limit 20)
    union all
    (select distinct format('data source %s in %s', s.name, p.name)
       from app.data_snapshots as n join app.data_sources as s using (tenant_id, project_id, source_id)
       join app.projects as p using (tenant_id, project_id)
      where n.tenant_id = tenant and n.sha256 = any (digests)
        and (object ->> 'kind', p.project_id::text, s.name::text) is distinct from ('data', object ->> 'project', object ->> 'name') limit 20)
    union all
    (select distinct format('upload for %s in %s', u.name, p.name)
       from app.uploads as u join app.projects as p using (tenant_id, project_id)
      where u.tenant_id = tenant and u.received_sha256 = any (digests)
        and (object ->> 'kind', p.project_id::text) is distinct from ('data', object ->> 'project') limit 20)
    union all
    (select distinct format('output %s of %s', o ->> 'name', r.run_id)
       from app.runs as r, jsonb_array_elements(r.outcome -> 'outputs') as o
      where r.tenant_id = tenant and o ->> 'sha256' = any (digests)
        and (object ->> 'kind', r.run_id::text, o ->> 'name') is distinct from ('output', object ->> 'run', object ->> 'name') limit 20)
    union all
    (select distinct format('log of %s', r.run_id)
       from app.runs as r, unnest(array[r.outcome -> 'stdout', r.outcome -> 'stderr', r.outcome -> 'progress']) as s
      where r.tenant_id = tenant and s ->> 'sha256' = any (digests)
        and (object ->> 'kind', r.run_id::text) is distinct from ('log', object ->> 'run') limit 20)
  ) as others
$function$;
alter function app.others_with(text,text[],jsonb) owner to causeway_keeper;
comment on function app.others_with(text,text[],jsonb) is 'What else in the tenant holds the same bytes, as texts; some of it.';

CREATE OR REPLACE FUNCTION app.person_by_email(email text)
 RETURNS app.users
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select u from app.users as u where u.email = person_by_email.email and u.status = 'active' $function$;
alter function app.person_by_email(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.pin_data(project text, names jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
#variable_conflict use_variable
declare
  attached jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object(
           'name', s.name, 'source', s.source_id, 'sha256', n.sha256, 'bytes', n.bytes, 'format', n.format)
           order by s.name collate "C"), '[]')
    into attached
    from app.data_sources as s
    join app.data_snapshots as n on n.tenant_id = s.tenant_id and n.project_id = s.project_id
                                and n.source_id = s.source_id and n.sha256 = s.current_sha256
   where s.project_id = project;
  return jsonb_build_object(
    'pinned', (select coalesce(jsonb_agg(a), '[]') from jsonb_array_elements(attached) as a
                where names is null or names ? (a ->> 'name')),
    'missing', (select coalesce(jsonb_agg(wanted), '[]') from jsonb_array_elements_text(coalesce(names, '[]')) as wanted
                 where not jsonb_path_exists(attached, '$[*] ? (@.name == $name)', jsonb_build_object('name', wanted))),
    'available', jsonb_path_query_array(attached, '$[*].name'));
end
$function$;
alter function app.pin_data(text,jsonb) owner to causeway_owner;
grant execute on function app.pin_data(text,jsonb) to causeway_app;

CREATE OR REPLACE FUNCTION app.pins_withheld(project text, pinned jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  return pinned is distinct from '[]' and exists (
    select from jsonb_array_elements(pinned) as p
      join app.data_sources as d on d.project_id = pins_withheld.project and d.source_id = p ->> 'source'
     where d.agent_sees = 'schema_only');
end
$function$;
alter function app.pins_withheld(text,jsonb) owner to causeway_owner;
grant execute on function app.pins_withheld(text,jsonb) to causeway_app;

CREATE OR REPLACE FUNCTION app.place_run(project text, wish jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  tenant constant text := app.tenant_id();
  level jsonb;
  wanted_pool text;
  labels jsonb := '{}';
  clash text;
  found_pool text;
  found_executor record;
  facts jsonb;
begin
  for level in
    select t.placement from app.tenants as t where t.tenant_id = tenant
    union all
    select p.placement from app.projects as p where p.tenant_id = tenant and p.project_id = project
    union all
    select wish
  loop
    select l.key into clash from jsonb_each(coalesce(level -> 'labels', '{}')) as l
     where labels ? l.key and labels -> l.key <> l.value limit 1;
    if found then
      return jsonb_build_object('ok', false, 'reason', 'placement_fixed', 'details', jsonb_build_object(
        'what', clash, 'is', labels -> clash, 'asked', level -> 'labels' -> clash));
    end if;
    labels := labels || coalesce(level -> 'labels', '{}');
    continue when not level ? 'pool';
    select p.pool_id into found_pool from app.pools_open_to(tenant) as p
     where p.pool_id = level ->> 'pool' or p.name = level ->> 'pool'
     order by p.owner_tenant is null limit 1;
    if not found then
      return jsonb_build_object('ok', false, 'reason', 'no_pool', 'details', jsonb_build_object(
        'pool', level -> 'pool',
        'pools', (select coalesce(jsonb_agg(p.name order by p.owner_tenant is null, p.name), '[]') from app.pools_open_to(tenant) as p)));
    elsif wanted_pool <> found_pool then
      return jsonb_build_object('ok', false, 'reason', 'placement_fixed', 'details', jsonb_build_object(
        'what', 'pool', 'is', (select p.name from app.pools as p where p.pool_id = wanted_pool), 'asked', level -> 'pool'));
    end if;
    wanted_pool := found_pool;
  end loop;

  select p.pool_id, p.owner_tenant is not null as is_own, e.offer into found_executor
    from app.pools_open_to(tenant) as p join app.executors as e using (pool_id)
   where p.pool_id = coalesce(wanted_pool, p.pool_id) and e.revoked_at is null and e.offer is not null
     and coalesce(e.offer -> 'labels', '{}') @> labels
   order by e.disconnected_at is null and e.cordoned_at is null desc, p.owner_tenant is null, e.disconnected_at is not null,
            e.last_connected_at desc
   limit 1;
  if not found then
    select jsonb_build_object(
             'labels', labels, 'own_hosts_only', (select t.own_hosts_only from app.tenants as t where t.tenant_id = tenant),
             'executors', count(*), 'offered', coalesce(jsonb_agg(distinct e.offer -> 'labels') filter (where e.offer ? 'labels'), '[]'))
      into facts
      from app.pools_open_to(tenant) as p join app.executors as e using (pool_id)
     where p.pool_id = coalesce(wanted_pool, p.pool_id) and e.revoked_at is null and e.offer is not null;
    return jsonb_build_object('ok', false, 'reason', 'no_executor', 'details', facts);
  end if;
  return jsonb_build_object('ok', true, 'pool', found_executor.pool_id, 'own', found_executor.is_own, 'labels', labels,
                            'offer', found_executor.offer);
end
$function$;
alter function app.place_run(text,jsonb) owner to causeway_resolver;
grant execute on function app.place_run(text,jsonb) to causeway_app;
comment on function app.place_run(text,jsonb) is 'Where a run or an inspection of the entered tenant goes: {pool, own, labels, offer}, or why nowhere: no_pool, placement_fixed, no_executor.';

CREATE OR REPLACE FUNCTION app.place_tenant(tenant text, project text, placement jsonb, own_hosts_only boolean)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.change_placement(tenant, project, placement, own_hosts_only) $function$;
alter function app.place_tenant(text,text,jsonb,boolean) owner to causeway_keeper;
grant execute on function app.place_tenant(text,text,jsonb,boolean) to causeway_owner;

CREATE OR REPLACE FUNCTION app.pools_managed_by(owner text)
 RETURNS SETOF app.pools
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select p from app.pools as p where owner is null or p.owner_tenant = owner $function$;
alter function app.pools_managed_by(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.pools_open_to(tenant text)
 RETURNS SETOF app.pools
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select p from app.pools as p join app.tenants as t on t.tenant_id = tenant
   where p.owner_tenant = tenant or (p.owner_tenant is null and not t.own_hosts_only)
$function$;
alter function app.pools_open_to(text) owner to causeway_resolver;
comment on function app.pools_open_to(text) is 'Where the runs of a tenant may go: its own pools and, unless it says own hosts only, those of the platform.';

CREATE OR REPLACE FUNCTION app.project_at(reference text, ref text)
 RETURNS TABLE(project_id text, name text, description text, head_commit text, created_at timestamp with time zone, archived_at timestamp with time zone, restricted boolean, commit_id text, files jsonb)
 LANGUAGE plpgsql
 STABLE ROWS 1
AS $function$
begin
  return query
    select p.project_id::text, p.name, p.description, p.head_commit::text, p.created_at, p.archived_at,
           p.restricted, c.commit_id::text, coalesce(t.files, '{}')
      from app.projects as p
      left join app.commits as c
        on c.project_id = p.project_id and c.commit_id = app.resolve_commit(p.project_id, project_at.ref)
      left join app.trees as t on t.project_id = p.project_id and t.tree_id = c.tree_id
     where p.project_id = app.project_id(project_at.reference);
end
$function$;
alter function app.project_at(text,text) owner to causeway_owner;
grant execute on function app.project_at(text,text) to causeway_app;
comment on function app.project_at(text,text) is 'The project that an id or a name names, with the commit that `ref` names in it (app.resolve_commit) and its files; no row where there is no such project.';

CREATE OR REPLACE FUNCTION app.project_change_refusal(project text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  standing jsonb;
begin
  perform from app.projects as p where p.tenant_id = app.tenant_id() and p.project_id = project_change_refusal.project for update;
  standing := app.project_standing(project);
  return case when standing is null then '{"ok": false, "code": "not_found", "details": {"kind": "project"}}'::jsonb
              when (standing ->> 'administers')::boolean then null
              else '{"ok": false, "code": "insufficient_role"}'::jsonb end;
end
$function$;
alter function app.project_change_refusal(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.project_for_data(reference text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce((
    select coalesce(app.project_refusal(p.project_id),
             case when p.archived_at is null then jsonb_build_object('ok', true, 'project', p.project_id)
                  else jsonb_build_object('ok', false, 'code', 'project_archived') end)
      from app.projects as p where p.project_id = app.project_id(reference)),
    jsonb_build_object('ok', false, 'code', 'not_found', 'details', jsonb_build_object('kind', 'project')))
$function$;
alter function app.project_for_data(text) owner to causeway_owner;
grant execute on function app.project_for_data(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.project_id(reference text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  if reference ~ '^prj_[0-7][0-9a-hjkmnp-tv-z]{25}$' then
    return (select p.project_id from app.projects as p where p.project_id = reference);
  end if;
  return (select min(p.project_id::text) from app.projects as p
           where lower(p.name) = lower(reference) and p.archived_at is null having count(*) = 1);
end
$function$;
alter function app.project_id(text) owner to causeway_owner;
grant execute on function app.project_id(text) to causeway_app;
comment on function app.project_id(text) is 'The id of the project that an id or a name names, or NULL; a name that two projects share names neither.';

CREATE OR REPLACE FUNCTION app.project_refusal(project text, needed text DEFAULT 'editor'::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  role constant text := app.role_in(project);
begin
  if role is null then
    return '{"ok": false, "code": "not_found"}';
  elsif app.project_role_rank(role) < app.project_role_rank(needed) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role',
                              'details', jsonb_build_object('role', role, 'needed', needed));
  end if;
  return null;
end
$function$;
alter function app.project_refusal(text,text) owner to causeway_owner;
grant execute on function app.project_refusal(text,text) to causeway_app;
comment on function app.project_refusal(text,text) is 'NULL where the entered call has the needed role on the project; else not_found, or insufficient_role with details {role, needed}.';

CREATE OR REPLACE FUNCTION app.project_role_rank(role text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select array_position(array['viewer', 'editor', 'owner'], role) $function$;
alter function app.project_role_rank(text) owner to causeway_owner;
grant execute on function app.project_role_rank(text) to causeway_app;
grant execute on function app.project_role_rank(text) to causeway_keeper;
grant execute on function app.project_role_rank(text) to causeway_resolver;
comment on function app.project_role_rank(text) is 'viewer 1, editor 2, owner 3; NULL for anything else.';

CREATE OR REPLACE FUNCTION app.project_standing(project text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('name', s.name, 'restricted', s.restricted, 'archived', s.archived_at is not null,
                            'role', s.role, 'administers', s.administers)
    from (
      select p.name, p.restricted, p.archived_at, held.role,
             coalesce(held.role = 'owner', false) or c.caller ->> 'role' in ('admin', 'owner') as administers
        from (select app.context() as caller) as c
        join app.projects as p on p.tenant_id = c.caller ->> 'tenant' and p.project_id = project_standing.project
        cross join lateral (select app.role_in(p.project_id) as role) as held
       where c.caller ->> 'kind' = 'session') as s
   where s.role is not null or s.administers
$function$;
alter function app.project_standing(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.provision_tenant(tenant_id text, name text, user_id text, email text, user_name text, role text DEFAULT 'owner'::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  person text;
  tenants_added integer;
  members_added integer;
begin
  insert into app.tenants (tenant_id, name) values (tenant_id, name) on conflict do nothing;
  get diagnostics tenants_added = row_count;
  insert into app.users (user_id, email, name) values (user_id, lower(email), user_name)
    on conflict on constraint users_email_once do nothing;
  select u.user_id into strict person from app.users as u where u.email = lower(provision_tenant.email);
  insert into app.memberships (tenant_id, user_id, role) values (tenant_id, person, role) on conflict do nothing;
  get diagnostics members_added = row_count;
  if tenants_added + members_added > 0 then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant_id, 'operator', 'tenant.provision', 'tenant', tenant_id, 'ok',
            jsonb_build_object('user', person, 'role', role));
  end if;
  return jsonb_build_object('ok', true, 'tenant_id', tenant_id, 'user_id', person,
                            'created', tenants_added + members_added > 0);
end
$function$;
alter function app.provision_tenant(text,text,text,text,text,text) owner to causeway_keeper;
grant execute on function app.provision_tenant(text,text,text,text,text,text) to causeway_owner;
comment on function app.provision_tenant(text,text,text,text,text,text) is 'Makes a tenant with its first person, once: a second call changes nothing. A person is recognised by email.';

CREATE OR REPLACE FUNCTION app.purge_object(tenant text, object jsonb, reason text, even_if_shared boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  project constant text := (
    select p.project_id from app.projects as p
     where p.tenant_id = tenant and (p.project_id = object ->> 'project' or lower(p.name) = lower(object ->> 'project'))
     order by p.project_id = object ->> 'project' desc, p.archived_at nulls first limit 1);
  digests text[];
  others jsonb;
  source text;
begin
  perform app.require_open_log(tenant);
  if project is not null then
    object := object || jsonb_build_object('project', project);
  end if;
  digests := app.contents_of(tenant, object);
  if digests is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  others := app.others_with(tenant, digests, object);
  if others <> '[]' and not even_if_shared then
    return jsonb_build_object('ok', false, 'code', 'shared', 'others', others);
  end if;
  if object ->> 'kind' = 'data' then
    select s.source_id into source from app.data_sources as s
     where s.tenant_id = tenant and s.project_id = project and s.name = object ->> 'name';
    object := object || jsonb_build_object('source', source);
  end if;
  insert into app.purges (tenant_id, purged_sha256, reason, object)
  select tenant, digest, reason, object from unnest(digests) as digest
  on conflict (tenant_id, purged_sha256) do update
     set purged_at = clock_timestamp(), reason = excluded.reason, object = excluded.object, removed_at = null;
  delete from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = any (digests);
  delete from app.uploads as u where u.tenant_id = tenant and u.received_sha256 = any (digests);
  -- Those of the source itself go in the next line; those that only hold the same bytes stay, and say what columns there were.
  update app.data_snapshots as n set description = app.without_values(n.description)
   where n.tenant_id = tenant and n.sha256 = any (digests);
  if source is not null then
    delete from app.data_snapshots as n where n.tenant_id = tenant and n.project_id = project and n.source_id = source;
    delete from app.data_sources as s where s.tenant_id = tenant and s.project_id = project and s.source_id = source;
  elsif object ->> 'kind' = 'log' then
    update app.runs as r
       set outcome = app.without_log(r.outcome, '[purged]', 'The log of this run was purged.')
     where r.tenant_id = tenant and r.run_id = object ->> 'run';
  end if;
  perform app.audit_person(tenant, null, 'operator', 'object.purge', object ->> 'kind',
    left(coalesce(object ->> 'run', object ->> 'path', object ->> 'name'), 300),
    jsonb_build_object('object', object, 'sha256', to_jsonb(digests), 'reason', reason));
  return jsonb_build_object('ok', true, 'sha256', to_jsonb(digests), 'others', others);
end
$function$;
alter function app.purge_object(text,jsonb,text,boolean) owner to causeway_keeper;
grant execute on function app.purge_object(text,jsonb,text,boolean) to causeway_owner;
comment on function app.purge_object(text,jsonb,text,boolean) is 'Purges what an object holds, for good. Refuses with not_found, and with shared where something else holds the same bytes.';

CREATE OR REPLACE FUNCTION app.queue_awaited_run(request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
declare
  answer constant jsonb := app.queue_run(request);
begin
  if answer ? 'manifest' then
    set local synchronous_commit to off;
  end if;
  return answer;
end
$function$;
alter function app.queue_awaited_run(jsonb) owner to causeway_owner;
grant execute on function app.queue_awaited_run(jsonb) to causeway_app;
comment on function app.queue_awaited_run(jsonb) is 'As app.queue_run; a new run may be lost with the server''s memory until the next commit that waits for the disk.';

CREATE OR REPLACE FUNCTION app.queue_for_sealing()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into app.audit_unsealed (tenant_id, event_id) select a.tenant_id, a.event_id from added as a;
  return null;
end
$function$;
alter function app.queue_for_sealing() owner to causeway_keeper;
grant execute on function app.queue_for_sealing() to causeway_owner;

CREATE OR REPLACE FUNCTION app.queue_run(request jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(nullif(request -> 'idempotency', 'null'));
  is_scratch boolean := request ->> 'kind' = 'scratch';
  entry text := request ->> 'entry';
  project record;
  refusal jsonb;
  commit record;
  commit_id text;
  files jsonb := '{}';
  data jsonb;
  place jsonb;
  offer jsonb;
  manifest jsonb;
  manifest_sha256 text;
  identical text;
  withheld boolean;
  wait integer;
begin
  if seen is not null then return seen; end if;

  -- 1. What is to run.
  select p.project_id as id, p.name, p.archived_at into project
    from app.projects as p where p.project_id = app.project_id(request ->> 'project');
  if not found then
    return app.refuse_run('not_found', 'no_project', null, jsonb_build_object('project', request -> 'project'));
  end if;
  refusal := app.project_refusal(project.id);
  if refusal is not null then
    return app.refuse_run('insufficient_role', 'no_right', project.id, refusal -> 'details');
  elsif project.archived_at is not null then
    return app.refuse_run('project_archived', 'archived', project.id, jsonb_build_object('project', project.name));
  end if;
  commit_id := app.resolve_commit(project.id, request ->> 'ref');
  if commit_id is null and (request ->> 'ref' is not null or not is_scratch) then
    return app.refuse_run('not_found', case when request ->> 'ref' is null then 'no_commits' else 'no_commit' end,
      project.id, jsonb_build_object('project', project.name, 'ref', request -> 'ref'));
  end if;
  select c.authored_at, t.files into commit
    from app.commits as c
    join app.trees as t on t.project_id = c.project_id and t.tree_id = c.tree_id
   where c.project_id = project.id and c.commit_id = commit_id;
  files := coalesce(commit.files, '{}');
  if is_scratch then
    files := files || jsonb_build_object(entry, request -> 'scratch');
  elsif not files ? entry then
    return app.refuse_run('not_found', 'no_file', project.id, jsonb_build_object(
      'path', entry, 'commit', commit_id,
      'python_files', (select coalesce(jsonb_agg(python_file.path), '[]') from (
         select key.path from jsonb_object_keys(files) as key (path) where key.path like '%.py' order by key.path collate "C" limit 20) as python_file)));
  end if;
  data := app.pin_data(project.id, nullif(request -> 'data', 'null'));
  if data -> 'missing' <> '[]' then
    return app.refuse_run('not_found', 'no_data', project.id, data - 'pinned');
  end if;

  -- 2. Where, and so on what, it is to run.
  perform pg_advisory_xact_lock_shared(hashtextextended('placement ' || app.tenant_id(), 0));
  place := app.place_run(project.id, request -> 'placement');
  if not (place ->> 'ok')::boolean then
    return app.refuse_run(
      case place ->> 'reason' when 'no_pool' then 'not_found' when 'placement_fixed' then 'invalid_arguments' else 'no_executor' end,
      place ->> 'reason', project.id, place -> 'details');
  end if;
  offer := place -> 'offer';

  manifest := jsonb_build_object(
    'version', 1, 'kind', request -> 'kind', 'project', project.id, 'commit', commit_id, 'entry', entry,
    'files', (select coalesce(jsonb_agg(jsonb_build_object(
                'path', file.key, 'sha256', file.value -> 'sha256', 'bytes', file.value -> 'bytes')
                order by file.key collate "C"), '[]') from jsonb_each(files) as file),
    'data', data -> 'pinned', 'parameters', request -> 'parameters', 'image', offer -> 'image',
    'absent', coalesce(offer -> 'absent', '[]'), 'limits', request -> 'limits',
    'seeds', request -> 'seeds' || jsonb_build_object(
      -- Zip files cannot be older than 1980, so a project without commits has that year.
      'source_date_epoch', coalesce(extract(epoch from commit.authored_at)::bigint, 315532800)));
  manifest_sha256 := encode(sha256(convert_to(manifest::text, 'UTF8')), 'hex');

  -- 3. Whether agents see what it leaves.
  perform app.lock_sight(project.id, false);
  withheld := app.pins_withheld(project.id, data -> 'pinned');

  -- 4. A tenant's run starts take turns, so that the quota and the search for an identical or repeated call are exact.
  perform pg_advisory_xact_lock(hashtextextended('runs ' || app.tenant_id(), 0));
  seen := app.recall(nullif(request -> 'idempotency', 'null'));
  if seen is not null then return seen; end if;
  if not is_scratch and not withheld then
    select r.run_id into identical from app.runs as r
     where r.state = 'queued' and r.manifest_sha256 = manifest_sha256 and r.kind = 'model' and not r.withheld
     order by r.run_id limit 1;
    if found then
      perform app.audit('run.start', 'run', identical, 'ok', jsonb_build_object('deduplicated', true));
      return app.remember(nullif(request -> 'idempotency', 'null'),
                          jsonb_build_object('ok', true, 'run', identical, 'deduplicated', true), project.id);
    end if;
  end if;
  if app.tenant_usage('queued_runs') >= (request ->> 'queued_max')::integer then
    return app.refuse_run('limit_exceeded', 'queue_full', project.id, jsonb_build_object(
      'limit', 'queued_runs', 'value', request -> 'queued_max'));
  end if;
  if withheld then
    wait := app.system_take_withheld_start((request ->> 'withheld_max')::integer);
    if wait is not null then
      return app.refuse_run('rate_limited', 'withheld_rate', project.id, jsonb_build_object('retry_after_seconds', wait));
    end if;
  end if;

  insert into app.runs (run_id, project_id, pool_id, labels, kind, commit_id, entry, manifest, manifest_sha256)
  values (request ->> 'run', project.id, place ->> 'pool', place -> 'labels', request ->> 'kind', commit_id, entry, manifest, manifest_sha256);
  perform app.audit('run.start', 'run', request ->> 'run', 'ok', jsonb_build_object(
    'project', project.id, 'commit', commit_id, 'entry', entry, 'kind', request -> 'kind', 'manifest_sha256', manifest_sha256,
    'pool', place -> 'pool', 'labels', place -> 'labels', 'withheld', withheld));
  perform app.remember(nullif(request -> 'idempotency', 'null'), jsonb_build_object('ok', true, 'run', request ->> 'run'), project.id);
  return jsonb_build_object('ok', true, 'run', request ->> 'run', 'fence', 1, 'manifest', manifest, 'withheld', withheld,
                            'pool', place -> 'pool', 'own', place -> 'own', 'labels', place -> 'labels',
                            'revoked_executors', to_jsonb(app.revoked_executors(place ->> 'pool')));
end
$function$;
alter function app.queue_run(jsonb) owner to causeway_owner;
grant execute on function app.queue_run(jsonb) to causeway_app;
comment on function app.queue_run(jsonb) is 'Checks, pins and queues a run in one statement; gives what ExecutorPool needs, or the run that is identical and active.';

CREATE OR REPLACE FUNCTION app.reachable_projects()
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  caller constant jsonb := app.context();
  tenant constant text := caller ->> 'tenant';
  person constant text := caller ->> 'user';
  bound constant jsonb := nullif(caller -> 'projects', 'null');
begin
  if caller ->> 'kind' in ('system', 'executor') then
    return null;
  end if;
  if bound is null and not exists (
    select from app.projects as p
     where p.tenant_id = tenant and p.restricted and not exists (
       select from app.project_members as m
        where m.tenant_id = tenant and m.project_id = p.project_id and m.user_id = person)
  ) then
    return null;
  end if;
  return array(
    select p.project_id::text from app.projects as p
     where p.tenant_id = tenant and (bound is null or bound ? p.project_id)
       and (not p.restricted or exists (
         select from app.project_members as m
          where m.tenant_id = tenant and m.project_id = p.project_id and m.user_id = person)));
end
$function$;
alter function app.reachable_projects() owner to causeway_resolver;
grant execute on function app.reachable_projects() to causeway_app;
grant execute on function app.reachable_projects() to causeway_keeper;
comment on function app.reachable_projects() is 'The projects that the entered call may see; NULL: all of the tenant. Policies call it as (select app.reachable_projects()): once a query, not once a row.';

CREATE OR REPLACE FUNCTION app.recall(idempotency jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case
           when k.project_id is not null and app.role_in(k.project_id) is null
             then '{"ok": false, "code": "idempotency_conflict"}'
           when k.tool = idempotency ->> 'tool' and k.arguments_sha256 = idempotency ->> 'arguments_sha256'
             then k.result || '{"replayed": true}'
           else jsonb_build_object('ok', false, 'code', 'idempotency_conflict',
                                   'details', jsonb_build_object('tool', k.tool, 'first_used_at', k.created_at))
         end
    from app.idempotency_keys as k
   where k.tenant_id = (select app.tenant_id()) and k.user_id = (select app.user_id())
     and k.key = idempotency ->> 'key'
$function$;
alter function app.recall(jsonb) owner to causeway_resolver;
grant execute on function app.recall(jsonb) to causeway_app;
comment on function app.recall(jsonb) is 'NULL where the key is new; the stored result where the same call was made before, on a project that this one may see; else the refusal idempotency_conflict.';

CREATE OR REPLACE FUNCTION app.record_backup(backup text, details jsonb)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.note_platform_event('backup.take', 'backup', backup, details) $function$;
alter function app.record_backup(text,jsonb) owner to causeway_keeper;
grant execute on function app.record_backup(text,jsonb) to causeway_backup;
grant execute on function app.record_backup(text,jsonb) to causeway_owner;
comment on function app.record_backup(text,jsonb) is 'Records that a backup was taken, by its id and the SHA-256 of its manifest.';

CREATE OR REPLACE FUNCTION app.record_commit(project text, parent text, commit jsonb, tree jsonb, idempotency jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  refusal jsonb := app.project_refusal(project);
  head text;
  archived boolean;
  next_position integer;
begin
  if seen is not null then return seen; end if;
  if refusal is not null then return refusal; end if;
  select p.head_commit, p.archived_at is not null into head, archived
    from app.projects as p where p.project_id = project for update;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  if archived then return jsonb_build_object('ok', false, 'code', 'project_archived'); end if;
  if head is distinct from parent then return jsonb_build_object('ok', false, 'code', 'head_moved'); end if;

  insert into app.trees (project_id, tree_id, files, file_count, bytes)
  values (project, tree ->> 'id', tree -> 'files', (tree ->> 'file_count')::integer, (tree ->> 'bytes')::bigint)
    on conflict do nothing;
  select coalesce(max(c.position), 0) + 1 into next_position from app.commits as c where c.project_id = project;
  insert into app.commits (project_id, commit_id, parent_id, tree_id, message, author_name, author_email, authored_at,
                           changes, position)
  values (project, commit ->> 'id', parent, tree ->> 'id', commit ->> 'message', commit ->> 'author_name',
          commit ->> 'author_email', to_timestamp((commit ->> 'authored_at')::bigint), commit -> 'changes', next_position);
  update app.projects as p set head_commit = commit ->> 'id' where p.project_id = project;
  perform app.audit('commit.create', 'commit', commit ->> 'id', 'ok',
    jsonb_build_object('project', project, 'parent', parent, 'tree', tree ->> 'id', 'files_changed', jsonb_array_length(commit -> 'changes')));
  return app.remember(idempotency,
    jsonb_build_object('ok', true, 'commit', commit ->> 'id', 'parent', parent, 'changes', commit -> 'changes'), project);
end
$function$;
alter function app.record_commit(text,text,jsonb,jsonb,jsonb) owner to causeway_owner;
grant execute on function app.record_commit(text,text,jsonb,jsonb,jsonb) to causeway_app;
comment on function app.record_commit(text,text,jsonb,jsonb,jsonb) is 'Refuses with not_found, insufficient_role, project_archived, head_moved or idempotency_conflict; else writes tree, commit, head and event.';

CREATE OR REPLACE FUNCTION app.record_restore(backup text, details jsonb)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.note_platform_event('backup.restore', 'backup', backup, details) $function$;
alter function app.record_restore(text,jsonb) owner to causeway_keeper;
grant execute on function app.record_restore(text,jsonb) to causeway_owner;
comment on function app.record_restore(text,jsonb) is 'Records that this database was restored from a backup.';

CREATE OR REPLACE FUNCTION app.record_snapshot(reference text, source text, name text, snapshot jsonb, sources_max integer, idempotency jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
declare
  seen jsonb := app.recall(idempotency);
  target jsonb := app.project_for_data(reference);
  project text := target ->> 'project';
  sha256 text := snapshot ->> 'sha256';
  sees text;
  held record;
  is_new boolean;
begin
  if seen is not null then
    if not (seen ->> 'ok')::boolean then return seen; end if;
    return coalesce(seen || app.sight_of(seen ->> 'project', seen ->> 'source', seen ->> 'sha256'),
                    jsonb_build_object('ok', false, 'code', 'expired'));
  end if;
  if not (target ->> 'ok')::boolean then return target; end if;

  -- Two imports of one name take turns, so that the later one is what the name means.
  perform pg_advisory_xact_lock(hashtextextended(project || '/' || name, 20));
  perform app.lock_sight(project, true);
  sees := app.import_agent_sees(project, name, snapshot -> 'origin', snapshot ->> 'agent_sees');
  select s.source_id, s.current_sha256, s.agent_sees into held
    from app.data_sources as s where s.project_id = project and s.name = name;
  if held.source_id is null then
    if (select count(*) from app.data_sources as s where s.project_id = project) >= sources_max then
      return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
    end if;
    insert into app.data_sources (project_id, source_id, name, current_sha256, agent_sees) values (project, source, name, sha256, sees);
  else
    source := held.source_id;
    -- Of a source that agents may not see, that these are its very bytes must not be told: then any other format is refused.
    if exists (select from app.data_snapshots as s where s.project_id = project and s.source_id = source
                  and (s.sha256 = sha256 or sees = 'schema_only') and s.format <> snapshot ->> 'format') then
      return jsonb_build_object('ok', false, 'code', 'already_exists', 'details', jsonb_build_object('agent_sees', sees));
    end if;
    if held.agent_sees <> sees then
      if snapshot ->> 'agent_sees' = sees then
        perform app.system_withhold_source(project, source);
      else
        update app.data_sources as s set agent_sees = sees where s.project_id = project and s.source_id = source;
        perform app.withhold_uploads(project, array[source]);
      end if;
    end if;
    update app.data_sources as s set current_sha256 = sha256 where s.project_id = project and s.source_id = source;
  end if;
  insert into app.data_snapshots (project_id, source_id, sha256, format, bytes, row_count, description, origin)
  values (project, source, sha256, snapshot ->> 'format', (snapshot ->> 'bytes')::bigint, (snapshot ->> 'row_count')::bigint,
          snapshot -> 'description', snapshot -> 'origin')
    on conflict do nothing;
  is_new := found;
  -- The same upload under another name is no way around it, nor is another upload that was announced under this one.
  if sees = 'schema_only' then
    update app.uploads as u set agent_sees = sees
     where u.project_id = project and u.agent_sees <> sees
       and (u.upload_id = snapshot -> 'origin' ->> 'upload' or u.name = name);
  end if;

  perform app.audit('data.import', 'data_source', source, 'ok', (snapshot - 'description') || jsonb_build_object(
    'project', project, 'name', name, 'new_snapshot', is_new, 'replaces', held.current_sha256, 'agent_sees', sees));
  return app.remember(idempotency, jsonb_build_object('ok', true, 'project', project, 'source', source, 'sha256', sha256,
    'new_snapshot', is_new, 'replaces', nullif(held.current_sha256, sha256)), project) || app.sight_of(project, source, sha256);
end
$function$;
alter function app.record_snapshot(text,text,text,jsonb,integer,jsonb) owner to causeway_owner;
grant execute on function app.record_snapshot(text,text,text,jsonb,integer,jsonb) to causeway_app;
comment on function app.record_snapshot(text,text,text,jsonb,integer,jsonb) is 'Adds a checked snapshot and makes it the current one of its source. Refuses with not_found, project_archived, limit_exceeded, already_exists (these bytes in another format) or idempotency_conflict.';

CREATE OR REPLACE FUNCTION app.referenced_blobs(tenant text)
 RETURNS TABLE(tenant_id text, sha256 text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  return query
    select d.tenant_id::text, d.sha256::text from app.data_snapshots as d where tenant is null or d.tenant_id = tenant
    union select u.tenant_id, u.received_sha256 from app.uploads as u
           where u.received_sha256 is not null and (tenant is null or u.tenant_id = tenant)
    union select named.tenant_id, left(piece, 64)
            from (select t.tenant_id, t.files::text from app.trees as t where tenant is null or t.tenant_id = tenant
                  union all select r.tenant_id, (r.manifest - 'parameters')::text from app.runs as r where tenant is null or r.tenant_id = tenant
                  union all select r.tenant_id, r.outcome::text from app.runs as r where tenant is null or r.tenant_id = tenant
                 ) as named (tenant_id, document),
                 string_to_table(named.document, '"sha256": "') as piece
           where left(piece, 65) ~ '^[0-9a-f]{64}"$';
end
$function$;
alter function app.referenced_blobs(text) owner to causeway_keeper;
grant execute on function app.referenced_blobs(text) to causeway_owner;
comment on function app.referenced_blobs(text) is 'The blobs that rows of a tenant, or (null) of all, name: files, data, uploads, what runs took and gave.';

CREATE OR REPLACE FUNCTION app.refuse_inside_tenant()
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if coalesce(current_setting('app.context', true), '') <> '' then
    raise exception 'this acts outside of every tenant' using errcode = 'insufficient_privilege';
  end if;
end
$function$;
alter function app.refuse_inside_tenant() owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.refuse_loosening()
 RETURNS trigger
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not app.is_in_session() then
    raise exception 'what agents may see of % is loosened by a person who is signed in alone', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$function$;
alter function app.refuse_loosening() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app.refuse_run(code text, reason text, project text, details jsonb DEFAULT '{}'::jsonb)
 RETURNS jsonb
 LANGUAGE sql
AS $function$
  select app.audit('run.start', 'project', project, 'refused', jsonb_build_object('code', code, 'reason', reason));
  select jsonb_build_object('ok', false, 'code', code, 'reason', reason, 'details', details)
$function$;
alter function app.refuse_run(text,text,text,jsonb) owner to causeway_owner;
grant execute on function app.refuse_run(text,text,text,jsonb) to causeway_app;
comment on function app.refuse_run(text,text,text,jsonb) is 'A refused run start as data, with its audit event.';

CREATE OR REPLACE FUNCTION app.refuse_underiving()
 RETURNS trigger
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception 'what a withheld run left stays so' using errcode = 'insufficient_privilege';
end
$function$;
alter function app.refuse_underiving() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app.remember(idempotency jsonb, result jsonb, project text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_variable
begin
  if idempotency is not null then
    insert into app.idempotency_keys (key, tool, arguments_sha256, result, project_id)
    values (idempotency ->> 'key', idempotency ->> 'tool', idempotency ->> 'arguments_sha256', result, project);
  end if;
  return result;
end
$function$;
alter function app.remember(jsonb,jsonb,text) owner to causeway_owner;
grant execute on function app.remember(jsonb,jsonb,text) to causeway_app;
comment on function app.remember(jsonb,jsonb,text) is 'Stores a result under the key, if there is one, and returns it. Of two calls racing with one key the second fails as a whole (23505).';

CREATE OR REPLACE FUNCTION app.replace_envelope(relation text, column_name text, row_id text, tenant text, old_envelope text, new_envelope text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  place record;
  changed integer;
begin
  select c.* into strict place from app.envelope_columns() as c
   where c.relation = replace_envelope.relation and c.column_name = replace_envelope.column_name;
  execute format('update %s set %I = $1 where %I = $2 and %I = $3 and ($4 is null or %s = $4)',
    place.relation, place.column_name, place.row_column, place.column_name,
    case when place.by_tenant then 'tenant_id' else 'null::text' end)
    using new_envelope, row_id, old_envelope, tenant;
  get diagnostics changed = row_count;
  return changed = 1;
end
$function$;
alter function app.replace_envelope(text,text,text,text,text,text) owner to causeway_keeper;
grant execute on function app.replace_envelope(text,text,text,text,text,text) to causeway_owner;
comment on function app.replace_envelope(text,text,text,text,text,text) is 'Puts another envelope where the old one still is. False where it is not there any more.';

CREATE OR REPLACE FUNCTION app.request_id()
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$ select app.context() ->> 'request' $function$;
alter function app.request_id() owner to causeway_owner;
grant execute on function app.request_id() to causeway_app;
grant execute on function app.request_id() to causeway_backup;
grant execute on function app.request_id() to causeway_keeper;
grant execute on function app.request_id() to causeway_resolver;
comment on function app.request_id() is 'The Worker''s id of the request that this transaction serves.';

CREATE OR REPLACE FUNCTION app.request_tenant_deletion(tenant text, reason text, grace interval)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.open_deletion(tenant, null, reason, grace, 'operator', '{}') $function$;
alter function app.request_tenant_deletion(text,text,interval) owner to causeway_keeper;
grant execute on function app.request_tenant_deletion(text,text,interval) to causeway_owner;
comment on function app.request_tenant_deletion(text,text,interval) is 'Suspends a tenant and deletes it when the grace is over; a deletion that waits is brought forward. Refuses with tenant_not_found, deletion_began.';

CREATE OR REPLACE FUNCTION app.require_export()
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not coalesce(app.context() ->> 'kind' = 'system' or (app.is_in_session() and app.role() = 'owner'), false) then
    raise exception 'a tenant is exported by its owners, signed in, and by the operator' using errcode = 'insufficient_privilege';
  end if;
end
$function$;
alter function app.require_export() owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.require_open_log(tenant text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  standing text;
begin
  -- Shared, so that it is not closed before the event is in it.
  select t.status into standing from app.tenants as t where t.tenant_id = tenant for share;
  if standing = 'erasing' then
    raise exception 'tenant % is being deleted and its audit log is closed', tenant using errcode = 'CW005';
  end if;
end
$function$;
alter function app.require_open_log(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.reseal_blobs(tenant text)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with asked as (
    insert into app.blobs_to_seal as b (tenant_id, sha256)
    select r.tenant_id, r.sha256 from app.referenced_blobs(tenant) as r
    on conflict on constraint blobs_to_seal_pkey do update set asked_at = clock_timestamp(), damaged_at = null
    returning 1
  ) select count(*) from asked
$function$;
alter function app.reseal_blobs(text) owner to causeway_keeper;
grant execute on function app.reseal_blobs(text) to causeway_owner;
comment on function app.reseal_blobs(text) is 'Has the blobs of a tenant, or (null) of all, sealed with the newest key. Returns how many there are.';

CREATE OR REPLACE FUNCTION app.resend_audit(tenant text, sink text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  asked constant integer := app.ask_audit_again(tenant, sink, null);
  hastened constant integer := app.hasten_audit_sinks(tenant, sink);
begin
  perform app.require_open_log(tenant);
  if asked + hastened > 0 then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'operator', 'audit.resend', 'sink', sink, 'ok', jsonb_build_object('dead_letters', asked, 'hastened', hastened > 0));
  end if;
  return asked + hastened;
end
$function$;
alter function app.resend_audit(text,text) owner to causeway_keeper;
grant execute on function app.resend_audit(text,text) to causeway_owner;
comment on function app.resend_audit(text,text) is 'Has what a sink, or (null) any of the tenant, did not take sent once more, and at once what waits behind a failure. Returns how many ranges.';

CREATE OR REPLACE FUNCTION app.resolve_commit(project text, ref text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  if ref is null or lower(ref) = 'head' then
    return (select p.head_commit from app.projects as p where p.project_id = project);
  elsif ref ~ '^[0-9a-f]{7,40}$' then
    return (select min(c.commit_id::text) from app.commits as c
             where c.project_id = project and c.commit_id >= ref and c.commit_id < ref || 'g'
            having count(*) = 1);
  end if;
  return null;
end
$function$;
alter function app.resolve_commit(text,text) owner to causeway_owner;
grant execute on function app.resolve_commit(text,text) to causeway_app;
comment on function app.resolve_commit(text,text) is 'The commit that a full id, a unique prefix of seven or more, or NULL (the head) names in a project; NULL where there is none.';

CREATE OR REPLACE FUNCTION app.resolve_projects(tenant_id text, user_id text, reference text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  named text;
  meant text[];
  found text[] := '{}';
begin
  if reference is null then
    return jsonb_build_object('ok', true, 'project_ids', null);
  end if;
  foreach named in array reference loop
    meant := array(
      select p.project_id::text from app.projects as p
       where p.tenant_id = resolve_projects.tenant_id
         and (p.project_id = named or (lower(p.name) = lower(named) and p.archived_at is null))
         and (not p.restricted or exists (
           select from app.project_members as m
            where m.tenant_id = p.tenant_id and m.project_id = p.project_id and m.user_id = resolve_projects.user_id)));
    if cardinality(meant) <> 1 then
      return jsonb_build_object('ok', false, 'code', 'project_not_found', 'details', jsonb_build_object('project', named));
    end if;
    found := found || meant;
  end loop;
  return jsonb_build_object('ok', true, 'project_ids', (select coalesce(jsonb_agg(distinct id), '[]') from unnest(found) as id));
end
$function$;
alter function app.resolve_projects(text,text,text[]) owner to causeway_keeper;
comment on function app.resolve_projects(text,text,text[]) is 'Refuses with project_not_found where a name or an id names none, or more than one, of those that the person may see. NULL for no bound stays NULL.';

CREATE OR REPLACE FUNCTION app.resume_tenant(tenant text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  waits constant boolean := exists (select from app.tenant_deletions as d where d.tenant_id = tenant and d.step = 'waiting');
begin
  -- A tenant that waits for its deletion stays suspended by that.
  update app.tenants as t
     set status = case when waits then 'suspended' else 'active' end, suspended_by = case when waits then 'deletion' end,
         suspended_at = case when waits then t.suspended_at end, suspended_because = null
   where t.tenant_id = tenant and t.status = 'suspended' and t.suspended_by is distinct from 'deletion';
  if not found then
    return jsonb_build_object('ok', false, 'code',
      case when not exists (select from app.tenants as t where t.tenant_id = tenant) then 'tenant_not_found'
           when waits then 'deletion_waits' else 'not_suspended' end);
  end if;
  perform app.audit_person(tenant, null, 'operator', 'tenant.resume', 'tenant', tenant, '{}');
  return jsonb_build_object('ok', true, 'status', (select t.status from app.tenants as t where t.tenant_id = tenant));
end
$function$;
alter function app.resume_tenant(text) owner to causeway_keeper;
grant execute on function app.resume_tenant(text) to causeway_owner;
comment on function app.resume_tenant(text) is 'Lifts a suspension by the operator. Refuses with tenant_not_found, not_suspended, deletion_waits.';

CREATE OR REPLACE FUNCTION app.retention_of(tenant text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_object_agg(d.kind, jsonb_build_object(
           'days', case when r.days ? d.kind then r.days -> d.kind else to_jsonb(d.retain_days) end, 'is_own', coalesce(r.days ? d.kind, false)))
         || jsonb_build_object('audit', jsonb_build_object('days', a.retain_days, 'is_own', a.retain_days is not null))
    from app.retention_defaults as d
    left join app.retention as r on r.tenant_id = tenant
    left join app.audit_retention as a on a.tenant_id = tenant
   group by a.retain_days
$function$;
alter function app.retention_of(text) owner to causeway_keeper;
comment on function app.retention_of(text) is 'For how many days a tenant keeps what, by kind (null: for ever), and whether it said so itself.';

CREATE OR REPLACE FUNCTION app.retire_key(retired text, tenant text, believed interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  key record;
begin
  select k.* into key from (
    select 'app.key_encryption_keys' as relation, e.key_id, 'keys' as purpose, e.created_at,
           (select min(n.created_at) from app.key_encryption_keys as n where n.created_at > e.created_at) as successor_at
      from app.key_encryption_keys as e where tenant is null
    union all
    select 'app.platform_keys', p.key_id, p.purpose, p.created_at,
           (select min(n.created_at) from app.platform_keys as n where n.created_at > p.created_at)
      from app.platform_keys as p where tenant is null
    union all
    select 'app.tenant_keys', t.key_id, t.purpose, t.created_at,
           (select min(n.created_at) from app.tenant_keys as n
             where n.tenant_id = t.tenant_id and n.purpose = t.purpose and n.created_at > t.created_at)
      from app.tenant_keys as t where t.tenant_id = tenant
  ) as k where k.key_id = retired;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'key_not_found');
  elsif key.purpose = 'blobs' then
    return jsonb_build_object('ok', false, 'code', 'key_of_blobs');
  elsif key.successor_at is null then
    return jsonb_build_object('ok', false, 'code', 'key_is_newest');
  elsif key.successor_at > clock_timestamp() - believed then
    return jsonb_build_object('ok', false, 'code', 'key_believed', 'details', jsonb_build_object(
      'seconds', ceil(extract(epoch from key.successor_at + believed - clock_timestamp()))));
  elsif exists (select from app.list_envelopes(retired, tenant, 1)) then
    return jsonb_build_object('ok', false, 'code', 'key_in_use');
  end if;
  execute format('delete from %s where key_id = $1 and ($2 is null or %s = $2)', key.relation,
    case when tenant is null then 'null::text' else 'tenant_id' end) using retired, tenant;
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.retire_key(text,text,interval) owner to causeway_keeper;
grant execute on function app.retire_key(text,text,interval) to causeway_owner;
comment on function app.retire_key(text,text,interval) is 'Deletes a key that seals nothing any more: no envelope is left under it, and its successor is older than any isolate believes keys.';

CREATE OR REPLACE FUNCTION app.revoke_api_token(token_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  revoked record;
begin
  update app.api_tokens as k set revoked_at = clock_timestamp()
   where k.token_id = revoke_api_token.token_id and k.revoked_at is null
   returning k.tenant_id, k.user_id, k.name into revoked;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'token_not_found', 'details', jsonb_build_object('token_id', token_id));
  end if;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (revoked.tenant_id, 'operator', 'token.revoke', 'token', token_id, 'ok',
          jsonb_build_object('user', revoked.user_id, 'name', revoked.name));
  return jsonb_build_object('ok', true, 'token_id', token_id);
end
$function$;
alter function app.revoke_api_token(text) owner to causeway_keeper;
grant execute on function app.revoke_api_token(text) to causeway_owner;
comment on function app.revoke_api_token(text) is 'Revokes a token for the next request on. Refuses with token_not_found, also when revoked before.';

CREATE OR REPLACE FUNCTION app.revoke_executor(executor text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.end_executor(null, executor) $function$;
alter function app.revoke_executor(text) owner to causeway_keeper;
grant execute on function app.revoke_executor(text) to causeway_owner;
comment on function app.revoke_executor(text) is 'The executor gets no further run, and what it still reports is refused.';

CREATE OR REPLACE FUNCTION app.revoke_oauth_client(client_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update app.oauth_clients as c set revoked_at = clock_timestamp()
   where c.client_id = revoke_oauth_client.client_id and c.revoked_at is null;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'client_not_found');
  end if;
  perform app_private.audit_grant(g.tenant_id, g.user_id, g.grant_id, 'client.revoke', 'ok',
                                  jsonb_build_object('client', g.client_id), '{}')
     from app.oauth_grants as g where g.client_id = revoke_oauth_client.client_id and g.revoked_at is null;
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.revoke_oauth_client(text) owner to causeway_keeper;
grant execute on function app.revoke_oauth_client(text) to causeway_owner;
comment on function app.revoke_oauth_client(text) is 'Ends a client and every grant to it, from the next request on. Refuses with client_not_found.';

CREATE OR REPLACE FUNCTION app.revoke_oauth_grant(grant_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  ended record;
begin
  update app.oauth_grants as g set revoked_at = clock_timestamp(), revoked_because = 'person'
   where g.tenant_id = (select app.tenant_id()) and g.grant_id = revoke_oauth_grant.grant_id and g.revoked_at is null
     and (g.user_id = (select app.user_id()) or app.role_rank((select app.role())) >= app.role_rank('admin'))
   returning g.user_id, g.client_id into ended;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found', 'message', 'There is no such connected agent.');
  end if;
  perform app.audit('agent.revoke', 'grant', grant_id, 'ok',
                    jsonb_build_object('user', ended.user_id, 'client', ended.client_id, 'because', 'person'));
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.revoke_oauth_grant(text) owner to causeway_owner;
grant execute on function app.revoke_oauth_grant(text) to causeway_app;
comment on function app.revoke_oauth_grant(text) is 'Ends a connected agent of the acting person; an admin may end anybody''s. Absent and foreign look alike.';

CREATE OR REPLACE FUNCTION app.revoked_executors(pool text)
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(array_agg(e.executor_id::text), '{}') from app.executors as e
   where e.pool_id = pool and e.revoked_at > clock_timestamp() - interval '1 day'
$function$;
alter function app.revoked_executors(text) owner to causeway_resolver;
grant execute on function app.revoked_executors(text) to causeway_app;
comment on function app.revoked_executors(text) is 'Executors revoked in the last day. It travels with each new run, so that the pool cuts them off before it assigns.';

CREATE OR REPLACE FUNCTION app.role()
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$ select app.context() ->> 'role' $function$;
alter function app.role() owner to causeway_owner;
grant execute on function app.role() to causeway_app;
grant execute on function app.role() to causeway_backup;
grant execute on function app.role() to causeway_keeper;
grant execute on function app.role() to causeway_resolver;
comment on function app.role() is 'The effective role in the tenant: the membership''s, lowered by the credential''s ceiling.';

CREATE OR REPLACE FUNCTION app.role_in(project text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  caller constant jsonb := app.context();
  bound constant jsonb := nullif(caller -> 'projects', 'null');
  is_restricted boolean;
  given text;
begin
  if caller ->> 'kind' = 'system' then
    return 'owner';
  end if;
  if bound is not null and not bound ? project then
    return null;
  end if;
  select p.restricted, m.role into is_restricted, given
    from app.projects as p
    left join app.project_members as m
      on m.tenant_id = p.tenant_id and m.project_id = p.project_id and m.user_id = caller ->> 'user'
   where p.tenant_id = caller ->> 'tenant' and p.project_id = role_in.project;
  if not found then
    return null;
  end if;
  return app.least_project_role(caller ->> 'role', is_restricted, given);
end
$function$;
alter function app.role_in(text) owner to causeway_resolver;
grant execute on function app.role_in(text) to causeway_app;
grant execute on function app.role_in(text) to causeway_keeper;
comment on function app.role_in(text) is 'The role that the entered call has on a project; NULL where it may not see it, or there is none.';

CREATE OR REPLACE FUNCTION app.role_rank(role text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select array_position(array['viewer', 'member', 'admin', 'owner'], role) $function$;
alter function app.role_rank(text) owner to causeway_owner;
grant execute on function app.role_rank(text) to causeway_app;
grant execute on function app.role_rank(text) to causeway_keeper;
grant execute on function app.role_rank(text) to causeway_resolver;
comment on function app.role_rank(text) is 'viewer 1, member 2, admin 3, owner 4; NULL for anything else.';

CREATE OR REPLACE FUNCTION app.rotate_api_token(token_id text, new_token_id text, argon2id_hash text, overlap interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  old app.api_tokens;
  old_until timestamptz;
  new_until timestamptz;
  refusal jsonb;
begin
  select k.* into old from app.api_tokens as k
   where k.token_id = rotate_api_token.token_id and k.revoked_at is null
     and (k.expires_at is null or k.expires_at > clock_timestamp())
     for update;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'token_not_found', 'details', jsonb_build_object('token_id', token_id));
  end if;
  -- Its own end is the overlap's by now, and no measure for how long another should live.
  if old.successor_id is not null then
    return jsonb_build_object('ok', false, 'code', 'token_rotated', 'details', jsonb_build_object('successor', old.successor_id));
  end if;
  -- The successor lives as long as the token was to live when it was made.
  new_until := now() + (old.expires_at - old.created_at);
  refusal := app.token_lifetime_refusal(old.tenant_id, new_until);
  if refusal is not null then
    return refusal;
  end if;
  old_until := least(old.expires_at, now() + overlap);
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges,
                              project_ids)
  values (old.tenant_id, new_token_id, old.user_id, old.name, rotate_api_token.argon2id_hash, old.scopes, old.role_ceiling,
          new_until, old.address_ranges, old.project_ids);
  update app.api_tokens as k set expires_at = old_until, successor_id = new_token_id
   where k.tenant_id = old.tenant_id and k.token_id = old.token_id;
  insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
  values (old.tenant_id, 'operator', 'token.rotate', 'token', old.token_id, 'ok',
          jsonb_build_object('successor', new_token_id, 'old_until', old_until, 'expires_at', new_until));
  return jsonb_build_object('ok', true, 'tenant_id', old.tenant_id, 'token_id', new_token_id, 'old_until', old_until, 'expires_at', new_until);
end
$function$;
alter function app.rotate_api_token(text,text,text,interval) owner to causeway_keeper;
grant execute on function app.rotate_api_token(text,text,text,interval) to causeway_owner;
comment on function app.rotate_api_token(text,text,text,interval) is 'Gives a living token a successor that may do the same; the old one ends after the overlap. Refuses with token_not_found, token_rotated or token_lifetime_too_long.';

CREATE OR REPLACE FUNCTION app.rotate_oauth_key(key_id text, public_jwk jsonb, private_key text, signs_after interval, overlap interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  retired integer;
begin
  perform pg_advisory_xact_lock(hashtext('app.oauth_keys'));
  update app.oauth_keys as k set published_until = clock_timestamp() + signs_after + overlap where k.published_until is null;
  get diagnostics retired = row_count;
  insert into app.oauth_keys (key_id, public_jwk, private_key, signs_from)
  values (key_id, public_jwk, private_key, clock_timestamp() + signs_after);
  delete from app.oauth_keys as k where k.published_until < clock_timestamp() - interval '1 day';
  return jsonb_build_object('ok', true, 'key_id', key_id, 'retired', retired);
end
$function$;
alter function app.rotate_oauth_key(text,jsonb,text,interval,interval) owner to causeway_keeper;
grant execute on function app.rotate_oauth_key(text,jsonb,text,interval,interval) to causeway_owner;
comment on function app.rotate_oauth_key(text,jsonb,text,interval,interval) is 'Publishes a key that signs after a time, and takes the earlier ones away when it has signed for the overlap.';

CREATE OR REPLACE FUNCTION app.runs_by_id(runs text[])
 RETURNS TABLE(run_id text, project_id text, project_name text, pool_id text, manifest jsonb, manifest_sha256 text, state text, fence integer, created_at timestamp with time zone, finished_at timestamp with time zone, outcome jsonb, execution jsonb, withheld boolean)
 LANGUAGE plpgsql
 STABLE ROWS 1
AS $function$
begin
  return query
    select r.run_id::text, r.project_id::text, p.name, r.pool_id::text, r.manifest, r.manifest_sha256::text, r.state,
           r.fence, r.created_at, r.finished_at, r.outcome, r.execution, r.withheld
      from app.runs as r join app.projects as p on p.tenant_id = r.tenant_id and p.project_id = r.project_id
     where r.run_id = any (runs_by_id.runs);
end
$function$;
alter function app.runs_by_id(text[]) owner to causeway_owner;
grant execute on function app.runs_by_id(text[]) to causeway_app;
comment on function app.runs_by_id(text[]) is 'Runs in no order, each with the name of its project; none for an id that is absent or not the caller''s.';

CREATE OR REPLACE FUNCTION app.saying_expired(outcome jsonb, what jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select jsonb_build_object('expired', coalesce(outcome -> 'expired', '{}') || what) $function$;
alter function app.saying_expired(jsonb,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.secret_columns()
 RETURNS TABLE(relation text, column_name text, form text, rows_estimate bigint, is_seen boolean)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select format('%I.%I', s.nspname, c.relname), a.attname::text, t.typname::text, c.reltuples::bigint,
         has_column_privilege('causeway_keeper', c.oid, a.attnum, 'select')
         and exists (select from pg_policy p
                      where p.polrelid = c.oid and p.polroles && array[to_regrole('causeway_keeper')::oid] and p.polcmd in ('*', 'r')
                        and p.polpermissive and pg_get_expr(p.polqual, p.polrelid) = 'true')
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace s on s.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
   where c.relkind in ('r', 'p') and not a.attisdropped and s.nspname = 'app'
     and (a.atttypid in ('app.envelope'::regtype, 'app.argon2id'::regtype)
          or a.atttypid in ('app.sha256'::regtype, 'app.sha256_hex'::regtype)
             and a.attname ~ '(secret|token|cookie|link|code)_sha256$')
   order by 1, 2
$function$;
alter function app.secret_columns() owner to causeway_owner;
grant execute on function app.secret_columns() to causeway_app;
grant execute on function app.secret_columns() to causeway_keeper;
comment on function app.secret_columns() is 'Columns that hold a secret as an envelope or a hash, by their type.';

CREATE OR REPLACE FUNCTION app.set_cordon(manager text, executor text, cordoned boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  target record;
begin
  select e.pool_id, p.owner_tenant, e.cordoned_at into target
    from app.executors as e join app.pools_managed_by(manager) as p using (pool_id)
   where e.executor_id = executor and e.revoked_at is null for update of e;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'executor_not_found');
  elsif (target.cordoned_at is not null) <> cordoned then
    update app.executors as e set cordoned_at = case when cordoned then clock_timestamp() end where e.executor_id = executor;
    perform app.note_fleet_event(target.owner_tenant, case when cordoned then 'executor.cordon' else 'executor.uncordon' end,
                                 'executor', executor, '{}');
  end if;
  return jsonb_build_object('ok', true, 'pool', target.pool_id);
end
$function$;
alter function app.set_cordon(text,text,boolean) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.set_password(user_id text, argon2id_hash text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  insert into app.passwords as p (user_id, argon2id_hash) values (set_password.user_id, set_password.argon2id_hash)
  on conflict (user_id) do update set argon2id_hash = excluded.argon2id_hash, changed_at = clock_timestamp();
  perform app.end_sessions(set_password.user_id, null);
  perform app.audit_person(m.tenant_id, null, 'operator', 'person.password_set', 'user', set_password.user_id, '{}')
     from app.memberships as m where m.user_id = set_password.user_id and m.status = 'active';
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.set_password(text,text) owner to causeway_keeper;
grant execute on function app.set_password(text,text) to causeway_owner;
comment on function app.set_password(text,text) is 'Sets a person''s password and ends their sessions; for the development owner alone.';

CREATE OR REPLACE FUNCTION app.set_retention(tenant text, wanted jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.require_open_log(tenant);
  perform app.change_retention(tenant, wanted);
  perform app.audit_person(tenant, null, 'operator', 'tenant.set_retention', 'tenant', tenant, wanted);
end
$function$;
alter function app.set_retention(text,jsonb) owner to causeway_keeper;
grant execute on function app.set_retention(text,jsonb) to causeway_owner;
comment on function app.set_retention(text,jsonb) is 'app.change_retention for the operator.';

CREATE OR REPLACE FUNCTION app.set_retention_defaults(wanted jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not app.are_retention_days(wanted) then
    raise exception 'not by kind a number of days from 1 to 36500, or null';
  end if;
  update app.retention_defaults as d set retain_days = (wanted ->> d.kind)::integer, changed_at = clock_timestamp()
   where wanted ? d.kind and d.retain_days is distinct from (wanted ->> d.kind)::integer;
  perform app.note_platform_event('retention.set_defaults', 'platform', null, wanted);
end
$function$;
alter function app.set_retention_defaults(jsonb) owner to causeway_keeper;
grant execute on function app.set_retention_defaults(jsonb) to causeway_owner;
comment on function app.set_retention_defaults(jsonb) is 'Sets for how many days what tenants said nothing about is kept, by kind, null for ever; the time begins now.';

CREATE OR REPLACE FUNCTION app.show_tenant(tenant text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  place record;
  counted bigint;
  counts jsonb := '{}';
begin
  for place in select s.relation from app.tenant_tables() as s where not s.is_kept order by s.relation loop
    execute format('select count(*) from %s where tenant_id = $1', place.relation) into counted using tenant;
    if counted > 0 then
      counts := counts || jsonb_build_object(place.relation, counted);
    end if;
  end loop;
  return (select to_jsonb(l) from app.list_tenants() as l where l.tenant_id = tenant)
         || jsonb_build_object(
              'rows', counts,
              'owners', (select coalesce(jsonb_agg(u.email order by u.email), '[]') from app.memberships as m join app.users as u using (user_id)
                          where m.tenant_id = tenant and m.status = 'active' and m.role = 'owner'),
              'unfinished_runs', (select count(*) from app.runs as r where r.tenant_id = tenant and r.state = 'queued'),
              'keys', (select coalesce(jsonb_agg(k.key_id order by k.created_at), '[]') from app.tenant_keys as k where k.tenant_id = tenant));
end
$function$;
alter function app.show_tenant(text) owner to causeway_keeper;
grant execute on function app.show_tenant(text) to causeway_owner;
comment on function app.show_tenant(text) is 'What there is of a tenant: NULL where it never was.';

CREATE OR REPLACE FUNCTION app.sight(agent_sees text, derived boolean)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select case when agent_sees = 'full' or app.is_in_session() then 'all' when derived then 'shape' else 'schema' end
$function$;
alter function app.sight(text,boolean) owner to causeway_owner;
grant execute on function app.sight(text,boolean) to causeway_app;

CREATE OR REPLACE FUNCTION app.sight_of(project text, source text, sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select jsonb_build_object('agent_sees', d.agent_sees, 'sight', app.sight(d.agent_sees, d.derived))
    from app.data_sources as d
   where d.project_id = sight_of.project and d.source_id = sight_of.source
$function$;
alter function app.sight_of(text,text,text) owner to causeway_owner;
grant execute on function app.sight_of(text,text,text) to causeway_app;

CREATE OR REPLACE FUNCTION app.sign_fleet_call(pool text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with said as (
    select extract(epoch from clock_timestamp())::bigint as seconds
  )
  select jsonb_build_object('seconds', said.seconds, 'signatures', jsonb_agg(encode(sha256(key.outer_block || sha256(
           key.inner_block || convert_to(format(E'causeway fleet call v1\n%s\n%s', pool, said.seconds), 'UTF8'))), 'hex')))
    from said, app_private.signing_keys as key
   where key.purpose = 'ticket'
   group by said.seconds
$function$;
alter function app.sign_fleet_call(text) owner to causeway_resolver;
grant execute on function app.sign_fleet_call(text) to causeway_owner;
comment on function app.sign_fleet_call(text) is 'Signs for the operator that the Worker look at a pool now. A ticket is base64url, so that neither is ever taken for the other.';

CREATE OR REPLACE FUNCTION app.sign_tenant_call(tenant text, act text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with said as (
    select extract(epoch from clock_timestamp())::bigint as seconds
  )
  select jsonb_build_object('seconds', said.seconds, 'signatures', jsonb_agg(encode(sha256(key.outer_block || sha256(
           key.inner_block || convert_to(format(E'causeway tenant call v1\n%s\n%s\n%s', tenant, act, said.seconds), 'UTF8'))), 'hex')))
    from said, app_private.signing_keys as key
   where key.purpose = 'ticket'
   group by said.seconds
$function$;
alter function app.sign_tenant_call(text,text) owner to causeway_resolver;
grant execute on function app.sign_tenant_call(text,text) to causeway_owner;
comment on function app.sign_tenant_call(text,text) is 'Signs for the operator that the Worker attend to a tenant, or export it, now (protocol/tenant-call.ts).';

CREATE OR REPLACE FUNCTION app.sink_entries(tenant text, from_leaf bigint, until_leaf bigint, entries_max integer, bytes_max integer)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_agg(b.line order by b.leaf_index), '[]')
    from (select a.leaf_index, a.line, sum(octet_length(a.line)) over (order by a.leaf_index) - octet_length(a.line) as bytes_before
            from (select l.leaf_index,
                         format('{"entry":%s,"event":%s}', l.leaf_index,
                                case when e.event_id is null then 'null' else app.audit_leaf(e) end) as line
                    from app.audit_seals as l
                    left join app.audit_events as e on e.tenant_id = l.tenant_id and e.event_id = l.event_id
                   where l.tenant_id = sink_entries.tenant and l.leaf_index >= from_leaf and l.leaf_index < until_leaf
                   order by l.leaf_index limit entries_max) as a) as b
   where b.bytes_before < bytes_max
$function$;
alter function app.sink_entries(text,bigint,bigint,integer,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.split_of(leaf_count bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 IMMUTABLE STRICT
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  left_count bigint := 1;
begin
  while left_count * 2 < leaf_count loop
    left_count := left_count * 2;
  end loop;
  return left_count;
end
$function$;
alter function app.split_of(bigint) owner to causeway_keeper;
comment on function app.split_of(bigint) is 'The largest power of two that is below leaf_count (RFC 6962, section 2.1).';

CREATE OR REPLACE FUNCTION app.startup_facts(OUT migrations jsonb, OUT newest_migration text, OUT signing_key_days integer, OUT context_key_days integer, OUT encryption_key_days integer)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select (select coalesce(jsonb_agg(name order by name), '[]') from migrations.applied),
         (select max(name) from migrations.applied),
         (select floor(extract(epoch from now() - max(signs_from)) / 86400)::integer from app.oauth_keys
           where (published_until is null or published_until > now()) and signs_from <= now()),
         (select floor(extract(epoch from now() - installed_at) / 86400)::integer from app_private.signing_keys
           where purpose = 'ticket' and slot = 1),
         (select floor(extract(epoch from now() - max(created_at)) / 86400)::integer from app.key_encryption_keys)
$function$;
alter function app.startup_facts() owner to causeway_resolver;
grant execute on function app.startup_facts() to causeway_app;
comment on function app.startup_facts() is 'Names of the applied migrations, the newest of them, and the ages in days of the newest key that signs access tokens, of CONTEXT_KEY and of the newest key-encryption key (NULL: none yet).';

CREATE OR REPLACE FUNCTION app.stop_if_seen(idempotency jsonb)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  seen constant jsonb := app.recall(idempotency);
begin
  if seen is not null then
    raise exception 'the idempotency key was used before' using errcode = 'CW003', detail = seen::text;
  end if;
end
$function$;
alter function app.stop_if_seen(jsonb) owner to causeway_owner;
grant execute on function app.stop_if_seen(jsonb) to causeway_app;
comment on function app.stop_if_seen(jsonb) is 'Raises CW003 with what app.recall found in DETAIL; does nothing where the key is new.';

CREATE OR REPLACE FUNCTION app.suspend_tenant(tenant text, reason text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update app.tenants as t
     set status = 'suspended', suspended_by = 'operator', suspended_at = clock_timestamp(), suspended_because = reason
   where t.tenant_id = tenant and (t.status = 'active' or (t.status = 'suspended' and t.suspended_by is distinct from 'operator'));
  if not found then
    return jsonb_build_object('ok', false, 'code',
      case when exists (select from app.tenants as t where t.tenant_id = tenant) then 'not_active' else 'tenant_not_found' end);
  end if;
  perform app.audit_person(tenant, null, 'operator', 'tenant.suspend', 'tenant', tenant, jsonb_build_object('reason', reason));
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.suspend_tenant(text,text) owner to causeway_keeper;
grant execute on function app.suspend_tenant(text,text) to causeway_owner;
comment on function app.suspend_tenant(text,text) is 'From the next request on nobody does anything in the tenant; its runs are ended. Refuses with tenant_not_found, not_active.';

CREATE OR REPLACE FUNCTION app.system_accept_invitation(link_sha256 text, user_id text, user_name text, new_hash text, session jsonb, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  invitation constant app.invitations := app.open_invitation(link_sha256);
begin
  if (invitation).invitation_id is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  -- An account that exists is its person's: an invitation of a tenant never sets its password.
  insert into app.users (user_id, email, name)
  values (system_accept_invitation.user_id, (invitation).email, user_name)
  on conflict on constraint users_email_once do nothing;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  end if;
  insert into app.passwords (user_id, argon2id_hash) values (system_accept_invitation.user_id, new_hash);
  perform app.join_by_invitation(invitation, system_accept_invitation.user_id, call);
  perform app.open_session(system_accept_invitation.user_id, 'invitation', session, call);
  perform app.note_authentication(
    system_accept_invitation.user_id, app.email_sha256((invitation).email), 'invitation', 'ok', call);
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_accept_invitation(text,text,text,text,jsonb,jsonb) owner to causeway_keeper;
grant execute on function app.system_accept_invitation(text,text,text,text,jsonb,jsonb) to causeway_app;
comment on function app.system_accept_invitation(text,text,text,text,jsonb,jsonb) is 'Makes the account of somebody new, once a link, and signs them in.';

CREATE OR REPLACE FUNCTION app.system_add_audit_sink(sink text, kind text, url text, settings jsonb, secret_access_key text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  perform pg_advisory_xact_lock(hashtext('app.audit_sinks ' || app.tenant_id()));
  if (select count(*) from app.audit_sinks as s
       where s.tenant_id = app.tenant_id() and s.ended_at is null and s.kind <> 'blobs') >= 5 then
    perform app.audit('audit.add_sink', 'sink', sink, 'refused', jsonb_build_object('code', 'limit_exceeded'));
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.audit_sinks (tenant_id, sink_id, kind, url, settings, secret_access_key)
  values (app.tenant_id(), sink, kind, url, settings, secret_access_key);
  perform app.audit('audit.add_sink', 'sink', sink, 'ok', jsonb_build_object('kind', kind, 'url', url) || settings);
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_add_audit_sink(text,text,text,jsonb,text) owner to causeway_keeper;
grant execute on function app.system_add_audit_sink(text,text,text,jsonb,text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_add_checkpoint(tree_size bigint, note text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  insert into app.audit_checkpoints (tree_size, note) values (tree_size, note) on conflict do nothing
$function$;
alter function app.system_add_checkpoint(bigint,text) owner to causeway_keeper;
grant execute on function app.system_add_checkpoint(bigint,text) to causeway_app;
grant execute on function app.system_add_checkpoint(bigint,text) to causeway_owner;
comment on function app.system_add_checkpoint(bigint,text) is 'Stores a signed checkpoint; where one of that size is there, that one stays.';

CREATE OR REPLACE FUNCTION app.system_add_event(call jsonb, outcome text)
 RETURNS text
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.add_event(app.context(), call, outcome) $function$;
alter function app.system_add_event(jsonb,text) owner to causeway_keeper;
grant execute on function app.system_add_event(jsonb,text) to causeway_app;
comment on function app.system_add_event(jsonb,text) is 'Adds an event of the entered tenant; `call` as of app.add_event().';

CREATE OR REPLACE FUNCTION app.system_add_first_audit_key(public_key text, private_key text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  perform pg_advisory_xact_lock(hashtext('app.audit_keys'));
  if not exists (select from app.audit_keys) then
    insert into app.audit_keys (public_key, private_key) values (public_key, private_key);
  end if;
end
$function$;
alter function app.system_add_first_audit_key(text,text) owner to causeway_keeper;
grant execute on function app.system_add_first_audit_key(text,text) to causeway_app;
grant execute on function app.system_add_first_audit_key(text,text) to causeway_owner;

CREATE OR REPLACE FUNCTION app.system_add_first_data_key(tenant text, purpose text, key_id text, wrapped text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform pg_advisory_xact_lock(hashtext('app.data_keys'), hashtext(coalesce(tenant, '')));
  if not exists (select from app.find_data_keys(tenant) as k where k.purpose = system_add_first_data_key.purpose) then
    perform app.add_data_key(tenant, purpose, key_id, wrapped);
  end if;
end
$function$;
alter function app.system_add_first_data_key(text,text,text,text) owner to causeway_keeper;
grant execute on function app.system_add_first_data_key(text,text,text,text) to causeway_app;
comment on function app.system_add_first_data_key(text,text,text,text) is 'Stores a key of a tenant, or (null) of the platform, for a purpose that has none.';

CREATE OR REPLACE FUNCTION app.system_add_first_key_encryption_key(key_id text, recipe jsonb, canary text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform pg_advisory_xact_lock(hashtext('app.key_encryption_keys'));
  if not exists (select from app.key_encryption_keys) then
    perform app.add_key_encryption_key(key_id, recipe, canary);
  end if;
end
$function$;
alter function app.system_add_first_key_encryption_key(text,jsonb,text) owner to causeway_keeper;
grant execute on function app.system_add_first_key_encryption_key(text,jsonb,text) to causeway_app;
comment on function app.system_add_first_key_encryption_key(text,jsonb,text) is 'Stores a key where there is none. Of two isolates that start at once, one key is kept.';

CREATE OR REPLACE FUNCTION app.system_add_first_oauth_key(key_id text, public_jwk jsonb, private_key text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform pg_advisory_xact_lock(hashtext('app.oauth_keys'));
  insert into app.oauth_keys (key_id, public_jwk, private_key)
  select system_add_first_oauth_key.key_id, system_add_first_oauth_key.public_jwk, system_add_first_oauth_key.private_key
   where not exists (select from app.oauth_keys as k where k.published_until is null or k.published_until > clock_timestamp());
end
$function$;
alter function app.system_add_first_oauth_key(text,jsonb,text) owner to causeway_keeper;
grant execute on function app.system_add_first_oauth_key(text,jsonb,text) to causeway_app;
comment on function app.system_add_first_oauth_key(text,jsonb,text) is 'Stores a key where there is none. Of two isolates that start at once, one key is kept.';

CREATE OR REPLACE FUNCTION app.system_audit_key()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select jsonb_build_object('public_key', k.public_key, 'private_key', k.private_key)
    from app.audit_keys as k order by k.created_at desc limit 1
$function$;
alter function app.system_audit_key() owner to causeway_keeper;
grant execute on function app.system_audit_key() to causeway_app;
grant execute on function app.system_audit_key() to causeway_owner;
comment on function app.system_audit_key() is 'The key that signs checkpoints {public_key, private_key}, or NULL. The private key is an envelope.';

CREATE OR REPLACE FUNCTION app.system_audit_lines(tree_size bigint, from_index bigint, lines_max integer)
 RETURNS TABLE(leaf_index bigint, line text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select l.* from app.audit_lines(app.tenant_id(), tree_size, from_index, lines_max) as l
   where app.is_in_session() and app.may_read_audit()
$function$;
alter function app.system_audit_lines(bigint,bigint,integer) owner to causeway_keeper;
grant execute on function app.system_audit_lines(bigint,bigint,integer) to causeway_app;
comment on function app.system_audit_lines(bigint,bigint,integer) is 'Lines of an export of the entered tenant, for an admin in a session.';

CREATE OR REPLACE FUNCTION app.system_audit_proof()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.audit_proof(app.tenant_id(), false) where app.is_in_session() and app.may_read_audit() $function$;
alter function app.system_audit_proof() owner to causeway_keeper;
grant execute on function app.system_audit_proof() to causeway_app;

CREATE OR REPLACE FUNCTION app.system_audit_refusal(who jsonb, call jsonb, outcome text, code text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  -- Only the Worker itself says what became of a call of somebody whom it may not have let in.
  if (app.context() ->> 'kind') is distinct from 'system' then
    raise exception 'refusals are recorded by the system alone' using errcode = 'insufficient_privilege';
  end if;
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, credential_id, client_id, action, target_kind,
                                target_id, outcome, details, request_id, address, user_agent, trace_id, input_sha256, input_bytes)
  values (app.tenant_id(), who ->> 'user', who ->> 'kind', who ->> 'credential',
          (select left(g.client_id, 300) from app.oauth_grants as g
            where g.tenant_id = app.tenant_id() and g.grant_id = who ->> 'credential' and who ->> 'kind' = 'oauth'),
          call ->> 'action', call ->> 'kind', call ->> 'target', outcome,
          coalesce(call -> 'details', '{}') || jsonb_build_object('code', code),
          app.request_id(), (app.context() ->> 'address')::inet, app.context() ->> 'agent',
          call ->> 'trace', call ->> 'sha256', (call ->> 'bytes')::integer);
end
$function$;
alter function app.system_audit_refusal(jsonb,jsonb,text,text) owner to causeway_keeper;
grant execute on function app.system_audit_refusal(jsonb,jsonb,text,text) to causeway_app;
comment on function app.system_audit_refusal(jsonb,jsonb,text,text) is 'Adds the event of a call that was refused or failed: `who` is {user, kind, credential}, `call` as of app.audit_call.';

CREATE OR REPLACE FUNCTION app.system_begin_deletion(tenant text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  standing app.tenant_deletions;
  revoked integer;
begin
  perform app.refuse_inside_tenant();
  select d.* into standing from app.tenant_deletions as d where d.tenant_id = tenant for update;
  if not found then
    return jsonb_build_object('step', null);
  end if;
  if standing.step = 'waiting' and standing.due_at <= clock_timestamp() then
    update app.tenants as t set status = 'closing' where t.tenant_id = tenant;
    update app.join_tokens as j set expires_at = least(j.expires_at, clock_timestamp()) from app.pools as p
     where p.owner_tenant = tenant and j.pool_id = p.pool_id;
    update app.executors as e set revoked_at = clock_timestamp() from app.pools as p
     where p.owner_tenant = tenant and e.pool_id = p.pool_id and e.revoked_at is null;
    get diagnostics revoked = row_count;
    update app.tenant_deletions as d set step = 'closing', began_at = clock_timestamp() where d.tenant_id = tenant;
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'system', 'tenant.close', 'tenant', tenant, 'ok', jsonb_build_object('executors_revoked', revoked));
    select d.* into standing from app.tenant_deletions as d where d.tenant_id = tenant;
  end if;
  if standing.step = 'closing' and (
       not exists (select from app.runs as r where r.tenant_id = tenant and r.state = 'queued')
       -- A host that answers nobody holds nothing up for longer: its attempt dies with the run's row.
       or standing.began_at < clock_timestamp() - interval '5 minutes') then
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (tenant, 'system', 'tenant.delete', 'tenant', tenant, 'ok',
            jsonb_build_object('requested_by', standing.requested_by, 'requested_at', standing.requested_at));
    update app.tenants as t set status = 'erasing' where t.tenant_id = tenant;
    update app.tenant_deletions as d set step = 'sealing' where d.tenant_id = tenant;
    standing.step := 'sealing';
  end if;
  return jsonb_build_object('step', standing.step,
    'pools', to_jsonb(array(select p.pool_id from app.pools as p where p.owner_tenant = tenant)));
end
$function$;
alter function app.system_begin_deletion(text) owner to causeway_keeper;
grant execute on function app.system_begin_deletion(text) to causeway_app;
comment on function app.system_begin_deletion(text) is 'Begins a deletion that is due (nobody acts any more, executors are revoked), closes the audit log when the runs have ended, and says at which step it is.';

CREATE OR REPLACE FUNCTION app.system_begin_login(email text, address_subject text, rules jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  address_free constant integer := rules ->> 'addressFailures';
  wait_seconds integer := 0;
  person app.users;
begin
  -- The address first, always, so that no two attempts wait for each other in a circle.
  if address_subject is not null then
    wait_seconds := app.count_attempt(address_subject, address_free, rules);
  end if;
  if wait_seconds = 0 then
    wait_seconds := app.count_attempt('email:' || app.email_sha256(email), (rules ->> 'accountFailures')::integer, rules);
  end if;
  if wait_seconds > 0 then
    return jsonb_build_object('ok', false, 'code', 'rate_limited', 'details', jsonb_build_object('retry_after_seconds', wait_seconds));
  end if;
  person := app.person_by_email(email);
  return jsonb_build_object('ok', true, 'argon2id',
    (select p.argon2id_hash from app.passwords as p where p.user_id = (person).user_id));
end
$function$;
alter function app.system_begin_login(text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_begin_login(text,text,jsonb) to causeway_app;
comment on function app.system_begin_login(text,text,jsonb) is 'Counts an attempt as failed before its password is looked at, and gives the hash to check. Nobody''s email and a known one differ in nothing but the hash.';

CREATE OR REPLACE FUNCTION app.system_begin_tenant_export()
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.require_export();
  perform app.audit('tenant.export', 'tenant', app.tenant_id(), 'ok');
  -- The log itself is exported with its proofs, apart from the tables.
  return to_jsonb(array(
    select t.relation from app.tenant_tables() as t
     where t.relation not in ('app.audit_events', 'app.audit_unsealed', 'app.audit_seals', 'app.audit_heads', 'app.tenant_deletions')
     order by t.relation));
end
$function$;
alter function app.system_begin_tenant_export() owner to causeway_keeper;
grant execute on function app.system_begin_tenant_export() to causeway_app;
comment on function app.system_begin_tenant_export() is 'Records an export of the entered tenant; the tables of which it has rows.';

CREATE OR REPLACE FUNCTION app.system_blobs_to_seal(blobs_max integer)
 RETURNS TABLE(tenant_id text, sha256 text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select b.tenant_id, b.sha256 from app.blobs_to_seal as b
   where b.damaged_at is null
     and not exists (select from app.blobs_to_remove as r where r.tenant_id = b.tenant_id and r.sha256 = b.sha256)
   order by b.asked_at, b.sha256 limit blobs_max
$function$;
alter function app.system_blobs_to_seal(integer) owner to causeway_keeper;
grant execute on function app.system_blobs_to_seal(integer) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_block_client(client_id text, blocked boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.system_block_client(text,boolean) owner to causeway_keeper;
grant execute on function app.system_block_client(text,boolean) to causeway_app;
comment on function app.system_block_client(text,boolean) is 'Blocks a client in the entered tenant and ends its agents, or lets it be let in again: {changed, ended}. Refuses with insufficient_role or not_found.';

CREATE OR REPLACE FUNCTION app.system_certify_deletion(tenant text, certificate text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.refuse_inside_tenant();
  update app.tenant_deletions as d set step = 'done', certificate = system_certify_deletion.certificate
   where d.tenant_id = tenant and d.step = 'signing';
  if found then
    perform app.note_platform_event('tenant.deleted', 'tenant', tenant,
      jsonb_build_object('certificate_sha256', encode(sha256(convert_to(certificate, 'UTF8')), 'hex')));
  end if;
end
$function$;
alter function app.system_certify_deletion(text,text) owner to causeway_keeper;
grant execute on function app.system_certify_deletion(text,text) to causeway_app;
comment on function app.system_certify_deletion(text,text) is 'Keeps the signed certificate, the first one.';

CREATE OR REPLACE FUNCTION app.system_change_password(cookie_sha256 text, address_subject text, rules jsonb, verified_hash text, new_hash text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  ended integer;
begin
  update app.passwords as p set argon2id_hash = new_hash, changed_at = clock_timestamp()
   where p.user_id = (person).user_id and p.argon2id_hash = verified_hash;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  perform app.take_attempt_back(address_subject, (rules ->> 'addressFailures')::integer);
  delete from app.login_failures as f where f.subject = 'email:' || app.email_sha256((person).email);
  ended := app.end_sessions((person).user_id, cookie_sha256);
  perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'password_change', 'ok', call);
  perform app.audit_person(m.tenant_id, (person).user_id, 'session', 'person.password_change', 'user', (person).user_id, '{}', call)
     from app.memberships as m where m.user_id = (person).user_id and m.status = 'active';
  return jsonb_build_object('ok', true, 'ended', ended);
end
$function$;
alter function app.system_change_password(text,text,jsonb,text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_change_password(text,text,jsonb,text,text,jsonb) to causeway_app;
comment on function app.system_change_password(text,text,jsonb,text,text,jsonb) is 'Replaces the password that was verified, and ends every other session of the person.';

CREATE OR REPLACE FUNCTION app.system_claim_audit_sinks(entries_max integer, bytes_max integer, tenant text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  claimed jsonb;
begin
  perform app.refuse_inside_tenant();
  insert into app.audit_sinks (tenant_id, kind, url)
  select t.tree, 'blobs', 'blobs:audit' from app.audit_trees as t join app.tenants as n on n.tenant_id = t.tree
   where not exists (select from app.audit_sinks as s where s.tenant_id = t.tree and s.kind = 'blobs') and not app.loses_rows(t.tree)
  on conflict do nothing;
  -- Whoever has claimed a sink and dies loses it after two minutes; until then nobody else sends to it, so order holds.
  with due as (
    select s.tenant_id, s.sink_id, t.tree_size from app.audit_sinks as s join app.audit_trees as t on t.tree = s.tenant_id
     where s.ended_at is null and s.next_attempt_at <= clock_timestamp() and s.next_leaf < t.tree_size
       and not app.loses_rows(s.tenant_id)
       and (system_claim_audit_sinks.tenant is null or s.tenant_id = system_claim_audit_sinks.tenant)
     order by s.next_attempt_at limit 20 for update of s skip locked
  ), taken as (
    update app.audit_sinks as s set next_attempt_at = clock_timestamp() + interval '2 minutes'
      from due where s.tenant_id = due.tenant_id and s.sink_id = due.sink_id
    returning s.*, s.next_leaf as from_leaf, due.tree_size as until_leaf, false as is_dead_letter
  ), asked as (
    select d.tenant_id, d.sink_id, d.from_leaf from app.audit_dead_letters as d
      join app.audit_sinks as s on s.tenant_id = d.tenant_id and s.sink_id = d.sink_id and s.ended_at is null
     where d.sent_at is null and d.resend_at <= clock_timestamp() and not app.loses_rows(d.tenant_id)
       and (system_claim_audit_sinks.tenant is null or d.tenant_id = system_claim_audit_sinks.tenant)
     order by d.resend_at, d.from_leaf limit 10 for update of d skip locked
  ), asked_again as (
    update app.audit_dead_letters as d set resend_at = clock_timestamp() + interval '2 minutes'
      from asked as a where d.tenant_id = a.tenant_id and d.sink_id = a.sink_id and d.from_leaf = a.from_leaf
    returning d.tenant_id, d.sink_id, d.from_leaf, d.until_leaf
  ), claims as (
    select t.tenant_id, t.sink_id, t.kind, t.url, t.settings, t.secret_access_key, t.from_leaf, t.until_leaf, t.is_dead_letter from taken as t
    union all
    select s.tenant_id, s.sink_id, s.kind, s.url, s.settings, s.secret_access_key, a.from_leaf, a.until_leaf, true
      from asked_again as a join app.audit_sinks as s on s.tenant_id = a.tenant_id and s.sink_id = a.sink_id
  )
  select coalesce(jsonb_agg(jsonb_build_object(
           'tenant', c.tenant_id, 'sink', c.sink_id, 'kind', c.kind, 'url', c.url, 'settings', c.settings,
           'secret_access_key', c.secret_access_key, 'from', c.from_leaf, 'size', c.until_leaf, 'is_dead_letter', c.is_dead_letter,
           'day', (select to_char(l.sealed_at at time zone 'UTC', 'YYYY-MM-DD') from app.audit_seals as l
                    where l.tenant_id = c.tenant_id and l.leaf_index = c.from_leaf),
           'entries', app.sink_entries(c.tenant_id, c.from_leaf, c.until_leaf, entries_max, bytes_max))), '[]')
    into claimed from claims as c;
  insert into app.audit_copies (tenant_id, from_leaf, until_leaf, day, copy_sha256)
  select c ->> 'tenant', (c ->> 'from')::bigint, (c ->> 'from')::bigint + jsonb_array_length(c -> 'entries'), (c ->> 'day')::date,
         (select encode(sha256(convert_to(string_agg(line || E'\n', '' order by n), 'UTF8')), 'hex')
            from jsonb_array_elements_text(c -> 'entries') with ordinality as l(line, n))
    from jsonb_array_elements(claimed) as c
   where c ->> 'kind' = 'blobs' and jsonb_array_length(c -> 'entries') > 0
  on conflict do nothing;
  return claimed;
end
$function$;
alter function app.system_claim_audit_sinks(integer,integer,text) owner to causeway_keeper;
grant execute on function app.system_claim_audit_sinks(integer,integer,text) to causeway_app;
comment on function app.system_claim_audit_sinks(integer,integer,text) is 'Sinks that have something to be sent, and dead letters that were asked for again, each with its next entries as texts; where `tenant` is given, those of this tenant alone: [{tenant, sink, kind, url, settings, secret_access_key, from, size, day, is_dead_letter, entries}].';

CREATE OR REPLACE FUNCTION app.system_claim_blobs(tenant text, blobs_max integer)
 RETURNS TABLE(sha256 text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  perform app.refuse_inside_tenant();
  if not exists (select from app.tenants as t where t.tenant_id = system_claim_blobs.tenant and t.status = 'active') then
    return;
  end if;
  return query
    -- Who finds nothing in the store asks nothing, and writes: what was written since it was asked is younger than a day.
    with due as materialized (
      select b.sha256 from app.blobs_to_remove as b
       where b.tenant_id = system_claim_blobs.tenant and b.claimed_at is null and b.unnamed_at > clock_timestamp() - interval '20 hours'
       order by b.found_at limit blobs_max for update skip locked
    )
    update app.blobs_to_remove as b set claimed_at = clock_timestamp() from due as d
     where b.tenant_id = system_claim_blobs.tenant and b.sha256 = d.sha256
    returning b.sha256::text;
end
$function$;
alter function app.system_claim_blobs(text,integer) owner to causeway_keeper;
grant execute on function app.system_claim_blobs(text,integer) to causeway_app;
comment on function app.system_claim_blobs(text,integer) is 'Blobs that nothing names and that are to be removed now.';

CREATE OR REPLACE FUNCTION app.system_cordon_own_executor(executor text, cordoned boolean)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when app.administers() then app.set_cordon(app.tenant_id(), executor, cordoned)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$function$;
alter function app.system_cordon_own_executor(text,boolean) owner to causeway_keeper;
grant execute on function app.system_cordon_own_executor(text,boolean) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_count_blobs(tenant text, since text, until text, found bigint, bytes bigint)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  -- Who counts twice what was counted finds that counting is further.
  update app.tenant_deletions as d
     set blobs = d.blobs + found, blob_bytes = d.blob_bytes + bytes, counted_until = coalesce(until, d.counted_until),
         step = case when until is null then 'blobs' else d.step end
   where d.tenant_id = tenant and d.step = 'counting' and d.counted_until is not distinct from since
$function$;
alter function app.system_count_blobs(text,text,text,bigint,bigint) owner to causeway_keeper;
grant execute on function app.system_count_blobs(text,text,text,bigint,bigint) to causeway_app;
comment on function app.system_count_blobs(text,text,text,bigint,bigint) is 'Adds a page of objects to the count, from one name to another; NULL as the end: these were the last.';

CREATE OR REPLACE FUNCTION app.system_counted_until(tenant text)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select d.counted_until from app.tenant_deletions as d where d.tenant_id = tenant
$function$;
alter function app.system_counted_until(text) owner to causeway_keeper;
grant execute on function app.system_counted_until(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_create_invitation(cookie_sha256 text, invitation jsonb, open_max integer, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  tenant constant text := invitation ->> 'tenantId';
  person constant app.users := app.user_of_session(cookie_sha256);
  own_rank integer;
  until timestamptz;
begin
  select app.role_rank(m.role) into own_rank
    from app.memberships as m join app.tenants as t using (tenant_id)
   where m.tenant_id = tenant and m.user_id = (person).user_id and m.status = 'active' and t.status = 'active';
  if own_rank is null then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  if own_rank < greatest(app.role_rank('admin'), app.role_rank(invitation ->> 'role')) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  if exists (select from app.memberships as m join app.users as u using (user_id)
              where m.tenant_id = tenant and m.status = 'active' and u.email = invitation ->> 'email') then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  end if;
  perform from app.tenants as t where t.tenant_id = tenant for update;
  if (select count(*) from app.invitations as i
       where i.tenant_id = tenant and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()) >= open_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  insert into app.invitations (tenant_id, invitation_id, link_sha256, email, role, created_by, expires_at)
  values (tenant, invitation ->> 'id', invitation ->> 'linkSha256', invitation ->> 'email', invitation ->> 'role',
          (person).user_id, clock_timestamp() + (invitation ->> 'lifetimeSeconds')::integer * interval '1 second')
  returning expires_at into until;
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.create', 'invitation', invitation ->> 'id',
                           jsonb_build_object('role', invitation ->> 'role'), call);
  return jsonb_build_object('ok', true, 'expiresAt', until);
end
$function$;
alter function app.system_create_invitation(text,jsonb,integer,jsonb) owner to causeway_keeper;
grant execute on function app.system_create_invitation(text,jsonb,integer,jsonb) to causeway_app;
comment on function app.system_create_invitation(text,jsonb,integer,jsonb) is 'Invites an email to a tenant, by an admin or owner of it and to no higher role than their own.';

CREATE OR REPLACE FUNCTION app.system_create_token(token jsonb, alive_max integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  tenant constant text := app.tenant_id();
  until_at constant timestamptz := now() + (token ->> 'lifetimeSeconds')::integer * interval '1 second';
  networks cidr[];
  malformed text;
  bound jsonb;
  refusal jsonb := app.token_lifetime_refusal(tenant, until_at);
begin
  if not app.hold_own_membership() then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  elsif exists (select from app.api_tokens as k where k.tenant_id = tenant and k.token_id = token ->> 'id') then
    return jsonb_build_object('ok', false, 'code', 'already_exists');
  elsif app.role_rank(token ->> 'role') > app.role_rank(app.role()) then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role', 'details', jsonb_build_object('role', app.role()));
  elsif refusal is not null then
    return refusal || '{"code": "invalid_arguments"}';
  elsif (select count(*) from app.api_tokens as k
          where k.tenant_id = tenant and k.user_id = app.user_id() and k.revoked_at is null
            and (k.expires_at is null or k.expires_at > clock_timestamp())) >= alive_max then
    return jsonb_build_object('ok', false, 'code', 'limit_exceeded');
  end if;
  select range into malformed
    from jsonb_array_elements_text(token -> 'networks') as range where not pg_input_is_valid(range, 'inet') limit 1;
  if found then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments', 'details', jsonb_build_object('network', malformed));
  end if;
  -- By id or name, of those that the person may see; none named: whatever the person may reach.
  bound := app.resolve_projects(tenant, app.user_id(), nullif(app.text_array(token -> 'projects'), '{}'));
  if not (bound ->> 'ok')::boolean then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments', 'details', bound -> 'details');
  end if;
  select array_agg(network(range::inet)) into networks from jsonb_array_elements_text(token -> 'networks') as range;
  insert into app.api_tokens (tenant_id, token_id, user_id, name, argon2id_hash, scopes, role_ceiling, expires_at, address_ranges,
                              project_ids)
  values (tenant, token ->> 'id', app.user_id(), token ->> 'name', token ->> 'argon2id',
          array(select jsonb_array_elements_text(token -> 'scopes')), token ->> 'role', until_at, networks,
          app.text_array(bound -> 'project_ids'));
  perform app.audit('token.create', 'token', token ->> 'id', 'ok',
                    jsonb_build_object('user', app.user_id(), 'name', token ->> 'name', 'scopes', token -> 'scopes',
                                       'role_ceiling', token ->> 'role', 'expires_at', until_at, 'address_ranges', networks,
                                       'projects', bound -> 'project_ids'));
  return jsonb_build_object('ok', true, 'expires_at', until_at);
end
$function$;
alter function app.system_create_token(jsonb,integer) owner to causeway_keeper;
grant execute on function app.system_create_token(jsonb,integer) to causeway_app;
comment on function app.system_create_token(jsonb,integer) is 'Makes a token of the acting person: {id, name, argon2id, scopes, role, lifetimeSeconds, networks, projects}. Refuses with insufficient_role, already_exists (the id), limit_exceeded or invalid_arguments (details: network, project or seconds_max).';

CREATE OR REPLACE FUNCTION app.system_decide_oauth_device(user_code_sha256 text, grant_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.system_decide_oauth_device(text,text) owner to causeway_keeper;
grant execute on function app.system_decide_oauth_device(text,text) to causeway_app;
comment on function app.system_decide_oauth_device(text,text) is 'Approves a waiting device with a grant of the acting person, or denies it (null). Refuses with client_blocked. Raises CW002 where nothing waits: then the grant is not made either.';

CREATE OR REPLACE FUNCTION app.system_deletion_facts(tenant text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select jsonb_build_object(
           'tenant', d.tenant_id, 'name', d.tenant_name,
           'requested', jsonb_build_object('at', d.requested_at, 'by', d.requested_by, 'reason', d.reason),
           'began_at', d.began_at, 'finished_at', d.finished_at, 'rows', d.row_counts, 'people', d.people,
           'executors', d.executors, 'keys', to_jsonb(d.key_ids),
           'blobs', jsonb_build_object('count', d.blobs, 'bytes', d.blob_bytes), 'audit', d.audit)
    from app.tenant_deletions as d where d.tenant_id = tenant and d.step in ('signing', 'done')
$function$;
alter function app.system_deletion_facts(text) owner to causeway_keeper;
grant execute on function app.system_deletion_facts(text) to causeway_app;
comment on function app.system_deletion_facts(text) is 'What a certificate says, once everything is gone.';

CREATE OR REPLACE FUNCTION app.system_dismiss_notices(cookie_sha256 text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  update app.notices as n set seen_at = clock_timestamp()
   where n.seen_at is null and n.user_id = (app.user_of_session(cookie_sha256)).user_id
$function$;
alter function app.system_dismiss_notices(text) owner to causeway_keeper;
grant execute on function app.system_dismiss_notices(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_draft_checkpoint()
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.system_draft_checkpoint() owner to causeway_keeper;
grant execute on function app.system_draft_checkpoint() to causeway_app;
grant execute on function app.system_draft_checkpoint() to causeway_owner;
comment on function app.system_draft_checkpoint() is 'Adds the heads of the trees that grew to the tree of the deployment, and says what a checkpoint of it has to sign: {size, root, at, last: {size, sha256} | null}.';

CREATE OR REPLACE FUNCTION app.system_end_audit_sink(sink text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  update app.audit_sinks as s set ended_at = now(), secret_access_key = null
   where s.tenant_id = app.tenant_id() and s.sink_id = sink and s.ended_at is null and s.kind <> 'blobs';
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('audit.end_sink', 'sink', sink, 'ok');
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_end_audit_sink(text) owner to causeway_keeper;
grant execute on function app.system_end_audit_sink(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_end_client(client_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  refusal constant jsonb := app.client_change_refusal(client_id);
begin
  if refusal is not null then return refusal; end if;
  return jsonb_build_object('ok', true, 'ended', app.end_client_grants(client_id));
end
$function$;
alter function app.system_end_client(text) owner to causeway_keeper;
grant execute on function app.system_end_client(text) to causeway_app;
comment on function app.system_end_client(text) is 'Ends every agent of a client in the entered tenant: {ended}. Refuses with insufficient_role or not_found.';

CREATE OR REPLACE FUNCTION app.system_end_member_session(session_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  person app.users;
begin
  select u.* into person
    from app.administered_sessions() as s
    join app.memberships as m on m.user_id = s.user_id and m.tenant_id = app.tenant_id()
    join app.users as u on u.user_id = s.user_id
   where s.session_id = system_end_member_session.session_id
     and (app.role_rank(m.role) <= app.role_rank(app.context() ->> 'role'));
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.session_id = system_end_member_session.session_id and s.revoked_at is null;
  perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'session', 'ended', app.context());
  perform app.audit_person(app.tenant_id(), app.user_id(), 'session', 'session.end', 'session', system_end_member_session.session_id,
                           jsonb_build_object('user', (person).user_id), app.context());
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_end_member_session(text) owner to causeway_keeper;
grant execute on function app.system_end_member_session(text) to causeway_app;
comment on function app.system_end_member_session(text) is 'Ends a session of a member by an admin (not an owner''s) or an owner. Absent, foreign and out of reach look alike.';

CREATE OR REPLACE FUNCTION app.system_end_other_sessions(cookie_sha256 text, call jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  ended constant integer := app.end_sessions((person).user_id, cookie_sha256);
begin
  if ended > 0 then
    perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'session', 'ended', call);
  end if;
  return ended;
end
$function$;
alter function app.system_end_other_sessions(text,jsonb) owner to causeway_keeper;
grant execute on function app.system_end_other_sessions(text,jsonb) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_end_session(cookie_sha256 text, session_id text, call jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
begin
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.user_id = (person).user_id and s.session_id = system_end_session.session_id and s.revoked_at is null;
  if found then
    perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'session', 'ended', call);
  end if;
  return found;
end
$function$;
alter function app.system_end_session(text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_end_session(text,text,jsonb) to causeway_app;
comment on function app.system_end_session(text,text,jsonb) is 'Ends a session of the same person, the own one too; false where it is absent or another''s.';

CREATE OR REPLACE FUNCTION app.system_erase_rows(tenant text, rows_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  place record;
  gone bigint;
  removed bigint := 0;
  counts jsonb;
  users text[];
  keys text[];
  alone integer := 0;
  hosts integer := 0;
  is_held boolean := false;
begin
  perform app.refuse_inside_tenant();
  select d.row_counts into counts from app.tenant_deletions as d where d.tenant_id = tenant and d.step = 'rows' for update;
  if not found then
    return true;
  end if;
  keys := array(select k.key_id from app.tenant_keys as k where k.tenant_id = tenant order by k.created_at, k.key_id);
  for place in select * from app.tenant_tables() as s where not s.is_kept loop
    if place.relation = 'app.memberships' then
      users := array(select m.user_id from app.memberships as m where m.tenant_id = tenant);
    elsif place.relation = 'app.tenants' then
      delete from app.join_tokens as j using app.pools as p where p.owner_tenant = tenant and j.pool_id = p.pool_id;
      delete from app.executors as e using app.pools as p where p.owner_tenant = tenant and e.pool_id = p.pool_id;
      get diagnostics hosts = row_count;
      delete from app.pools as p where p.owner_tenant = tenant;
    end if;
    if place.is_whole or is_held or place.relation = 'app.memberships' then
      execute format('delete from %s where tenant_id = $1', place.relation) using tenant;
    else
      execute format('delete from %1$s where ctid = any (array(select t.ctid from %1$s as t where t.tenant_id = $1 limit $2))', place.relation)
        using tenant, rows_max - removed;
    end if;
    get diagnostics gone = row_count;
    is_held := (is_held or (place.is_held and gone > 0)) and not place.holds;
    if gone > 0 then
      removed := removed + gone;
      counts := jsonb_set(counts, array[place.relation], to_jsonb(coalesce((counts ->> place.relation)::bigint, 0) + gone));
    end if;
    if place.relation = 'app.memberships' then
      alone := app.erase_people(users);
    end if;
    exit when removed >= rows_max and not is_held;
  end loop;
  update app.tenant_deletions as d
     set row_counts = counts, people = d.people + alone, executors = d.executors + hosts,
         key_ids = case when cardinality(d.key_ids) = 0 then keys else d.key_ids end,
         step = case when exists (select from app.tenants as t where t.tenant_id = tenant) then d.step else 'counting' end
   where d.tenant_id = tenant;
  return not exists (select from app.tenants as t where t.tenant_id = tenant);
end
$function$;
alter function app.system_erase_rows(text,integer) owner to causeway_keeper;
grant execute on function app.system_erase_rows(text,integer) to causeway_app;
comment on function app.system_erase_rows(text,integer) is 'Deletes about so many rows of a tenant, counts them, and with the last ones the tenant and its executors. True when nothing is left.';

CREATE OR REPLACE FUNCTION app.system_executor_connected(executor text, offer jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  standing record;
begin
  if not app.are_labels(coalesce(offer -> 'labels', '{}')) then
    return jsonb_build_object('ok', false, 'reason', 'labels');
  end if;
  update app.executors as e set offer = offer, last_connected_at = clock_timestamp(), disconnected_at = null
   where e.executor_id = executor and e.revoked_at is null
   returning e.cordoned_at into standing;
  if not found then
    return jsonb_build_object('ok', false, 'reason', 'revoked');
  end if;
  return jsonb_build_object('ok', true, 'cordoned', standing.cordoned_at is not null);
end
$function$;
alter function app.system_executor_connected(text,jsonb) owner to causeway_keeper;
grant execute on function app.system_executor_connected(text,jsonb) to causeway_app;
comment on function app.system_executor_connected(text,jsonb) is 'Stores what an executor offers. Says whether it is cordoned, or that it was revoked.';

CREATE OR REPLACE FUNCTION app.system_executor_gone(executor text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  update app.executors as e set disconnected_at = clock_timestamp()
   where e.executor_id = executor and e.disconnected_at is null
$function$;
alter function app.system_executor_gone(text) owner to causeway_keeper;
grant execute on function app.system_executor_gone(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_expire_rows(tenant text, rows_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  runs_before constant timestamptz := app.expired_before(tenant, 'runs');
  snapshots_before constant timestamptz := app.expired_before(tenant, 'snapshots');
  place text;
  part record;
  most integer := 0;
  removed jsonb := '{}';
begin
  perform app.refuse_inside_tenant();
  -- Nobody suspends or erases it meanwhile, and two sweeps of it take turns.
  perform from app.tenants as t where t.tenant_id = tenant and t.status = 'active' for share;
  if not found then return true; end if;
  insert into app.retention_sweeps (tenant_id) values (tenant) on conflict do nothing;
  perform from app.retention_sweeps as s where s.tenant_id = tenant for update skip locked;
  if not found then return true; end if;
  -- An import of what a run left, or of an upload, is over before that goes, or finds it gone (app.guard_origin): so it stays known
  -- what was computed from what. By id, so that two never wait for each other.
  if runs_before is not null or snapshots_before is not null then
    for place in select p.project_id from app.projects as p where p.tenant_id = tenant order by 1 loop
      perform pg_advisory_xact_lock(hashtextextended('sight ' || place, 0));
    end loop;
  end if;

  for part in
    select e.kind, e.rows
      from (values (1, 'runs', app.expire_runs(tenant, runs_before, rows_max)),
                   (2, 'logs', app.expire_logs(tenant, app.expired_before(tenant, 'logs'), rows_max)),
                   (3, 'outputs', app.expire_outputs(tenant, app.expired_before(tenant, 'outputs'), rows_max)),
                   (4, 'snapshots', app.expire_snapshots(tenant, snapshots_before, rows_max)),
                   (5, 'uploads', app.expire_uploads(tenant, snapshots_before, rows_max))) as e (nth, kind, rows)
  loop
    most := greatest(most, (part.rows)[1]);
    if (part.rows)[2] > 0 then
      removed := removed || jsonb_build_object(part.kind, (part.rows)[2]);
    end if;
  end loop;
  if removed <> '{}' then
    perform app.audit_person(tenant, null, 'system', 'tenant.expire', 'tenant', tenant,
      jsonb_build_object('removed', removed, 'retention', app.retention_of(tenant)));
  end if;
  if most < rows_max then
    update app.retention_sweeps as s set swept_at = clock_timestamp() where s.tenant_id = tenant;
  end if;
  return most < rows_max;
end
$function$;
alter function app.system_expire_rows(text,integer) owner to causeway_keeper;
grant execute on function app.system_expire_rows(text,integer) to causeway_app;
comment on function app.system_expire_rows(text,integer) is 'Removes rows of a tenant that are over their time, at most so many of a kind, in one transaction with the event that says so; true when none is left.';

CREATE OR REPLACE FUNCTION app.system_export_audit_lines(tree_size bigint, from_index bigint, lines_max integer)
 RETURNS TABLE(leaf_index bigint, line text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  perform app.require_export();
  return query select l.leaf_index, l.line from app.audit_lines(app.tenant_id(), tree_size, from_index, lines_max) as l;
end
$function$;
alter function app.system_export_audit_lines(bigint,bigint,integer) owner to causeway_keeper;
grant execute on function app.system_export_audit_lines(bigint,bigint,integer) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_export_audit_proof()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.require_export();
  return app.audit_proof(app.tenant_id(), false);
end
$function$;
alter function app.system_export_audit_proof() owner to causeway_keeper;
grant execute on function app.system_export_audit_proof() to causeway_app;

CREATE OR REPLACE FUNCTION app.system_export_blob_names(after text, rows_max integer)
 RETURNS TABLE(sha256 text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  perform app.require_export();
  return query
    select r.sha256 from app.referenced_blobs(app.tenant_id()) as r
     where (after is null or r.sha256 collate "C" > after)
       and not exists (select from app.purges as p where p.tenant_id = r.tenant_id and p.purged_sha256 = r.sha256)
     order by r.sha256 collate "C" limit rows_max;
end
$function$;
alter function app.system_export_blob_names(text,integer) owner to causeway_keeper;
grant execute on function app.system_export_blob_names(text,integer) to causeway_app;
comment on function app.system_export_blob_names(text,integer) is 'The blobs that rows of the entered tenant name and that were not purged, by name.';

CREATE OR REPLACE FUNCTION app.system_export_commits(project text, after integer, rows_max integer)
 RETURNS TABLE(project_id text, "position" integer, commit jsonb)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  perform app.require_export();
  return query
    select c.project_id::text, c.position, jsonb_build_object(
             'id', c.commit_id, 'message', c.message, 'author', c.author_name, 'email', c.author_email,
             'at', extract(epoch from c.authored_at)::bigint,
             'changes', (select coalesce(jsonb_agg(jsonb_build_object('path', change ->> 'path', 'file', t.files -> (change ->> 'path'))), '[]')
                           from jsonb_array_elements(c.changes) as change))
      from app.commits as c join app.trees as t on t.tenant_id = c.tenant_id and t.project_id = c.project_id and t.tree_id = c.tree_id
     where c.tenant_id = app.tenant_id() and c.project_id = project and c.position > after
     order by c.position limit rows_max;
end
$function$;
alter function app.system_export_commits(text,integer,integer) owner to causeway_keeper;
grant execute on function app.system_export_commits(text,integer,integer) to causeway_app;
comment on function app.system_export_commits(text,integer,integer) is 'Commits of a project from the first on: {id, message, author, email, at, changes: [{path, file: {blob, sha256, bytes} | null}]}.';

CREATE OR REPLACE FUNCTION app.system_export_people(after text, rows_max integer)
 RETURNS TABLE(user_id text, line text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
AS $function$
#variable_conflict use_column
begin
  perform app.require_export();
  return query
    select m.user_id::text, jsonb_build_object('user_id', m.user_id, 'name', u.name, 'email', u.email, 'role', m.role,
                                               'status', m.status, 'joined_at', m.created_at)::text
      from app.memberships as m join app.users as u using (user_id)
     where m.tenant_id = app.tenant_id() and (after is null or m.user_id > after)
     order by m.user_id limit rows_max;
end
$function$;
alter function app.system_export_people(text,integer) owner to causeway_keeper;
grant execute on function app.system_export_people(text,integer) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_export_rows(relation text, after jsonb, rows_max integer, bytes_max bigint)
 RETURNS TABLE(key jsonb, line text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
AS $function$
#variable_conflict use_variable
declare
  place text;
  hidden text[];
  keys text;
  columns text;
  since text;
  found record;
  bytes bigint := 0;
begin
  perform app.require_export();
  select t.relation into strict place from app.tenant_tables() as t where t.relation = relation;
  hidden := array(
    select a.attname from pg_attribute a
     where a.attrelid = place::regclass and a.attnum > 0 and not a.attisdropped
       and (a.atttypid in ('app.envelope'::regtype, 'app.argon2id'::regtype)
            or exists (select from app.secret_columns() as s where s.relation = place and s.column_name = a.attname)
            -- Who knows where a webhook listens may often send to it.
            or (place = 'app.audit_sinks' and a.attname = 'url')));
  select string_agg(format('t.%I::text', a.attname), ', ' order by k.nth),
         string_agg(format('t.%I', a.attname), ', ' order by k.nth),
         string_agg(format('($2 ->> %s)::%s', k.nth - 1, format_type(a.atttypid, a.atttypmod)), ', ' order by k.nth)
    into keys, columns, since
    from (select u.attnum, row_number() over (order by u.nth) as nth
            from pg_index i, unnest(i.indkey::smallint[]) with ordinality as u(attnum, nth)
            join pg_attribute t on t.attrelid = place::regclass and t.attnum = u.attnum and t.attname <> 'tenant_id'
           where i.indrelid = place::regclass and i.indisprimary) as k
    join pg_attribute a on a.attrelid = place::regclass and a.attnum = k.attnum;
  for found in execute format(
    'select jsonb_build_array(%s) as key, (to_jsonb(t) - $3)::text as line from %s as t where t.tenant_id = $1 and %s %s limit $4',
    coalesce(keys, ''), place,
    case when keys is null then '$2 is null' else format('($2 is null or (%s) > (%s))', columns, since) end,
    case when keys is null then '' else 'order by ' || columns end) using app.tenant_id(), after, hidden, rows_max
  loop
    bytes := bytes + octet_length(found.line);
    exit when bytes > bytes_max and key is not null;
    key := found.key;
    line := found.line;
    return next;
  end loop;
end
$function$;
alter function app.system_export_rows(text,jsonb,integer,bigint) owner to causeway_keeper;
grant execute on function app.system_export_rows(text,jsonb,integer,bigint) to causeway_app;
comment on function app.system_export_rows(text,jsonb,integer,bigint) is 'Rows of a table of the entered tenant as JSON, by primary key behind `after`, about so many bytes and at least one. Without columns that hold secrets.';

CREATE OR REPLACE FUNCTION app.system_find_invitation(link_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('email', i.email, 'role', i.role, 'tenantName', t.name, 'expiresAt', i.expires_at)
    from app.open_invitation(link_sha256) as i join app.tenants as t using (tenant_id)
$function$;
alter function app.system_find_invitation(text) owner to causeway_keeper;
grant execute on function app.system_find_invitation(text) to causeway_app;
comment on function app.system_find_invitation(text) is 'What a link invites to, or NULL: absent, used, expired and revoked are the same.';

CREATE OR REPLACE FUNCTION app.system_find_recovery(link_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('email', u.email, 'name', u.name)
    from app.recovery_links as r join app.users as u using (user_id)
   where r.link_sha256 = system_find_recovery.link_sha256 and r.used_at is null and r.expires_at > clock_timestamp()
     and u.status = 'active'
$function$;
alter function app.system_find_recovery(text) owner to causeway_keeper;
grant execute on function app.system_find_recovery(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_find_removed_audit_copies(rows_max integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.refuse_inside_tenant();
  return (
    select coalesce(jsonb_agg(jsonb_build_object('tenant', c.tenant_id, 'day', c.day, 'sha256', c.copy_sha256)), '[]')
      from (select k.* from app.audit_copies as k
              join app.audit_retention as r on r.tenant_id = k.tenant_id and r.removed_below >= k.until_leaf
             where not exists (select from app.audit_seals as s
                                 join app.audit_events as e on e.tenant_id = s.tenant_id and e.event_id = s.event_id
                                where s.tenant_id = k.tenant_id and s.leaf_index >= k.from_leaf and s.leaf_index < k.until_leaf)
             limit rows_max) as c);
end
$function$;
alter function app.system_find_removed_audit_copies(integer) owner to causeway_keeper;
grant execute on function app.system_find_removed_audit_copies(integer) to causeway_app;
comment on function app.system_find_removed_audit_copies(integer) is 'Copies in the blob store of which retention has taken every content: [{tenant, day, sha256}].';

CREATE OR REPLACE FUNCTION app.system_finish_login(email text, address_subject text, rules jsonb, verified_hash text, new_hash text, session jsonb, ends_cookie_sha256 text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person app.users;
begin
  person := app.person_by_email(email);
  -- The password that was verified is the password still, or this attempt came too late.
  update app.passwords as p set argon2id_hash = coalesce(new_hash, p.argon2id_hash)
   where p.user_id = (person).user_id and p.argon2id_hash = verified_hash;
  if not found then
    perform app.note_authentication((person).user_id, app.email_sha256(email), 'password', 'wrong', call);
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  perform app.take_attempt_back(address_subject, (rules ->> 'addressFailures')::integer);
  delete from app.login_failures as f where f.subject = 'email:' || app.email_sha256(system_finish_login.email);
  update app.sessions as s set revoked_at = clock_timestamp()
   where s.cookie_sha256 = ends_cookie_sha256 and s.revoked_at is null;
  perform app.open_session((person).user_id, 'password', session, call);
  perform app.note_authentication((person).user_id, app.email_sha256(email), 'password', 'ok', call);
  return jsonb_build_object('ok', true, 'notices',
    (select count(*) from app.notices as n where n.user_id = (person).user_id and n.seen_at is null));
end
$function$;
alter function app.system_finish_login(text,text,jsonb,text,text,jsonb,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_finish_login(text,text,jsonb,text,text,jsonb,text,jsonb) to causeway_app;
comment on function app.system_finish_login(text,text,jsonb,text,text,jsonb,text,jsonb) is 'Opens a session for who knew the password, takes the attempt back, ends the session that the browser had before.';

CREATE OR REPLACE FUNCTION app.system_forget_audit_copies(copies jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.refuse_inside_tenant();
  delete from app.audit_copies as k using jsonb_array_elements(copies) as c
   where k.tenant_id = c ->> 'tenant' and k.copy_sha256 = c ->> 'sha256' and k.day = (c ->> 'day')::date;
end
$function$;
alter function app.system_forget_audit_copies(jsonb) owner to causeway_keeper;
grant execute on function app.system_forget_audit_copies(jsonb) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_forget_refusals()
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  gone bigint;
begin
  perform app.refuse_inside_tenant();
  delete from app.platform_events as p
   where p.action = 'access.refuse' and p.occurred_at < clock_timestamp() - interval '400 days';
  get diagnostics gone = row_count;
  return gone;
end
$function$;
alter function app.system_forget_refusals() owner to causeway_keeper;
grant execute on function app.system_forget_refusals() to causeway_app;
comment on function app.system_forget_refusals() is 'Removes from the platform''s log what strangers were refused more than 400 days ago; how many rows.';

CREATE OR REPLACE FUNCTION app.system_join_invitation(link_sha256 text, cookie_sha256 text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  invitation constant app.invitations := app.open_invitation(link_sha256);
  person constant app.users := app.user_of_session(cookie_sha256);
begin
  if (invitation).invitation_id is null or (invitation).email is distinct from (person).email then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.join_by_invitation(invitation, (person).user_id, call);
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_join_invitation(text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_join_invitation(text,text,jsonb) to causeway_app;
comment on function app.system_join_invitation(text,text,jsonb) is 'Makes a signed-in person a member; only the person whose email the invitation names.';

CREATE OR REPLACE FUNCTION app.system_judge_blobs(tenant text, listed text[], listed_until text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  asked_at constant timestamptz := clock_timestamp();
begin
  perform app.refuse_inside_tenant();
  -- A Worker that died with them: no request of its is on the way any more. Whoever stored them meanwhile has a day.
  update app.blobs_to_remove as b set claimed_at = null, unnamed_at = null, found_at = asked_at
   where b.tenant_id = tenant and b.claimed_at < asked_at - interval '1 hour';
  with due as materialized (
    select b.sha256 from app.blobs_to_remove as b
     where b.tenant_id = tenant and b.claimed_at is null and b.found_at < asked_at - interval '1 day'
       for update skip locked
  ), named as materialized (
    select r.sha256 from app.referenced_blobs(tenant) as r
  ), forgotten as (
    delete from app.blobs_to_remove as b using due as d
     where b.tenant_id = tenant and b.sha256 = d.sha256 and exists (select from named as n where n.sha256 = d.sha256)
  ), unnamed as (
    update app.blobs_to_remove as b set unnamed_at = asked_at from due as d
     where b.tenant_id = tenant and b.sha256 = d.sha256 and not exists (select from named as n where n.sha256 = d.sha256)
  )
  insert into app.blobs_to_remove (tenant_id, sha256)
  select distinct tenant, l from unnest(listed) as l where not exists (select from named as n where n.sha256 = l)
      on conflict do nothing;
  update app.retention_sweeps as s set judged_at = asked_at, listed_until = listed_until where s.tenant_id = tenant;
end
$function$;
alter function app.system_judge_blobs(text,text[],text) owner to causeway_keeper;
grant execute on function app.system_judge_blobs(text,text[],text) to causeway_app;
comment on function app.system_judge_blobs(text,text[],text) is 'Of blobs that were found a day ago: forgets those that something names, and has the others go. Of those that lie in the store: notes which nothing names.';

CREATE OR REPLACE FUNCTION app.system_keep_blob(tenant text, sha256 text)
 RETURNS text
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select app.keep_blob(tenant, sha256);
$function$;
alter function app.system_keep_blob(text,text) owner to causeway_keeper;
grant execute on function app.system_keep_blob(text,text) to causeway_app;
comment on function app.system_keep_blob(text,text) is 'For a writer that finds a blob in the store: what app.keep_blob says of it.';

CREATE OR REPLACE FUNCTION app.system_last_checkpoint()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('size', c.tree_size, 'note', c.note,
                            'age_seconds', floor(extract(epoch from clock_timestamp() - c.created_at))::integer)
    from app.audit_checkpoints as c order by c.tree_size desc limit 1
$function$;
alter function app.system_last_checkpoint() owner to causeway_keeper;
grant execute on function app.system_last_checkpoint() to causeway_app;
grant execute on function app.system_last_checkpoint() to causeway_owner;
comment on function app.system_last_checkpoint() is 'The newest checkpoint {size, note, age_seconds}, or NULL.';

CREATE OR REPLACE FUNCTION app.system_list_audit_sinks()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when app.is_in_session() and app.may_read_audit() then app.audit_sinks_of(app.tenant_id()) else '[]' end
$function$;
alter function app.system_list_audit_sinks() owner to causeway_keeper;
grant execute on function app.system_list_audit_sinks() to causeway_app;

CREATE OR REPLACE FUNCTION app.system_list_invitations(cookie_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', i.invitation_id, 'tenantId', i.tenant_id, 'tenantName', t.name, 'email', i.email, 'role', i.role,
           'expiresAt', i.expires_at, 'byOperator', i.created_by is null,
           'isWithinRole', app.role_rank(i.role) <= app.role_rank(m.role)) order by i.created_at desc), '[]')
    from app.memberships as m join app.tenants as t using (tenant_id) join app.invitations as i using (tenant_id)
   where m.user_id = (app.user_of_session(cookie_sha256)).user_id and m.status = 'active' and m.role in ('admin', 'owner')
     and t.status = 'active' and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()
$function$;
alter function app.system_list_invitations(text) owner to causeway_keeper;
grant execute on function app.system_list_invitations(text) to causeway_app;
comment on function app.system_list_invitations(text) is 'The open invitations of the tenants that the session''s person administers.';

CREATE OR REPLACE FUNCTION app.system_list_members(after_user_id text, only_user_id text, rows_max integer)
 RETURNS TABLE(user_id text, name text, email text, role text, status text, joined_at timestamp with time zone, last_sign_in_at timestamp with time zone, total bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with members as (
    select u.user_id, u.name, u.email, m.role, u.status, m.created_at, m.status as membership, lower(u.name) collate "C" as sort
      from app.memberships as m join app.users as u using (user_id)
     where m.tenant_id = app.tenant_id() and app.is_in_session()
  )
  select m.user_id, m.name, m.email, m.role, m.status, m.created_at,
         case when m.user_id = app.user_id() or app.role_rank(app.role()) >= app.role_rank('admin') then
           (select max(e.occurred_at) from app.authentication_events as e
             where e.user_id = m.user_id and e.outcome = 'ok' and e.method in ('password', 'invitation', 'recovery')) end,
         (select count(*) from members as c where c.membership = 'active')
    from members as m
   where m.membership = 'active' and (only_user_id is null or m.user_id = only_user_id)
     and (after_user_id is null
          or (m.sort, m.user_id) > (select a.sort, a.user_id from members as a where a.user_id = after_user_id))
   order by m.sort, m.user_id
   limit rows_max
$function$;
alter function app.system_list_members(text,text,integer) owner to causeway_keeper;
grant execute on function app.system_list_members(text,text,integer) to causeway_app;
comment on function app.system_list_members(text,text,integer) is 'Who belongs to the entered tenant, by name; one of them, or those after one. When somebody signed in last is seen by themselves, admins and owners.';

CREATE OR REPLACE FUNCTION app.system_list_project_members(project text, after_name text, after_id text, rows_max integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  standing constant jsonb := app.project_standing(project);
begin
  if standing is null then
    return '{"ok": false, "code": "not_found", "details": {"kind": "project"}}';
  end if;
  return standing || jsonb_build_object(
    'ok', true,
    'total', (select count(*) from app.project_members as m
               where m.tenant_id = app.tenant_id() and m.project_id = system_list_project_members.project),
    'rows', (select coalesce(jsonb_agg(page order by lower(page.name) collate "C", page."user"), '[]') from (
      select u.user_id as "user", u.name, u.email, m.role, t.role as tenant_role, app.utc_text(m.created_at) as since
        from app.project_members as m
        join app.memberships as t using (tenant_id, user_id)
        join app.users as u using (user_id)
       where m.tenant_id = app.tenant_id() and m.project_id = system_list_project_members.project
         and (lower(u.name) collate "C", u.user_id::text) > (after_name, after_id)
       order by lower(u.name) collate "C", u.user_id limit rows_max) as page));
end
$function$;
alter function app.system_list_project_members(text,text,text,integer) owner to causeway_keeper;
grant execute on function app.system_list_project_members(text,text,text,integer) to causeway_app;
comment on function app.system_list_project_members(text,text,text,integer) is 'Who has a role on a project, a page by name, for who sees or administers it. Refuses with not_found.';

CREATE OR REPLACE FUNCTION app.system_list_projects(administered_only boolean, after_name text, after_id text, rows_max integer)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with shown as (
    select p.project_id as project, p.name, p.restricted, p.archived_at is not null as archived, held.role,
           coalesce(held.role = 'owner', false) or c.caller ->> 'role' in ('admin', 'owner') as administers,
           (select count(*) from app.project_members as m
             where m.tenant_id = p.tenant_id and m.project_id = p.project_id) as members
      from (select app.context() as caller) as c
      join app.projects as p on p.tenant_id = c.caller ->> 'tenant'
      left join app.project_members as own
        on own.tenant_id = p.tenant_id and own.project_id = p.project_id and own.user_id = c.caller ->> 'user'
      cross join lateral (select app.least_project_role(c.caller ->> 'role', p.restricted, own.role) as role) as held
     where c.caller ->> 'kind' = 'session'
       and (held.role is not null or c.caller ->> 'role' in ('admin', 'owner'))
  ), wanted as (select * from shown where administers or not administered_only)
  select jsonb_build_object(
    'total', (select count(*) from wanted),
    'rows', (select coalesce(jsonb_agg(page order by lower(page.name) collate "C", page.project), '[]') from (
      select * from wanted as w where (lower(w.name) collate "C", w.project) > (after_name, after_id)
       order by lower(w.name) collate "C", w.project limit rows_max) as page))
$function$;
alter function app.system_list_projects(boolean,text,text,integer) owner to causeway_keeper;
grant execute on function app.system_list_projects(boolean,text,text,integer) to causeway_app;
comment on function app.system_list_projects(boolean,text,text,integer) is 'The projects that the signed-in person sees or administers, a page by name: {total, rows: [{project, name, restricted, archived, role, administers, members}]}.';

CREATE OR REPLACE FUNCTION app.system_list_requests(filter jsonb, before_request_id text, rows_max integer)
 RETURNS TABLE(request_id text, occurred_at timestamp with time zone, credential_kind text, credential_id text, credential_name text, user_id text, user_name text, method text, target text, address text, user_agent text, latency_ms integer, outcome text, reason text, dropped integer, trace_id text, answer_bytes bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select l.request_id, l.occurred_at, l.credential_kind, l.credential_id,
         coalesce((select k.name from app.api_tokens as k where k.tenant_id = l.tenant_id and k.token_id = l.credential_id),
                  (select coalesce(c.name, g.client_id)
                     from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
                    where g.tenant_id = l.tenant_id and g.grant_id = l.credential_id)),
         l.user_id, u.name, l.method, l.target, l.address, l.user_agent, l.latency_ms, l.outcome, l.reason, l.dropped, l.trace_id, l.answer_bytes
    from app.token_uses as l
    left join app.memberships as m on m.tenant_id = l.tenant_id and m.user_id = l.user_id
    left join app.users as u on u.user_id = m.user_id
   where l.tenant_id = (select app.tenant_id()) and (select app.is_in_session())
     and ((select app.role_rank(app.role())) >= app.role_rank('admin') or l.user_id = (select app.user_id()))
     and (filter ->> 'user' is null or l.user_id = filter ->> 'user')
     and (filter ->> 'credential' is null or l.credential_id = filter ->> 'credential')
     and (not coalesce((filter ->> 'refused')::boolean, false) or l.outcome <> 'ok')
     and (filter ->> 'trace' is null or l.trace_id = filter ->> 'trace')
     and (filter ->> 'from' is null or l.occurred_at >= (filter ->> 'from')::timestamptz)
     and (filter ->> 'until' is null or l.occurred_at < (filter ->> 'until')::timestamptz)
     and (before_request_id is null or (l.occurred_at, l.request_id) < (
           select b.occurred_at, b.request_id from app.token_uses as b
            where b.tenant_id = (select app.tenant_id()) and b.request_id = before_request_id))
   order by l.occurred_at desc, l.request_id desc
   limit rows_max
$function$;
alter function app.system_list_requests(jsonb,text,integer) owner to causeway_keeper;
grant execute on function app.system_list_requests(jsonb,text,integer) to causeway_app;
comment on function app.system_list_requests(jsonb,text,integer) is 'The request log of the entered tenant, newest first; `filter` is {user, credential, trace, refused, from, until}. Who is no admin or owner sees what was asked in their own name.';

CREATE OR REPLACE FUNCTION app.system_listing_due(tenant text)
 RETURNS TABLE(listed_until text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  -- A sweep that comes a little early the next day does not put it off for another one.
  select s.listed_until from app.retention_sweeps as s
   where s.tenant_id = tenant and coalesce(s.judged_at, '-infinity') < clock_timestamp() - interval '23 hours'
$function$;
alter function app.system_listing_due(text) owner to causeway_keeper;
grant execute on function app.system_listing_due(text) to causeway_app;
comment on function app.system_listing_due(text) is 'Behind which file the store is to be listed for a tenant, once a day: one row then, else none.';

CREATE OR REPLACE FUNCTION app.system_make_own_join_token(pool text, token_sha256 text, lifetime interval)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when app.administers() then app.make_join_token(app.tenant_id(), pool, token_sha256, lifetime)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$function$;
alter function app.system_make_own_join_token(text,text,interval) owner to causeway_keeper;
grant execute on function app.system_make_own_join_token(text,text,interval) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_make_own_pool(pool text, name text, pools_max integer)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when app.administers() then app.make_pool(pool, app.tenant_id(), name, pools_max)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$function$;
alter function app.system_make_own_pool(text,text,integer) owner to causeway_keeper;
grant execute on function app.system_make_own_pool(text,text,integer) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_may_be_clear(tenant text, sha256 text)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select exists (select from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = system_may_be_clear.sha256)
$function$;
alter function app.system_may_be_clear(text,text) owner to causeway_keeper;
grant execute on function app.system_may_be_clear(text,text) to causeway_app;
comment on function app.system_may_be_clear(text,text) is 'Whether a blob may lie in the clear: it is of before blobs were sealed.';

CREATE OR REPLACE FUNCTION app.system_member_sessions(wanted_user text, before text, row_limit integer)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with mine as (
    select s.* from app.administered_sessions() as s where wanted_user is null or s.user_id = wanted_user
  ), shown as (
    select s.session_id, s.user_id, u.name, s.method, s.created_at, s.last_seen_at, s.expires_at, host(s.address) as address,
           s.user_agent, s.session_id = app.context() ->> 'credential' as is_current
      from mine as s join app.users as u using (user_id)
     where before = '' or s.session_id < before order by s.session_id desc limit row_limit
  )
  select jsonb_build_object(
           'total', (select count(*) from mine),
           'rows', (select coalesce(jsonb_agg(to_jsonb(shown) order by session_id desc), '[]') from shown))
$function$;
alter function app.system_member_sessions(text,text,integer) owner to causeway_keeper;
grant execute on function app.system_member_sessions(text,text,integer) to causeway_app;
comment on function app.system_member_sessions(text,text,integer) is 'Living sessions of members of the entered tenant, newest first, behind the id `before`; and how many there are in all.';

CREATE OR REPLACE FUNCTION app.system_next_fence(run text, fence integer, attempts_max integer, over jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  moved record;
begin
  if coalesce(app.context() ->> 'kind', '') <> 'system' then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  select r.state, r.fence, r.manifest, r.created_at, r.created_by, r.labels, r.outcome, r.withheld, p.owner_tenant is not null as is_own into moved
    from app.runs as r join app.pools as p using (pool_id)
   where r.tenant_id = app.tenant_id() and r.run_id = run for update of r;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  if moved.state <> 'queued' then
    return jsonb_build_object('ok', true, 'step', 'finished', 'outcome', moved.outcome, 'withheld', moved.withheld);
  end if;
  if fence is not null and moved.fence <> fence then
    return jsonb_build_object('ok', true, 'step', 'elsewhere', 'fence', moved.fence);
  end if;
  if moved.fence >= attempts_max then
    perform app.audit('run.give_up', 'run', run, 'ok', over || jsonb_build_object('fence', moved.fence));
    return jsonb_build_object('ok', true, 'step', 'exhausted', 'fence', moved.fence, 'image', moved.manifest -> 'image');
  end if;
  update app.runs as r set fence = r.fence + 1 where r.tenant_id = app.tenant_id() and r.run_id = run;
  perform app.audit('run.retry', 'run', run, 'ok', over || jsonb_build_object('fence', moved.fence + 1));
  return jsonb_build_object('ok', true, 'step', 'again', 'fence', moved.fence + 1, 'manifest', moved.manifest,
                            'queued_at', extract(epoch from moved.created_at) * 1000, 'user', moved.created_by,
                            'labels', moved.labels, 'own', moved.is_own);
end
$function$;
alter function app.system_next_fence(text,integer,integer,jsonb) owner to causeway_keeper;
grant execute on function app.system_next_fence(text,integer,integer,jsonb) to causeway_app;
comment on function app.system_next_fence(text,integer,integer,jsonb) is 'Opens the next attempt at an unfinished run for the system; NULL as fence takes whatever attempt is open now. `over`: {executor, reason} of the last.';

CREATE OR REPLACE FUNCTION app.system_next_project(after text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform app.require_export();
  return (select min(p.project_id::text) from app.projects as p
           where p.tenant_id = app.tenant_id() and p.head_commit is not null and (after is null or p.project_id > after));
end
$function$;
alter function app.system_next_project(text) owner to causeway_keeper;
grant execute on function app.system_next_project(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_note_blobs_gone(tenant text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  update app.tenant_deletions as d set step = 'signing', finished_at = clock_timestamp() where d.tenant_id = tenant and d.step = 'blobs'
$function$;
alter function app.system_note_blobs_gone(text) owner to causeway_keeper;
grant execute on function app.system_note_blobs_gone(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_note_purged(tenant text, digests text[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  update app.purges as p set removed_at = clock_timestamp()
   where p.tenant_id = tenant and p.purged_sha256 = any (digests) and p.removed_at is null
$function$;
alter function app.system_note_purged(text,text[]) owner to causeway_keeper;
grant execute on function app.system_note_purged(text,text[]) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_note_refusals(refused jsonb, total bigint)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  wait integer;
begin
  perform app.refuse_inside_tenant();
  -- Whoever is refused decides how often, so a row is for all of a minute.
  perform pg_advisory_xact_lock(hashtextextended('access.refuse', 0));
  select ceil(60 - extract(epoch from clock_timestamp() - max(p.occurred_at))) into wait
    from app.platform_events as p where p.action = 'access.refuse' and p.occurred_at > clock_timestamp() - interval '1 minute';
  if wait > 0 then
    return wait;
  end if;
  perform app.note_platform_event('access.refuse', 'deployment', null, jsonb_build_object('total', total, 'by', refused));
  return null;
end
$function$;
alter function app.system_note_refusals(jsonb,bigint) owner to causeway_keeper;
grant execute on function app.system_note_refusals(jsonb,bigint) to causeway_app;
comment on function app.system_note_refusals(jsonb,bigint) is 'Adds to the platform''s log how often whom nobody knows was refused: NULL, or the seconds until it takes another row. `refused` is [{route, status, address, count}].';

CREATE OR REPLACE FUNCTION app.system_note_refused_image(executor text, code text, image text, call jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  owner text;
  said constant jsonb := jsonb_build_object('code', code, 'image', image);
begin
  select p.owner_tenant into owner
    from app.executors as e join app.pools as p on p.pool_id = e.pool_id
   where e.executor_id = executor and e.revoked_at is null;
  if not found then return false; end if;
  -- A service that is started again and again says the same each time.
  perform pg_advisory_xact_lock(hashtextextended('refused image ' || executor, 0));
  if exists (select from app.platform_events as p
              where p.target_id = executor and p.action = 'executor.refuse_image' and p.details = said
                and p.occurred_at > clock_timestamp() - interval '1 hour') then
    return true;
  end if;
  perform app.note_platform_event('executor.refuse_image', 'executor', executor, said, call);
  if owner is not null then
    insert into app.audit_events (tenant_id, credential_kind, credential_id, action, target_kind, target_id, outcome, details)
    values (owner, 'executor', executor, 'executor.refuse_image', 'executor', executor, 'refused', said);
  end if;
  return true;
end
$function$;
alter function app.system_note_refused_image(text,text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_note_refused_image(text,text,text,jsonb) to causeway_app;
comment on function app.system_note_refused_image(text,text,text,jsonb) is 'Records that an executor refuses the sandbox image of its host, at most once an hour for the same reason. False for one that is unknown or revoked.';

CREATE OR REPLACE FUNCTION app.system_note_seal_key(key_sha256 text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  days integer;
begin
  perform app.refuse_inside_tenant();
  -- Isolates start often, and keys change seldom: what is known already is not written again.
  select floor(extract(epoch from clock_timestamp() - k.known_since) / 86400)::integer into days
    from app.seal_key as k where k.key_sha256 = system_note_seal_key.key_sha256;
  if found then return days; end if;
  insert into app.seal_key as k (key_sha256) values (system_note_seal_key.key_sha256)
  on conflict (only_row) do update set key_sha256 = excluded.key_sha256, known_since = excluded.known_since
   where k.key_sha256 <> excluded.key_sha256;
  return 0;
end
$function$;
alter function app.system_note_seal_key(text) owner to causeway_keeper;
grant execute on function app.system_note_seal_key(text) to causeway_app;
comment on function app.system_note_seal_key(text) is 'Notes which SEAL_KEY the Worker starts with, by its digest; the age of that key in days.';

CREATE OR REPLACE FUNCTION app.system_note_sealed(tenant text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  proof jsonb := app.audit_proof(tenant, false);
  -- The copy in the blob store goes with the tenant.
  sinks jsonb := (select coalesce(jsonb_agg(jsonb_build_object('sink', s.sink_id, 'kind', s.kind, 'taken', s.next_leaf) order by s.sink_id), '[]')
                    from app.audit_sinks as s where s.tenant_id = tenant and s.kind <> 'blobs' and s.ended_at is null);
begin
  perform app.refuse_inside_tenant();
  if (proof ->> 'uncovered')::bigint is distinct from 0 then
    return false;
  end if;
  update app.tenant_deletions as d set step = 'rows', audit = (proof - 'uncovered') || jsonb_build_object('sinks', sinks)
   where d.tenant_id = tenant and d.step = 'sealing';
  return true;
end
$function$;
alter function app.system_note_sealed(text) owner to causeway_keeper;
grant execute on function app.system_note_sealed(text) to causeway_app;
comment on function app.system_note_sealed(text) is 'Keeps the proof of a tenant''s whole log and how many of its entries each sink has taken; false while no checkpoint covers it.';

CREATE OR REPLACE FUNCTION app.system_own_fleet()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object(
    'placement', t.placement, 'own_hosts_only', t.own_hosts_only,
    'pools', (select coalesce(jsonb_agg(jsonb_build_object('pool', p.pool_id, 'name', p.name, 'created_at', app.utc_text(p.created_at))
                order by p.pool_id), '[]') from app.pools as p where p.owner_tenant = t.tenant_id),
    'executors', (select coalesce(jsonb_agg(jsonb_build_object(
                'executor', e.executor_id, 'name', e.name, 'pool', e.pool_id, 'labels', coalesce(e.offer -> 'labels', '{}'),
                'slots', e.offer -> 'slots', 'engine', e.offer -> 'engine', 'created_at', app.utc_text(e.created_at),
                'last_connected_at', app.utc_text(e.last_connected_at), 'cordoned_at', app.utc_text(e.cordoned_at),
                'connected', e.offer is not null and e.disconnected_at is null)
                order by e.executor_id), '[]')
              from app.executors as e join app.pools as p using (pool_id)
             where p.owner_tenant = t.tenant_id and e.revoked_at is null))
    from app.tenants as t where t.tenant_id = app.tenant_id() and app.administers()
$function$;
alter function app.system_own_fleet() owner to causeway_keeper;
grant execute on function app.system_own_fleet() to causeway_app;
comment on function app.system_own_fleet() is 'The tenant''s own pools and executors, and where its runs go; NULL for who does not administer it.';

CREATE OR REPLACE FUNCTION app.system_place_own_tenant(project text, placement jsonb, own_hosts_only boolean)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when app.administers() then app.change_placement(app.tenant_id(), project, placement, own_hosts_only)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$function$;
alter function app.system_place_own_tenant(text,jsonb,boolean) owner to causeway_keeper;
grant execute on function app.system_place_own_tenant(text,jsonb,boolean) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_poll_oauth_device(device_code_sha256 text, client_id text, refresh_sha256 text, refresh_lifetime interval, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  device record;
  held record;
begin
  select d.* into device from app.oauth_devices as d
   where d.device_code_sha256 = system_poll_oauth_device.device_code_sha256 and d.client_id = system_poll_oauth_device.client_id
     for update;
  if not found or device.redeemed_at is not null then
    return jsonb_build_object('ok', false, 'reason', 'unknown');
  elsif device.expires_at <= clock_timestamp() then
    return jsonb_build_object('ok', false, 'reason', 'expired');
  elsif device.decision = 'denied' then
    return jsonb_build_object('ok', false, 'reason', 'denied');
  elsif device.polled_at > clock_timestamp() - make_interval(secs => device.interval_seconds) then
    update app.oauth_devices as d set interval_seconds = least(d.interval_seconds + 5, 60), polled_at = clock_timestamp()
     where d.device_code_sha256 = device.device_code_sha256;
    return jsonb_build_object('ok', false, 'reason', 'too_fast');
  end if;
  update app.oauth_devices as d
     set polled_at = clock_timestamp(), redeemed_at = case when d.decision = 'approved' then clock_timestamp() end
   where d.device_code_sha256 = device.device_code_sha256;
  if device.decision is null then
    return jsonb_build_object('ok', false, 'reason', 'pending');
  end if;
  update app.oauth_grants as g set activated_at = clock_timestamp()
   where g.grant_id = device.grant_id and g.revoked_at is null
   returning g.tenant_id, g.user_id, g.grant_id, g.scopes, g.resource, g.client_id into held;
  if not found then
    return jsonb_build_object('ok', false, 'reason', 'unknown');
  end if;
  insert into app.oauth_refresh_tokens (tenant_id, token_sha256, grant_id, generation, expires_at)
  select held.tenant_id, refresh_sha256, held.grant_id, 1, clock_timestamp() + refresh_lifetime where refresh_sha256 is not null;
  update app.oauth_clients as c set expires_at = null where c.client_id = held.client_id and c.origin = 'registered';
  perform app_private.audit_grant(held.tenant_id, held.user_id, held.grant_id, 'agent.connect', 'ok',
                                  jsonb_build_object('client', held.client_id, 'scopes', held.scopes, 'device', true), call);
  return jsonb_build_object('ok', true, 'tenant_id', held.tenant_id, 'user_id', held.user_id, 'grant_id', held.grant_id,
                            'client_id', held.client_id, 'scopes', held.scopes, 'resource', held.resource);
end
$function$;
alter function app.system_poll_oauth_device(text,text,text,interval,jsonb) owner to causeway_keeper;
grant execute on function app.system_poll_oauth_device(text,text,text,interval,jsonb) to causeway_app;
comment on function app.system_poll_oauth_device(text,text,text,interval,jsonb) is 'One poll of a device (RFC 8628, section 3.5): its grant, once, or one of unknown, expired, denied, too_fast, pending.';

CREATE OR REPLACE FUNCTION app.system_pools_to_sweep(older_than interval)
 RETURNS TABLE(pool_id text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select p.pool_id from app.pools as p
   where exists (select from app.runs as r
                  where r.pool_id = p.pool_id and r.state = 'queued' and r.created_at < clock_timestamp() - older_than)
      or exists (select from app.executors as e
                  where e.pool_id = p.pool_id and e.offer is not null and (e.disconnected_at is null or e.revoked_at > clock_timestamp() - interval '1 hour'))
$function$;
alter function app.system_pools_to_sweep(interval) owner to causeway_keeper;
grant execute on function app.system_pools_to_sweep(interval) to causeway_app;
comment on function app.system_pools_to_sweep(interval) is 'Pools with an executor connected, or one that was just revoked, or with a run that is unfinished for long.';

CREATE OR REPLACE FUNCTION app.system_purged_blobs(tenant text)
 RETURNS TABLE(purged_sha256 text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select p.purged_sha256
    from app.purges as p
   where p.tenant_id = tenant and (p.removed_at is null or p.removed_at > clock_timestamp() - interval '1 hour')
   order by p.removed_at desc nulls first limit 500
$function$;
alter function app.system_purged_blobs(text) owner to causeway_keeper;
grant execute on function app.system_purged_blobs(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_read_account(cookie_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object(
    'sessions', (
      select coalesce(jsonb_agg(to_jsonb(s) order by s."lastSeenAt" desc), '[]') from (
        select s.session_id as "sessionId", s.created_at as "createdAt", s.last_seen_at as "lastSeenAt", s.method,
               host(s.address) as address, s.user_agent as "userAgent",
               s.cookie_sha256 = system_read_account.cookie_sha256 as "isCurrent"
          from app.sessions as s
         where s.user_id = u.user_id and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, clock_timestamp())
         order by s.last_seen_at desc limit 50) as s),
    'events', (
      select coalesce(jsonb_agg(to_jsonb(e) order by e."occurredAt" desc), '[]') from (
        select e.occurred_at as "occurredAt", e.method, e.outcome, host(e.address) as address, e.user_agent as "userAgent"
          from app.authentication_events as e where e.user_id = u.user_id order by e.occurred_at desc limit 20) as e),
    'notices', (
      select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'details', n.details, 'createdAt', n.created_at)
                                order by n.created_at desc), '[]')
        from app.notices as n where n.user_id = u.user_id and n.seen_at is null))
    from app.user_of_session(cookie_sha256) as u where u.user_id is not null
$function$;
alter function app.system_read_account(text) owner to causeway_keeper;
grant execute on function app.system_read_account(text) to causeway_app;
comment on function app.system_read_account(text) is 'A person''s own sessions, last sign-ins and unread notices; NULL without a session.';

CREATE OR REPLACE FUNCTION app.system_read_session(cookie_sha256 text, idle_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  moment constant timestamptz := clock_timestamp();
begin
  -- A use within the minute is not worth a write.
  update app.sessions as s
     set last_seen_at = moment, idle_until = least(moment + idle_seconds * interval '1 second', s.expires_at)
   where s.cookie_sha256 = system_read_session.cookie_sha256 and s.last_seen_at < moment - interval '1 minute'
     and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, moment);
  return (
    select jsonb_build_object(
             'sessionId', s.session_id, 'userId', u.user_id, 'userName', u.name, 'userEmail', u.email,
             'authenticatedAt', s.created_at,
             'tenants', (select coalesce(jsonb_agg(jsonb_build_object('tenantId', t.tenant_id, 'name', t.name, 'role', m.role)
                                                   order by t.name, t.tenant_id), '[]')
                           from app.memberships as m join app.tenants as t using (tenant_id)
                          where m.user_id = u.user_id and m.status = 'active' and t.status = 'active'))
      from app.sessions as s join app.users as u using (user_id)
     where s.cookie_sha256 = system_read_session.cookie_sha256 and u.status = 'active'
       and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, moment));
end
$function$;
alter function app.system_read_session(text,integer) owner to causeway_keeper;
grant execute on function app.system_read_session(text,integer) to causeway_app;
comment on function app.system_read_session(text,integer) is 'Who is behind a session''s cookie at this moment, or NULL; a use puts its idle limit off.';

CREATE OR REPLACE FUNCTION app.system_recall_runs(executor text, runs text[])
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('unfinished', coalesce(jsonb_agg(jsonb_build_object(
           'tenant', r.tenant_id, 'run', r.run_id, 'fence', r.fence, 'image', r.manifest -> 'image',
           'wall_ms', r.manifest -> 'limits' -> 'wall_ms', 'queued_at', extract(epoch from r.created_at) * 1000,
           'user', r.created_by, 'labels', r.labels, 'own', p.owner_tenant is not null)), '[]'))
    from app.executors as e join app.pools as p using (pool_id) join app.runs as r using (pool_id)
   where e.executor_id = executor and e.revoked_at is null and r.run_id = any (runs) and r.state = 'queued'
$function$;
alter function app.system_recall_runs(text,text[]) owner to causeway_keeper;
grant execute on function app.system_recall_runs(text,text[]) to causeway_app;
comment on function app.system_recall_runs(text,text[]) is 'Those of `runs` that are unfinished and of this executor''s pool, with what a lease needs.';

CREATE OR REPLACE FUNCTION app.system_record_outcome(run text, fence integer, outcome jsonb, execution jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  caller jsonb := app.context();
  now_ms constant numeric := extract(epoch from clock_timestamp()) * 1000;
  executed constant jsonb := jsonb_build_object(
    'executor', execution -> 'executor',
    'leased_at', round(now_ms - greatest(0, (execution ->> 'leased_ago_ms')::numeric)),
    'started_at', round(now_ms - greatest(0, (execution ->> 'started_ago_ms')::numeric)));
  stored record;
  is_withheld boolean;
begin
  if coalesce(caller ->> 'kind', '') not in ('executor', 'system') then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  update app.runs as r
     set state = outcome ->> 'state', outcome = system_record_outcome.outcome, execution = executed,
         finished_at = clock_timestamp()
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run and r.fence = system_record_outcome.fence and r.state = 'queued'
     and (caller ->> 'kind' = 'system' or r.pool_id = (
           select e.pool_id from app.executors as e where e.executor_id = caller ->> 'credential'))
  returning r.withheld into is_withheld;
  if found then
    perform app.audit('run.finish', 'run', run, 'ok', jsonb_build_object(
      'state', outcome -> 'state', 'fence', fence, 'limit', outcome -> 'limit', 'timings', outcome -> 'timings',
      'outputs', jsonb_array_length(outcome -> 'outputs'), 'execution', executed));
    return jsonb_build_object('ok', true, 'recorded', true, 'withheld', is_withheld);
  end if;
  select r.state, r.fence, r.outcome, r.withheld into stored from app.runs as r
   where r.tenant_id = caller ->> 'tenant' and r.run_id = run;
  if not found then return jsonb_build_object('ok', false, 'code', 'not_found'); end if;
  return jsonb_build_object('ok', true, 'recorded', false, 'fence', stored.fence, 'outcome', stored.outcome,
                            'withheld', stored.withheld);
end
$function$;
alter function app.system_record_outcome(text,integer,jsonb,jsonb) owner to causeway_keeper;
grant execute on function app.system_record_outcome(text,integer,jsonb,jsonb) to causeway_app;
comment on function app.system_record_outcome(text,integer,jsonb,jsonb) is 'Ends a run, once, for the holder of its fence. Otherwise says what stands: the recorded outcome, or a newer fence.';

CREATE OR REPLACE FUNCTION app.system_record_token_uses(uses jsonb, dropped integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  tenant text := app.tenant_id();
begin
  -- Only the Worker itself, entered without a person, adds entries: what is injected into a person's call adds none.
  if (app.context() ->> 'kind') is distinct from 'system' then
    raise exception 'entries are added by the system alone' using errcode = 'insufficient_privilege';
  end if;
  insert into app.token_uses (tenant_id, request_id, occurred_at, credential_kind, credential_id, user_id, method, target,
                              address, user_agent, latency_ms, outcome, reason, trace_id, answer_bytes)
  select tenant, u.request, u.at, u.kind, u.credential, u.user_id, u.method, u.target,
         u.address, u.agent, u.latency_ms, u.outcome, u.reason, u.trace, u.answer_bytes
    from jsonb_to_recordset(uses) as u(request text, at timestamptz, kind text, credential text, user_id text, method text,
                                       target text, address text, agent text, latency_ms integer, outcome text, reason text, trace text,
                                       answer_bytes bigint)
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
$function$;
alter function app.system_record_token_uses(jsonb,integer) owner to causeway_keeper;
grant execute on function app.system_record_token_uses(jsonb,integer) to causeway_app;
comment on function app.system_record_token_uses(jsonb,integer) is 'Adds the entries of a batch to the entered tenant''s request log, and one row for those that found no room.';

CREATE OR REPLACE FUNCTION app.system_redeem_oauth_code(code_sha256 text, refresh_sha256 text, refresh_lifetime interval, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  held record;
begin
  -- The row's lock makes one of many concurrent redemptions the first.
  update app.oauth_codes as c set redeemed_at = clock_timestamp()
   where c.code_sha256 = system_redeem_oauth_code.code_sha256 and c.redeemed_at is null and c.expires_at > clock_timestamp()
   returning c.tenant_id, c.grant_id into held;
  if not found then
    return jsonb_build_object('ok', false);
  end if;
  update app.oauth_grants as g set activated_at = clock_timestamp()
   where g.tenant_id = held.tenant_id and g.grant_id = held.grant_id and g.revoked_at is null;
  if not found then
    return jsonb_build_object('ok', false);
  end if;
  update app.oauth_clients as c set expires_at = null
    from app.oauth_grants as g
   where g.tenant_id = held.tenant_id and g.grant_id = held.grant_id and c.client_id = g.client_id and c.origin = 'registered';
  if refresh_sha256 is not null then
    insert into app.oauth_refresh_tokens (tenant_id, token_sha256, grant_id, generation, expires_at)
    values (held.tenant_id, refresh_sha256, held.grant_id, 1, clock_timestamp() + refresh_lifetime);
  end if;
  perform app_private.audit_grant(held.tenant_id, g.user_id, g.grant_id, 'agent.connect', 'ok',
                                  jsonb_build_object('client', g.client_id, 'scopes', g.scopes), call)
     from app.oauth_grants as g where g.tenant_id = held.tenant_id and g.grant_id = held.grant_id;
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_redeem_oauth_code(text,text,interval,jsonb) owner to causeway_keeper;
grant execute on function app.system_redeem_oauth_code(text,text,interval,jsonb) to causeway_app;
comment on function app.system_redeem_oauth_code(text,text,interval,jsonb) is 'Spends a code, once: ok is true for exactly one caller.';

CREATE OR REPLACE FUNCTION app.system_refuse_login(email text, method text, outcome text, call jsonb)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.note_authentication((app.person_by_email(email)).user_id, app.email_sha256(email), method, outcome, call)
$function$;
alter function app.system_refuse_login(text,text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_refuse_login(text,text,text,jsonb) to causeway_app;
comment on function app.system_refuse_login(text,text,text,jsonb) is 'Records an attempt that stays counted.';

CREATE OR REPLACE FUNCTION app.system_register_executor(token_sha256 text, executor text, name text, public_key text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  pool text;
  before record;
begin
  update app.join_tokens as t set used_at = clock_timestamp()
   where t.token_sha256 = system_register_executor.token_sha256 and t.used_at is null and t.expires_at > clock_timestamp()
   returning t.pool_id into pool;
  if not found then
    -- The host that spent it asks again where it lost the answer; whoever has the token alone has not that host's key.
    select e.executor_id, e.pool_id into before
      from app.join_tokens as t join app.executors as e on e.executor_id = t.used_by
     where t.token_sha256 = system_register_executor.token_sha256 and t.expires_at > clock_timestamp()
       and e.public_key = system_register_executor.public_key and e.revoked_at is null;
    if found then
      return jsonb_build_object('ok', true, 'executor', before.executor_id, 'pool', before.pool_id);
    end if;
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  insert into app.executors (executor_id, pool_id, name, public_key) values (executor, pool, name, public_key);
  update app.join_tokens as t set used_by = executor where t.token_sha256 = system_register_executor.token_sha256;
  perform app.note_platform_event('executor.join', 'executor', executor, jsonb_build_object('pool', pool, 'name', name), call);
  return jsonb_build_object('ok', true, 'executor', executor, 'pool', pool);
end
$function$;
alter function app.system_register_executor(text,text,text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_register_executor(text,text,text,text,jsonb) to causeway_app;
comment on function app.system_register_executor(text,text,text,text,jsonb) is 'Turns a join token into an executor, once. Unknown, used and expired tokens get the same refusal.';

CREATE OR REPLACE FUNCTION app.system_remove_member(user_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  tenant constant text := app.tenant_id();
  verdict constant jsonb := app.judge_member_change(user_id, null);
  tokens integer;
  agents integer;
  invitations integer;
begin
  if not (verdict ->> 'ok')::boolean then
    return verdict;
  end if;
  update app.memberships as m set status = 'ended'
   where m.tenant_id = tenant and m.user_id = system_remove_member.user_id;
  update app.api_tokens as k set revoked_at = clock_timestamp()
   where k.tenant_id = tenant and k.user_id = system_remove_member.user_id and k.revoked_at is null;
  get diagnostics tokens = row_count;
  update app.oauth_grants as g set revoked_at = clock_timestamp(), revoked_because = 'membership'
   where g.tenant_id = tenant and g.user_id = system_remove_member.user_id and g.revoked_at is null;
  get diagnostics agents = row_count;
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.tenant_id = tenant and i.created_by = system_remove_member.user_id and i.accepted_at is null and i.revoked_at is null;
  get diagnostics invitations = row_count;
  invitations := invitations + app.end_invitations_to(tenant, user_id);
  perform app.audit(case when user_id = app.user_id() then 'member.leave' else 'member.remove' end, 'user', user_id, 'ok',
                    jsonb_build_object('role', verdict ->> 'role', 'tokens', tokens, 'agents', agents, 'invitations', invitations));
  return verdict;
end
$function$;
alter function app.system_remove_member(text) owner to causeway_keeper;
grant execute on function app.system_remove_member(text) to causeway_app;
comment on function app.system_remove_member(text) is 'Ends a membership of the entered tenant with its tokens, agents and open invitations; one''s own too. Refuses with insufficient_role, not_found or last_owner.';

CREATE OR REPLACE FUNCTION app.system_remove_project_member(project text, member text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.project_change_refusal(project);
  before text;
begin
  -- Leaving is everybody's own affair.
  if refusal is not null and (refusal ->> 'code' = 'not_found' or member is distinct from app.user_id()) then
    return refusal;
  end if;
  select m.role into before from app.project_members as m
   where m.tenant_id = app.tenant_id() and m.project_id = project and m.user_id = member;
  if not found then
    return '{"ok": false, "code": "not_found", "details": {"kind": "member"}}';
  end if;
  if before = 'owner' and app.other_project_owners(project, member) = 0 then
    return '{"ok": false, "code": "last_owner"}';
  end if;
  delete from app.project_members as m where m.tenant_id = app.tenant_id() and m.project_id = project and m.user_id = member;
  perform app.audit('project.remove_member', 'project', project, 'ok', jsonb_build_object('user', member, 'before', before));
  return '{"ok": true}';
end
$function$;
alter function app.system_remove_project_member(text,text) owner to causeway_keeper;
grant execute on function app.system_remove_project_member(text,text) to causeway_app;
comment on function app.system_remove_project_member(text,text) is 'Takes a person''s role on a project; one''s own too. Refuses with not_found (details.kind: project or member), insufficient_role or last_owner.';

CREATE OR REPLACE FUNCTION app.system_request_tenant_deletion(name text, reason text, grace interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    perform app.audit('tenant.request_deletion', 'tenant', app.tenant_id(), 'refused', '{"code": "insufficient_role"}');
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  elsif name is distinct from (select t.name from app.tenants as t where t.tenant_id = app.tenant_id()) then
    perform app.audit('tenant.request_deletion', 'tenant', app.tenant_id(), 'refused', '{"code": "invalid_arguments"}');
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments');
  end if;
  return app.open_deletion(app.tenant_id(), app.user_id(), reason, grace, 'session',
    jsonb_build_object('request', app.request_id(), 'address', app.context() ->> 'address', 'agent', app.context() ->> 'agent'));
end
$function$;
alter function app.system_request_tenant_deletion(text,text,interval) owner to causeway_keeper;
grant execute on function app.system_request_tenant_deletion(text,text,interval) to causeway_app;
comment on function app.system_request_tenant_deletion(text,text,interval) is 'For an owner in a session, who says the tenant''s name: suspends it, and deletes it when the grace is over. Refuses with insufficient_role, invalid_arguments.';

CREATE OR REPLACE FUNCTION app.system_resend_audit(sink text, from_leaf bigint)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  asked integer;
  hastened integer := 0;
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  asked := app.ask_audit_again(app.tenant_id(), sink, from_leaf);
  if from_leaf is null then
    hastened := app.hasten_audit_sinks(app.tenant_id(), sink);
  end if;
  if asked + hastened = 0 then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('audit.resend', 'sink', sink, 'ok', jsonb_build_object('dead_letters', asked, 'hastened', hastened > 0));
  return jsonb_build_object('ok', true, 'dead_letters', asked, 'hastened', hastened > 0);
end
$function$;
alter function app.system_resend_audit(text,bigint) owner to causeway_keeper;
grant execute on function app.system_resend_audit(text,bigint) to causeway_app;
comment on function app.system_resend_audit(text,bigint) is 'Has what a sink of the entered tenant did not take sent to it once more: all that was given up, and at once what waits behind a failure; or the range that begins at a leaf. For an owner in a session.';

CREATE OR REPLACE FUNCTION app.system_restrict_project(project text, restricted boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.project_change_refusal(project);
  held record;
begin
  if refusal is not null then return refusal; end if;
  select p.name, p.restricted, p.archived_at into held
    from app.projects as p where p.tenant_id = app.tenant_id() and p.project_id = project;
  if held.restricted = restricted then
    return '{"ok": true, "changed": false}';
  end if;
  if not restricted and held.archived_at is null and exists (
    select from app.projects as p
     where p.tenant_id = app.tenant_id() and lower(p.name) = lower(held.name) and p.archived_at is null and not p.restricted
  ) then
    return '{"ok": false, "code": "already_exists"}';
  end if;
  -- Somebody is to see it: where its owners have left the tenant, whoever restricts it.
  if restricted and app.other_project_owners(project, '') = 0 then
    insert into app.project_members as m (tenant_id, project_id, user_id, role, created_by)
    values (app.tenant_id(), project, app.user_id(), 'owner', app.user_id())
    on conflict on constraint project_members_pkey do update set role = 'owner';
    perform app.audit('project.set_member', 'project', project, 'ok', jsonb_build_object('user', app.user_id(), 'role', 'owner'));
  end if;
  begin
    update app.projects as p set restricted = system_restrict_project.restricted
     where p.tenant_id = app.tenant_id() and p.project_id = project;
  exception when unique_violation then
    return '{"ok": false, "code": "already_exists"}';
  end;
  perform app.audit(case when restricted then 'project.restrict' else 'project.open' end, 'project', project, 'ok');
  return '{"ok": true, "changed": true}';
end
$function$;
alter function app.system_restrict_project(text,boolean) owner to causeway_keeper;
grant execute on function app.system_restrict_project(text,boolean) to causeway_app;
comment on function app.system_restrict_project(text,boolean) is 'Makes a project its members'' alone, or open to the tenant again. Refuses with not_found, insufficient_role, or already_exists where an open project has the name.';

CREATE OR REPLACE FUNCTION app.system_retain_audit()
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  due record;
  young bigint;
  announced text;
  removed bigint := 0;
  gone bigint;
begin
  perform app.refuse_inside_tenant();
  for due in select * from app.audit_retention where retain_days is not null for update skip locked loop
    delete from app.audit_events as e
     using app.audit_seals as s
     where s.tenant_id = due.tenant_id and s.leaf_index < due.removed_below
       and e.tenant_id = s.tenant_id and e.event_id = s.event_id;
    get diagnostics gone = row_count;
    removed := removed + gone;
    continue when due.announced_at > clock_timestamp() - interval '1 day';
    -- The first leaf that is too young; of a tenant that was quiet for so long, the end.
    young := coalesce(
      (select s.leaf_index
         from app.audit_seals as s join app.audit_events as e on e.tenant_id = s.tenant_id and e.event_id = s.event_id
        where s.tenant_id = due.tenant_id and s.leaf_index >= due.removed_below
          and e.occurred_at >= clock_timestamp() - make_interval(days => due.retain_days)
        order by s.leaf_index limit 1),
      (select t.tree_size from app.audit_trees as t where t.tree = due.tenant_id));
    continue when young is null or young <= due.removed_below;
    insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details)
    values (due.tenant_id, 'system', 'audit.retain', 'tenant', due.tenant_id, 'ok',
            jsonb_build_object('removed_below', young, 'days', due.retain_days))
    returning event_id into announced;
    update app.audit_retention as r
       set removed_below = young, announced_event = announced, announced_at = clock_timestamp()
     where r.tenant_id = due.tenant_id;
  end loop;
  return removed;
end
$function$;
alter function app.system_retain_audit() owner to causeway_keeper;
grant execute on function app.system_retain_audit() to causeway_app;
comment on function app.system_retain_audit() is 'Takes away the contents of events whose time is over and announced, and announces the next, at most once a day a tenant.';

CREATE OR REPLACE FUNCTION app.system_retention()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.retention_of(app.tenant_id()) $function$;
alter function app.system_retention() owner to causeway_keeper;
grant execute on function app.system_retention() to causeway_app;

CREATE OR REPLACE FUNCTION app.system_revoke_invitation(cookie_sha256 text, invitation_id text, call jsonb, in_tenant text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
  tenant text;
begin
  update app.invitations as i set revoked_at = clock_timestamp()
   where i.invitation_id = system_revoke_invitation.invitation_id and i.accepted_at is null and i.revoked_at is null
     and (in_tenant is null or i.tenant_id = in_tenant)
     and exists (select from app.memberships as m join app.tenants as t using (tenant_id)
                  where m.tenant_id = i.tenant_id and m.user_id = (person).user_id and m.status = 'active' and t.status = 'active'
                    and app.role_rank(m.role) >= greatest(app.role_rank('admin'), app.role_rank(i.role)))
  returning i.tenant_id into tenant;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit_person(tenant, (person).user_id, 'session', 'invitation.revoke', 'invitation', invitation_id, '{}', call);
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_revoke_invitation(text,text,jsonb,text) owner to causeway_keeper;
grant execute on function app.system_revoke_invitation(text,text,jsonb,text) to causeway_app;
comment on function app.system_revoke_invitation(text,text,jsonb,text) is 'Ends an open invitation by an admin or owner who might make it still; of one tenant only, where one is named.';

CREATE OR REPLACE FUNCTION app.system_revoke_oauth_grant(grant_id text, because text, call jsonb)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with ended as (
    update app.oauth_grants as g set revoked_at = clock_timestamp(), revoked_because = because
     where g.grant_id = system_revoke_oauth_grant.grant_id and g.revoked_at is null
     returning g.tenant_id, g.user_id, g.client_id
  )
  select app_private.audit_grant(e.tenant_id, e.user_id, system_revoke_oauth_grant.grant_id, 'agent.revoke', 'ok',
                                 jsonb_build_object('client', e.client_id, 'because', because), call) from ended as e
$function$;
alter function app.system_revoke_oauth_grant(text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_revoke_oauth_grant(text,text,jsonb) to causeway_app;
comment on function app.system_revoke_oauth_grant(text,text,jsonb) is 'Ends a grant and with it every token of it, from the next request on.';

CREATE OR REPLACE FUNCTION app.system_revoke_own_executor(executor text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when app.administers() then app.end_executor(app.tenant_id(), executor)
              else jsonb_build_object('ok', false, 'code', 'insufficient_role') end
$function$;
alter function app.system_revoke_own_executor(text) owner to causeway_keeper;
grant execute on function app.system_revoke_own_executor(text) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_revoke_token(token_id text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  revoked record;
begin
  update app.api_tokens as k set revoked_at = clock_timestamp()
   where k.tenant_id = app.tenant_id() and k.token_id = system_revoke_token.token_id and k.revoked_at is null
     and app.is_in_session()
     and (k.user_id = app.user_id() or app.role_rank(app.role()) >= app.role_rank('admin'))
   returning k.user_id, k.name into revoked;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  perform app.audit('token.revoke', 'token', token_id, 'ok', jsonb_build_object('user', revoked.user_id, 'name', revoked.name));
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_revoke_token(text) owner to causeway_keeper;
grant execute on function app.system_revoke_token(text) to causeway_app;
comment on function app.system_revoke_token(text) is 'Ends a token of the acting person; an admin may end anybody''s of the tenant. Refuses with not_found.';

CREATE OR REPLACE FUNCTION app.system_rotate_executor_key(executor text, old_key text, new_key text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  target record;
begin
  update app.executors as e set public_key = new_key
    from app.pools as p
   where e.executor_id = executor and e.public_key = old_key and e.revoked_at is null and p.pool_id = e.pool_id
   returning e.pool_id, p.owner_tenant into target;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'unauthenticated');
  end if;
  if new_key <> old_key then
    perform app.note_platform_event('executor.rotate_key', 'executor', executor, jsonb_build_object('public_key', new_key), call);
    if target.owner_tenant is not null then
      insert into app.audit_events (tenant_id, credential_kind, credential_id, action, target_kind, target_id, outcome, details)
      values (target.owner_tenant, 'executor', executor, 'executor.rotate_key', 'executor', executor, 'ok',
              jsonb_build_object('public_key', new_key));
    end if;
  end if;
  return jsonb_build_object('ok', true, 'pool', target.pool_id);
end
$function$;
alter function app.system_rotate_executor_key(text,text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_rotate_executor_key(text,text,text,jsonb) to causeway_app;
comment on function app.system_rotate_executor_key(text,text,text,jsonb) is 'Another key for an executor that still has the old one. Of two changes at once one holds, and the other is refused.';

CREATE OR REPLACE FUNCTION app.system_rotate_oauth_refresh_token(token_sha256 text, next_sha256 text, successor text, lifetime interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  spent record;
begin
  update app.oauth_refresh_tokens as r set used_at = clock_timestamp(), successor = system_rotate_oauth_refresh_token.successor
    from app.oauth_grants as g
   where r.token_sha256 = system_rotate_oauth_refresh_token.token_sha256 and r.used_at is null and r.expires_at > clock_timestamp()
     and g.tenant_id = r.tenant_id and g.grant_id = r.grant_id and g.revoked_at is null and g.expires_at > clock_timestamp()
   returning r.tenant_id, r.grant_id, r.generation into spent;
  if not found then
    return jsonb_build_object('ok', false);
  end if;
  insert into app.oauth_refresh_tokens (tenant_id, token_sha256, grant_id, generation, expires_at)
  values (spent.tenant_id, next_sha256, spent.grant_id, spent.generation + 1, clock_timestamp() + lifetime);
  update app.oauth_grants as g set last_used_at = clock_timestamp()
   where g.tenant_id = spent.tenant_id and g.grant_id = spent.grant_id;
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_rotate_oauth_refresh_token(text,text,text,interval) owner to causeway_keeper;
grant execute on function app.system_rotate_oauth_refresh_token(text,text,text,interval) to causeway_app;
comment on function app.system_rotate_oauth_refresh_token(text,text,text,interval) is 'Exchanges a refresh token for its successor, once. With ok false nothing changed: look again and judge again.';

CREATE OR REPLACE FUNCTION app.system_rotate_token(token_id text, new_token_id text, argon2id_hash text, overlap interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  old app.api_tokens;
  successor app.api_tokens;
  old_until timestamptz;
  refusal jsonb;
begin
  select k.* into old from app.api_tokens as k
   where k.tenant_id = app.tenant_id() and k.token_id = system_rotate_token.token_id and k.user_id = app.user_id()
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
     for update;
  if not found or not app.hold_own_membership() then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  elsif old.successor_id is not null then
    return jsonb_build_object('ok', false, 'code', 'already_exists', 'details', jsonb_build_object('successor', old.successor_id));
  end if;
  -- The successor may do what the old one may, whatever that comes to consist of, and lives as long as it was to live.
  successor := old;
  successor.token_id := new_token_id;
  successor.argon2id_hash := system_rotate_token.argon2id_hash;
  successor.created_at := now();
  successor.expires_at := now() + (old.expires_at - old.created_at);
  refusal := app.token_lifetime_refusal(old.tenant_id, successor.expires_at);
  if refusal is not null then
    return refusal || '{"code": "invalid_arguments"}';
  end if;
  old_until := least(old.expires_at, now() + overlap);
  insert into app.api_tokens select successor.*;
  update app.api_tokens as k set expires_at = old_until, successor_id = new_token_id
   where k.tenant_id = old.tenant_id and k.token_id = old.token_id;
  perform app.audit('token.rotate', 'token', old.token_id, 'ok',
                    jsonb_build_object('successor', new_token_id, 'old_until', old_until, 'expires_at', successor.expires_at));
  return jsonb_build_object('ok', true, 'name', old.name, 'old_until', old_until, 'expires_at', successor.expires_at);
end
$function$;
alter function app.system_rotate_token(text,text,text,interval) owner to causeway_keeper;
grant execute on function app.system_rotate_token(text,text,text,interval) to causeway_app;
comment on function app.system_rotate_token(text,text,text,interval) is 'Gives a living token of the acting person a successor, and ends the old one after the overlap. Refuses with not_found, already_exists (rotated before) or invalid_arguments (details: seconds_max).';

CREATE OR REPLACE FUNCTION app.system_runs_to_stop(tenant text, runs_max integer)
 RETURNS TABLE(run_id text, pool_id text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  select r.run_id, r.pool_id from app.runs as r join app.tenants as t using (tenant_id)
   where r.tenant_id = tenant and t.status <> 'active' and r.state = 'queued' order by r.run_id limit runs_max
$function$;
alter function app.system_runs_to_stop(text,integer) owner to causeway_keeper;
grant execute on function app.system_runs_to_stop(text,integer) to causeway_app;
comment on function app.system_runs_to_stop(text,integer) is 'Unfinished runs of a tenant that may not act.';

CREATE OR REPLACE FUNCTION app.system_scan_secrets(rows_max bigint)
 RETURNS TABLE(severity text, code text, object text, message text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  place record;
  wrong bigint;
begin
  for place in select * from app.secret_columns() as s where s.is_seen and (rows_max is null or s.rows_estimate <= rows_max) loop
    execute format('select count(*) from %s where %I::text !~ %L', place.relation, place.column_name,
      case place.form
        when 'envelope' then '^v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{38,}$'
        when 'argon2id' then '^\$argon2id\$v=19\$m=[0-9]{4,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,128}$'
        else '^[0-9a-f]{64}$'
      end) into wrong;
    if wrong > 0 then
      severity := 'error';
      code := 'secret_in_the_clear';
      object := place.relation || '.' || place.column_name;
      message := format('%s rows of %s hold something else than an %s in %s: find out who wrote it, treat it as known to others, and remove it.',
                        wrong, place.relation, place.form, place.column_name);
      return next;
    end if;
  end loop;
end
$function$;
alter function app.system_scan_secrets(bigint) owner to causeway_keeper;
grant execute on function app.system_scan_secrets(bigint) to causeway_app;
grant execute on function app.system_scan_secrets(bigint) to causeway_owner;
comment on function app.system_scan_secrets(bigint) is 'Looks into every row of each column for a secret, of tables of at most rows_max rows (null: of all), as a role that sees all rows.';

CREATE OR REPLACE FUNCTION app.system_seal_audit(events_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.system_seal_audit(integer) owner to causeway_keeper;
grant execute on function app.system_seal_audit(integer) to causeway_app;
grant execute on function app.system_seal_audit(integer) to causeway_owner;
comment on function app.system_seal_audit(integer) is 'Gives waiting events of all tenants, at most so many, their leaves. Returns how many it sealed.';

CREATE OR REPLACE FUNCTION app.system_search_audit(filter jsonb, after_event_id text, rows_max integer)
 RETURNS TABLE(event_id text, occurred_at timestamp with time zone, user_id text, user_name text, credential_kind text, credential_id text, credential_name text, client_id text, action text, target_kind text, target_id text, outcome text, request_id text, trace_id text, address text, user_agent text, input_sha256 text, input_bytes integer, details jsonb, leaf_index bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with behind as (
    select b.occurred_at, b.event_id from app.audit_events as b
     where b.tenant_id = (select app.tenant_id()) and b.event_id = after_event_id
  ), page as (
    (select e.* from app.matching_audit(filter) as e
      where not coalesce((filter ->> 'oldest_first')::boolean, false)
        and (after_event_id is null or (e.occurred_at, e.event_id::text) < (select occurred_at, event_id::text from behind))
      order by e.occurred_at desc, e.event_id desc limit rows_max)
    union all
    (select e.* from app.matching_audit(filter) as e
      where coalesce((filter ->> 'oldest_first')::boolean, false)
        and (after_event_id is null or (e.occurred_at, e.event_id::text) > (select occurred_at, event_id::text from behind))
      order by e.occurred_at, e.event_id limit rows_max)
  )
  select p.event_id, p.occurred_at, p.actor_user_id, u.name, p.credential_kind, p.credential_id,
         coalesce((select k.name from app.api_tokens as k where k.tenant_id = p.tenant_id and k.token_id = p.credential_id),
                  (select coalesce(c.name, g.client_id)
                     from app.oauth_grants as g left join app.oauth_clients as c using (client_id)
                    where g.tenant_id = p.tenant_id and g.grant_id = p.credential_id)),
         p.client_id, p.action, p.target_kind, p.target_id, p.outcome, p.request_id, p.trace_id, host(p.address), p.user_agent,
         p.input_sha256, p.input_bytes, p.details,
         (select s.leaf_index from app.audit_seals as s where s.tenant_id = p.tenant_id and s.event_id = p.event_id)
    from page as p left join app.users as u on u.user_id = p.actor_user_id
   order by case when (filter ->> 'oldest_first')::boolean then p.occurred_at end,
            case when (filter ->> 'oldest_first')::boolean then p.event_id end, p.occurred_at desc, p.event_id desc
$function$;
alter function app.system_search_audit(jsonb,text,integer) owner to causeway_keeper;
grant execute on function app.system_search_audit(jsonb,text,integer) to causeway_app;
comment on function app.system_search_audit(jsonb,text,integer) is 'Audit events of the entered tenant for an admin in a session, newest first unless filter.oldest_first: `filter` is {user, credential, client, action (or its beginning with a point), target, outcome, request, trace, from, until, oldest_first}.';

CREATE OR REPLACE FUNCTION app.system_set_agent_sees(project text, name text, agent_sees text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  refusal jsonb;
  held record;
  runs integer := 0;
begin
  perform app.lock_sight(project, true);
  refusal := app.project_change_refusal(project);
  if refusal is not null then return refusal; end if;
  select d.source_id, d.agent_sees, d.full_said into held
    from app.data_sources as d where d.tenant_id = app.tenant_id() and d.project_id = project and d.name = name;
  if not found then
    return '{"ok": false, "code": "not_found", "details": {"kind": "source"}}';
  elsif held.agent_sees = agent_sees and (agent_sees = 'schema_only' or held.full_said) then
    return '{"ok": true, "changed": false}';
  end if;
  if agent_sees = 'schema_only' then
    runs := app.withhold(project, held.source_id);
  else
    update app.data_sources as d set agent_sees = 'full', full_said = true
     where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = held.source_id;
  end if;
  perform app.audit('data.agent_sees', 'data_source', held.source_id, 'ok', jsonb_build_object(
    'project', project, 'name', name, 'agent_sees', agent_sees, 'before', held.agent_sees, 'runs', runs));
  return '{"ok": true, "changed": true}';
end
$function$;
alter function app.system_set_agent_sees(text,text,text) owner to causeway_keeper;
grant execute on function app.system_set_agent_sees(text,text,text) to causeway_app;
comment on function app.system_set_agent_sees(text,text,text) is 'Says what agents see of a source, by a signed-in owner of the project or admin of the tenant. Refuses with not_found (details.kind: project or source) or insufficient_role.';

CREATE OR REPLACE FUNCTION app.system_set_default_agent_sees(project text, agent_sees text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  refusal jsonb;
begin
  if project is null then
    if not app.administers() then return '{"ok": false, "code": "insufficient_role"}'; end if;
    update app.tenants as t set agent_sees = agent_sees where t.tenant_id = app.tenant_id();
  else
    refusal := app.project_change_refusal(project);
    if refusal is not null then return refusal; end if;
    update app.projects as p set agent_sees = agent_sees where p.tenant_id = app.tenant_id() and p.project_id = project;
  end if;
  -- The later word holds.
  if agent_sees = 'schema_only' then
    update app.data_sources as d set full_said = false
     where d.tenant_id = app.tenant_id() and (project is null or d.project_id = project) and d.full_said;
  end if;
  perform app.audit('data.default_agent_sees', case when project is null then 'tenant' else 'project' end,
                    coalesce(project, app.tenant_id()), 'ok', jsonb_build_object('agent_sees', agent_sees));
  return '{"ok": true, "changed": true}';
end
$function$;
alter function app.system_set_default_agent_sees(text,text) owner to causeway_keeper;
grant execute on function app.system_set_default_agent_sees(text,text) to causeway_app;
comment on function app.system_set_default_agent_sees(text,text) is 'Says what agents see of sources that come: of a project by its owners and the tenant''s admins, of all (NULL) by admins, signed in.';

CREATE OR REPLACE FUNCTION app.system_set_member_role(user_id text, role text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  verdict constant jsonb := app.judge_member_change(user_id, role);
begin
  if not (verdict ->> 'ok')::boolean or verdict ->> 'role' = role then
    return verdict;
  end if;
  update app.memberships as m set role = system_set_member_role.role
   where m.tenant_id = app.tenant_id() and m.user_id = system_set_member_role.user_id;
  perform app.end_invitations_to(app.tenant_id(), user_id);
  perform app.audit('member.role', 'user', user_id, 'ok', jsonb_build_object('from', verdict ->> 'role', 'to', role));
  return verdict;
end
$function$;
alter function app.system_set_member_role(text,text) owner to causeway_keeper;
grant execute on function app.system_set_member_role(text,text) to causeway_app;
comment on function app.system_set_member_role(text,text) is 'Gives a member of the entered tenant another role, by an admin up to admin, by an owner any. Refuses with insufficient_role, not_found or last_owner.';

CREATE OR REPLACE FUNCTION app.system_set_project_member(project text, member text, role text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  refusal constant jsonb := app.project_change_refusal(project);
  before text;
begin
  if refusal is not null then return refusal; end if;
  -- Held until the end: who is removed at the same moment gets no role that a later membership would wake.
  perform from app.memberships as t
    where t.tenant_id = app.tenant_id() and t.user_id = member and t.status = 'active' for share;
  if not found then
    return '{"ok": false, "code": "not_found", "details": {"kind": "member"}}';
  end if;
  select m.role into before from app.project_members as m
   where m.tenant_id = app.tenant_id() and m.project_id = project and m.user_id = member;
  if before = role then
    return '{"ok": true, "changed": false}';
  end if;
  if before = 'owner' and app.other_project_owners(project, member) = 0 then
    return '{"ok": false, "code": "last_owner"}';
  end if;
  insert into app.project_members as m (tenant_id, project_id, user_id, role, created_by)
  values (app.tenant_id(), project, member, role, app.user_id())
  on conflict on constraint project_members_pkey do update set role = excluded.role;
  perform app.audit('project.set_member', 'project', project, 'ok',
                    jsonb_build_object('user', member, 'role', role, 'before', before));
  return '{"ok": true, "changed": true}';
end
$function$;
alter function app.system_set_project_member(text,text,text) owner to causeway_keeper;
grant execute on function app.system_set_project_member(text,text,text) to causeway_app;
comment on function app.system_set_project_member(text,text,text) is 'Gives a member of the tenant a role on a project, or another one. Refuses with not_found (details.kind: project or member), insufficient_role or last_owner.';

CREATE OR REPLACE FUNCTION app.system_set_retention(wanted jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not (app.is_in_session() and app.role() = 'owner') then
    perform app.audit('tenant.set_retention', 'tenant', app.tenant_id(), 'refused', jsonb_build_object('code', 'insufficient_role'));
    return jsonb_build_object('ok', false, 'code', 'insufficient_role');
  end if;
  perform app.change_retention(app.tenant_id(), wanted);
  perform app.audit('tenant.set_retention', 'tenant', app.tenant_id(), 'ok', wanted);
  return jsonb_build_object('ok', true, 'retention', app.retention_of(app.tenant_id()));
end
$function$;
alter function app.system_set_retention(jsonb) owner to causeway_keeper;
grant execute on function app.system_set_retention(jsonb) to causeway_app;
comment on function app.system_set_retention(jsonb) is 'app.change_retention of the entered tenant, for an owner in a session.';

CREATE OR REPLACE FUNCTION app.system_settle_audit_sink(tenant text, sink text, from_leaf bigint, until_leaf bigint, failure text, attempts_max integer, pause_seconds integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  failed integer;
begin
  perform app.refuse_inside_tenant();
  select s.failures + 1 into failed from app.audit_sinks as s
   where s.tenant_id = tenant and s.sink_id = sink and s.next_leaf = from_leaf for update;
  if not found then
    return;
  end if;
  if failure is not null and failed < attempts_max then
    update app.audit_sinks as s
       set failures = failed, last_failure = failure,
           next_attempt_at = clock_timestamp() + make_interval(secs => least(3600, 30 * power(2, least(failed - 1, 10))))
     where s.tenant_id = tenant and s.sink_id = sink;
    return;
  end if;
  if failure is not null then
    insert into app.audit_dead_letters (tenant_id, sink_id, from_leaf, until_leaf, reason)
    values (tenant, sink, from_leaf, until_leaf, failure);
  end if;
  update app.audit_sinks as s
     set next_leaf = until_leaf, failures = 0, last_failure = failure,
         next_attempt_at = clock_timestamp() + make_interval(secs => pause_seconds)
   where s.tenant_id = tenant and s.sink_id = sink;
end
$function$;
alter function app.system_settle_audit_sink(text,text,bigint,bigint,text,integer,integer) owner to causeway_keeper;
grant execute on function app.system_settle_audit_sink(text,text,bigint,bigint,text,integer,integer) to causeway_app;
comment on function app.system_settle_audit_sink(text,text,bigint,bigint,text,integer,integer) is 'What became of a batch: taken where `failure` is NULL, and the next one leaves after the pause; else to be tried again later, or after so many attempts a dead letter.';

CREATE OR REPLACE FUNCTION app.system_settle_blobs(settled jsonb)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  with given as (
    select s.tenant, s.sha256, s.became from jsonb_to_recordset(settled) as s (tenant text, sha256 text, became text)
  ), done as (
    delete from app.blobs_to_seal as b using given as g
     where b.tenant_id = g.tenant and b.sha256 = g.sha256 and g.became = 'sealed'
  )
  update app.blobs_to_seal as b
     set asked_at = clock_timestamp(), damaged_at = case g.became when 'damaged' then clock_timestamp() end
    from given as g
   where b.tenant_id = g.tenant and b.sha256 = g.sha256 and g.became <> 'sealed'
$function$;
alter function app.system_settle_blobs(jsonb) owner to causeway_keeper;
grant execute on function app.system_settle_blobs(jsonb) to causeway_app;
comment on function app.system_settle_blobs(jsonb) is 'What became of blobs that waited: [{tenant, sha256, became: sealed, damaged or failed}].';

CREATE OR REPLACE FUNCTION app.system_settle_dead_letter(tenant text, sink text, from_leaf bigint, failure text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  update app.audit_dead_letters as d
     set sent_at = case when failure is null then clock_timestamp() end, resend_at = null, reason = coalesce(failure, d.reason)
   where d.tenant_id = tenant and d.sink_id = sink and d.from_leaf = from_leaf and d.sent_at is null;
end
$function$;
alter function app.system_settle_dead_letter(text,text,bigint,text) owner to causeway_keeper;
grant execute on function app.system_settle_dead_letter(text,text,bigint,text) to causeway_app;
comment on function app.system_settle_dead_letter(text,text,bigint,text) is 'What became of a dead letter that was sent again: taken where `failure` is NULL, else it waits to be asked for once more.';

CREATE OR REPLACE FUNCTION app.system_settle_removed(tenant text, removed text[], stayed text[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  perform app.refuse_inside_tenant();
  delete from app.blobs_to_remove as b where b.tenant_id = tenant and b.sha256 = any (removed) and b.claimed_at is not null;
  delete from app.blobs_to_seal as b where b.tenant_id = tenant and b.sha256 = any (removed);
  update app.blobs_to_remove as b set claimed_at = null, unnamed_at = null, found_at = clock_timestamp()
   where b.tenant_id = tenant and b.sha256 = any (stayed) and b.claimed_at is not null;
  if cardinality(removed) > 0 and exists (select from app.tenants as t where t.tenant_id = tenant and t.status <> 'erasing') then
    perform app.require_open_log(tenant);
    perform app.audit_person(tenant, null, 'system', 'tenant.remove_blobs', 'tenant', tenant, jsonb_build_object('blobs', cardinality(removed)));
  end if;
end
$function$;
alter function app.system_settle_removed(text,text[],text[]) owner to causeway_keeper;
grant execute on function app.system_settle_removed(text,text[],text[]) to causeway_app;
comment on function app.system_settle_removed(text,text[],text[]) is 'What became of blobs that were claimed: removed, or (stored anew just before) not.';

CREATE OR REPLACE FUNCTION app.system_start_oauth_device(device_code_sha256 text, user_code_sha256 text, client_id text, scopes text[], resource text, lifetime interval)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app.oauth_devices (device_code_sha256, user_code_sha256, client_id, scopes, resource, expires_at)
  values (device_code_sha256, user_code_sha256, client_id, scopes, resource, clock_timestamp() + lifetime)
$function$;
alter function app.system_start_oauth_device(text,text,text,text[],text,interval) owner to causeway_keeper;
grant execute on function app.system_start_oauth_device(text,text,text,text[],text,interval) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_store_oauth_client(client_id text, origin text, name text, metadata jsonb, secret_sha256 text, lifetime interval)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  if origin not in ('registered', 'document') or (client_id like 'https://%' or client_id like 'http://%') <> (origin = 'document') then
    return jsonb_build_object('ok', false, 'code', 'invalid_arguments');
  end if;
  insert into app.oauth_clients (client_id, origin, name, metadata, secret_sha256, expires_at)
  values (client_id, origin, name, metadata, secret_sha256, clock_timestamp() + lifetime)
  on conflict on constraint oauth_clients_pkey do update
    set name = excluded.name, metadata = excluded.metadata, expires_at = excluded.expires_at
    where oauth_clients.origin = 'document';
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_store_oauth_client(text,text,text,jsonb,text,interval) owner to causeway_keeper;
grant execute on function app.system_store_oauth_client(text,text,text,jsonb,text,interval) to causeway_app;
comment on function app.system_store_oauth_client(text,text,text,jsonb,text,interval) is 'Stores a registration, or what a metadata document says now. A revoked client stays revoked.';

CREATE OR REPLACE FUNCTION app.system_sweep_oauth()
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  delete from app.oauth_devices where expires_at < clock_timestamp() - interval '1 hour';
  -- A spent code is kept as long as its second use would matter.
  delete from app.oauth_codes where expires_at < clock_timestamp() - interval '1 day';
  delete from app.oauth_refresh_tokens where expires_at < clock_timestamp() - interval '1 day';
  delete from app.oauth_clients as c
   where c.expires_at < clock_timestamp() - interval '1 day' and c.revoked_at is null
     and not exists (select from app.oauth_grants as g where g.client_id = c.client_id)
$function$;
alter function app.system_sweep_oauth() owner to causeway_keeper;
grant execute on function app.system_sweep_oauth() to causeway_app;
comment on function app.system_sweep_oauth() is 'Removes what can be exchanged for nothing any more.';

CREATE OR REPLACE FUNCTION app.system_sweep_people()
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  delete from app.login_failures where last_at < clock_timestamp() - interval '1 day' and locked_until < clock_timestamp();
  delete from app.sessions where greatest(expires_at, revoked_at) < clock_timestamp() - interval '30 days';
  delete from app.recovery_links where expires_at < clock_timestamp() - interval '30 days';
  delete from app.authentication_events
   where occurred_at < clock_timestamp() - case when user_id is null then interval '30 days' else interval '400 days' end;
$function$;
alter function app.system_sweep_people() owner to causeway_keeper;
grant execute on function app.system_sweep_people() to causeway_app;
comment on function app.system_sweep_people() is 'Forgets counters after a day, ended sessions and links after 30 days, attempts on unknown emails after 30 and others after 400 days.';

CREATE OR REPLACE FUNCTION app.system_sweep_pool(pool text, heard text[], older_than interval, runs_max integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  update app.executors as e
     set disconnected_at = case when e.executor_id = any (heard) then null else clock_timestamp() end
   where e.pool_id = pool and e.revoked_at is null and e.offer is not null
     and (e.disconnected_at is null) <> (e.executor_id = any (heard));
  return jsonb_build_object(
    'revoked', to_jsonb(array(select e.executor_id from app.executors as e
                               where e.pool_id = pool and e.executor_id = any (heard) and e.revoked_at is not null)),
    'cordoned', to_jsonb(array(select e.executor_id from app.executors as e
                                where e.pool_id = pool and e.executor_id = any (heard) and e.cordoned_at is not null)),
    'unfinished', (select coalesce(jsonb_agg(jsonb_build_object('tenant', r.tenant_id, 'run', r.run_id)), '[]')
                     from (select r.tenant_id, r.run_id from app.runs as r
                            where r.pool_id = pool and r.state = 'queued' and r.created_at < clock_timestamp() - older_than
                            order by r.created_at limit runs_max) as r));
end
$function$;
alter function app.system_sweep_pool(text,text[],interval,integer) owner to causeway_keeper;
grant execute on function app.system_sweep_pool(text,text[],interval,integer) to causeway_app;
comment on function app.system_sweep_pool(text,text[],interval,integer) is 'What a pool cannot know by itself: whom of those that it hears (`heard`) it may hear, and unfinished runs that it may have lost.';

CREATE OR REPLACE FUNCTION app.system_sweep_token_uses()
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with gone as (delete from app.token_uses where occurred_at < now() - interval '90 days' returning 1)
  select count(*) from gone
$function$;
alter function app.system_sweep_token_uses() owner to causeway_keeper;
grant execute on function app.system_sweep_token_uses() to causeway_app;
comment on function app.system_sweep_token_uses() is 'Forgets entries of the request log after 90 days.';

CREATE OR REPLACE FUNCTION app.system_sweep_uploads()
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with gone as (
    delete from app.uploads where received_at is null and expires_at < clock_timestamp() - interval '1 day' returning 1)
  select count(*) from gone
$function$;
alter function app.system_sweep_uploads() owner to causeway_keeper;
grant execute on function app.system_sweep_uploads() to causeway_app;
comment on function app.system_sweep_uploads() is 'Forgets uploads that never came, a day after their address expired.';

CREATE OR REPLACE FUNCTION app.system_take_back_tenant_deletion(cookie_sha256 text, tenant text, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person constant app.users := app.user_of_session(cookie_sha256);
begin
  -- What the operator asked for, the operator takes back.
  if not exists (select from app.memberships as m join app.tenant_deletions as d using (tenant_id)
                  where m.tenant_id = tenant and m.user_id = (person).user_id and m.status = 'active' and m.role = 'owner'
                    and d.requested_by is not null) then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  return app.close_deletion(tenant, (person).user_id, 'session', call);
end
$function$;
alter function app.system_take_back_tenant_deletion(text,text,jsonb) owner to causeway_keeper;
grant execute on function app.system_take_back_tenant_deletion(text,text,jsonb) to causeway_app;
comment on function app.system_take_back_tenant_deletion(text,text,jsonb) is 'For an owner, by the cookie of a session: takes back a deletion that waits. Refuses with not_found, deletion_began.';

CREATE OR REPLACE FUNCTION app.system_take_withheld_start(most integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  now_at constant timestamptz := clock_timestamp();
begin
  insert into app.withheld_starts as w (tenant_id, minute, starts) values (app.tenant_id(), date_trunc('minute', now_at), 1)
  on conflict (tenant_id) do update
     set minute = excluded.minute, starts = case when w.minute = excluded.minute then w.starts + 1 else 1 end
   where w.minute <> excluded.minute or w.starts < most;
  return case when found then null
              else ceil(extract(epoch from date_trunc('minute', now_at) + interval '1 minute' - now_at))::integer end;
end
$function$;
alter function app.system_take_withheld_start(integer) owner to causeway_keeper;
grant execute on function app.system_take_withheld_start(integer) to causeway_app;
comment on function app.system_take_withheld_start(integer) is 'Takes one of the starts on data that agents may not see which the entered tenant has a minute: NULL, or the seconds until there are more.';

CREATE OR REPLACE FUNCTION app.system_tenants_to_attend(tenants_max integer)
 RETURNS TABLE(tenant_id text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  (select d.tenant_id from app.tenant_deletions as d
    where (d.step = 'waiting' and d.due_at <= clock_timestamp()) or d.step not in ('waiting', 'done')
       or (d.step = 'done' and d.finished_at > clock_timestamp() - interval '1 hour')
    order by d.due_at limit tenants_max)
  union
  (select t.tenant_id from app.tenants as t join app.runs as r using (tenant_id)
    where t.status <> 'active' and r.state = 'queued' limit tenants_max)
  union
  (select p.tenant_id from app.purges as p
    where p.removed_at is null or p.removed_at > clock_timestamp() - interval '1 hour' limit tenants_max)
$function$;
alter function app.system_tenants_to_attend(integer) owner to causeway_keeper;
grant execute on function app.system_tenants_to_attend(integer) to causeway_app;
comment on function app.system_tenants_to_attend(integer) is 'Tenants whose deletion has work to do, and tenants that may not act and have runs that go on.';

CREATE OR REPLACE FUNCTION app.system_tenants_to_expire(tenants_max integer)
 RETURNS TABLE(tenant_id text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.refuse_inside_tenant();
  -- In no order: some of which each fails must not keep the others waiting.
  select t.tenant_id
    from app.tenants as t left join app.retention_sweeps as s using (tenant_id)
   where t.status = 'active' and (
           coalesce(s.swept_at, '-infinity') < clock_timestamp() - interval '1 day'
           or exists (select from app.blobs_to_remove as b
                       where b.tenant_id = t.tenant_id and b.claimed_at is null and b.unnamed_at > clock_timestamp() - interval '20 hours'))
   order by random() limit tenants_max
$function$;
alter function app.system_tenants_to_expire(integer) owner to causeway_keeper;
grant execute on function app.system_tenants_to_expire(integer) to causeway_app;

CREATE OR REPLACE FUNCTION app.system_use_recovery(link_sha256 text, new_hash text, session jsonb, call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  person app.users;
begin
  update app.recovery_links as r set used_at = clock_timestamp()
    from app.users as u
   where r.link_sha256 = system_use_recovery.link_sha256 and r.used_at is null and r.expires_at > clock_timestamp()
     and u.user_id = r.user_id and u.status = 'active'
  returning u.* into person;
  if not found then
    return jsonb_build_object('ok', false, 'code', 'not_found');
  end if;
  insert into app.passwords as p (user_id, argon2id_hash) values ((person).user_id, new_hash)
  on conflict (user_id) do update set argon2id_hash = new_hash, changed_at = clock_timestamp();
  perform app.end_sessions((person).user_id, null);
  delete from app.login_failures as f where f.subject = 'email:' || app.email_sha256((person).email);
  perform app.open_session((person).user_id, 'recovery', session, call);
  perform app.note_authentication((person).user_id, app.email_sha256((person).email), 'recovery', 'ok', call);
  perform app.tell_owners(person, 'recovery', 'recovery_used', call);
  return jsonb_build_object('ok', true);
end
$function$;
alter function app.system_use_recovery(text,text,jsonb,jsonb) owner to causeway_keeper;
grant execute on function app.system_use_recovery(text,text,jsonb,jsonb) to causeway_app;
comment on function app.system_use_recovery(text,text,jsonb,jsonb) is 'Spends a recovery link on a new password: every session ends, the lockout is lifted, all owners are told.';

CREATE OR REPLACE FUNCTION app.system_waiting_deletions(cookie_sha256 text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('tenantId', d.tenant_id, 'name', d.tenant_name, 'dueAt', d.due_at,
                                               'byOperator', d.requested_by is null) order by d.due_at), '[]')
    from app.tenant_deletions as d join app.memberships as m using (tenant_id)
   where d.step = 'waiting' and m.user_id = (app.user_of_session(cookie_sha256)).user_id and m.status = 'active' and m.role = 'owner'
$function$;
alter function app.system_waiting_deletions(text) owner to causeway_keeper;
grant execute on function app.system_waiting_deletions(text) to causeway_app;
comment on function app.system_waiting_deletions(text) is 'Tenants of which the person behind a session''s cookie is an owner, and that wait for their deletion.';

CREATE OR REPLACE FUNCTION app.system_withhold_source(project text, source text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
begin
  perform app.lock_sight(project, true);
  if coalesce(app.project_role_rank(app.role_in(project)) >= app.project_role_rank('editor'), false) then
    perform app.withhold(project, source);
  end if;
end
$function$;
alter function app.system_withhold_source(text,text) owner to causeway_keeper;
grant execute on function app.system_withhold_source(text,text) to causeway_app;
comment on function app.system_withhold_source(text,text) is 'Sets a source of a project that the entered call may write to schema_only, with all that was computed from it.';

CREATE OR REPLACE FUNCTION app.take_attempt_back(subject text, free integer)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  update app.login_failures as f
     set failures = greatest(f.failures - 1, 0),
         locked_until = case when f.failures - 1 < free then f.last_at else f.locked_until end
   where f.subject = take_attempt_back.subject
$function$;
alter function app.take_attempt_back(text,integer) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.take_back_tenant_deletion(tenant text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select app.close_deletion(tenant, null, 'operator', '{}') $function$;
alter function app.take_back_tenant_deletion(text) owner to causeway_keeper;
grant execute on function app.take_back_tenant_deletion(text) to causeway_owner;
comment on function app.take_back_tenant_deletion(text) is 'Takes a deletion back while it waits. Refuses with not_found, deletion_began.';

CREATE OR REPLACE FUNCTION app.tell_owners(person app.users, actor text, kind text, call jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select app.audit_person(m.tenant_id, case when actor = 'operator' then null else (person).user_id end, actor,
                          'person.' || kind, 'user', (person).user_id, '{}', call)
    from app.memberships as m where m.user_id = (person).user_id and m.status = 'active';
  insert into app.notices (user_id, kind, details)
  select distinct o.user_id, kind, jsonb_build_object('email', (person).email, 'name', (person).name)
    from app.memberships as m
    join app.memberships as o on o.tenant_id = m.tenant_id and o.role = 'owner' and o.status = 'active'
   where m.user_id = (person).user_id and m.status = 'active';
$function$;
alter function app.tell_owners(app.users,text,text,jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.tenant_clients()
 RETURNS TABLE(client_id text, name text, origin text, people bigint, agents bigint, last_used_at timestamp with time zone, blocked_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.tenant_clients() owner to causeway_resolver;
grant execute on function app.tenant_clients() to causeway_app;
comment on function app.tenant_clients() is 'The clients to which people of the entered tenant have given access that lasts, and those that are blocked; nothing for who does not administer it.';

CREATE OR REPLACE FUNCTION app.tenant_id()
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$ select app.context() ->> 'tenant' $function$;
alter function app.tenant_id() owner to causeway_owner;
grant execute on function app.tenant_id() to causeway_app;
grant execute on function app.tenant_id() to causeway_backup;
grant execute on function app.tenant_id() to causeway_keeper;
grant execute on function app.tenant_id() to causeway_resolver;
comment on function app.tenant_id() is 'The entered tenant, or NULL. Policies call it as (select app.tenant_id()): once a query, not once a row.';

CREATE OR REPLACE FUNCTION app.tenant_people()
 RETURNS TABLE(user_id text, name text, email text, role text, status text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select u.user_id, u.name, u.email, m.role, case when u.status = 'active' then m.status else u.status end
    from app.memberships as m join app.users as u using (user_id)
   where m.tenant_id = (select app.tenant_id())
$function$;
alter function app.tenant_people() owner to causeway_resolver;
grant execute on function app.tenant_people() to causeway_app;
comment on function app.tenant_people() is 'The people of the entered tenant, former ones too (old events name them).';

CREATE OR REPLACE FUNCTION app.tenant_tables()
 RETURNS TABLE(relation text, is_kept boolean, is_whole boolean, is_held boolean, holds boolean, depth integer)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with recursive tables as (
    select c.oid, format('%I.%I', s.nspname, c.relname) as relation
      from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where s.nspname = 'app' and c.relkind in ('r', 'p') and not c.relispartition
       and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
  ), refs as (
    select k.conrelid as child, k.confrelid as parent, k.condeferrable
      from pg_constraint k
     where k.contype = 'f' and k.conrelid in (select oid from tables) and k.confrelid in (select oid from tables)
  ), depths as (
    select oid, 0 as depth from tables
    union
    select r.parent, d.depth + 1 from depths d join refs r on r.child = d.oid
     where r.parent <> r.child and not r.condeferrable and d.depth < 40
  )
  select t.relation,
         t.relation in ('app.audit_seals', 'app.audit_heads', 'app.tenant_deletions'),
         exists (select from refs r where t.oid in (r.child, r.parent) and (r.condeferrable or r.child = r.parent)),
         exists (select from refs r where r.parent = t.oid and r.condeferrable),
         exists (select from refs r where r.child = t.oid and r.condeferrable),
         max(d.depth)
    from tables t join depths d using (oid)
   group by t.oid, t.relation
   order by 6, 3, 1
$function$;
alter function app.tenant_tables() owner to causeway_owner;
grant execute on function app.tenant_tables() to causeway_app;
grant execute on function app.tenant_tables() to causeway_keeper;
comment on function app.tenant_tables() is 'Every table of tenants, in an order in which a tenant''s rows can be deleted. is_kept: its rows outlive the tenant. is_whole: its rows refer to each other, or back and forth with another table (is_held by one that holds it), and go at once.';

CREATE OR REPLACE FUNCTION app.tenant_usage(quota text)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  tenant constant text := app.tenant_id();
begin
  case quota
    when 'projects' then
      return (select count(*) from app.projects as p where p.tenant_id = tenant and p.archived_at is null);
    when 'queued_runs' then
      return (select count(*) from app.runs as r where r.tenant_id = tenant and r.state = 'queued');
    when 'open_uploads' then
      return (select count(*) from app.uploads as u
               where u.tenant_id = tenant and u.received_at is null and u.expires_at > clock_timestamp());
  end case;
end
$function$;
alter function app.tenant_usage(text) owner to causeway_resolver;
grant execute on function app.tenant_usage(text) to causeway_app;
comment on function app.tenant_usage(text) is 'How much of a quota the whole tenant uses, what the call may not see too: a quota is the tenant''s.';

CREATE OR REPLACE FUNCTION app.text_array(list jsonb)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select case when jsonb_typeof(list) = 'array' then array(select jsonb_array_elements_text(list)) end $function$;
alter function app.text_array(jsonb) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.token_lifetime_refusal(tenant_id text, expires_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select jsonb_build_object('ok', false, 'code', 'token_lifetime_too_long',
                            'details', jsonb_build_object('seconds_max', extract(epoch from t.token_lifetime_max)))
    from app.tenants as t
   where t.tenant_id = token_lifetime_refusal.tenant_id
     and coalesce(token_lifetime_refusal.expires_at, 'infinity') > now() + t.token_lifetime_max
$function$;
alter function app.token_lifetime_refusal(text,timestamp with time zone) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.tree_root(tree text, first_leaf bigint, leaf_count bigint)
 RETURNS bytea
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function app.tree_root(text,bigint,bigint) owner to causeway_keeper;
comment on function app.tree_root(text,bigint,bigint) is 'The hash of a subtree: first_leaf is a multiple of the power of two that is not below leaf_count.';

CREATE OR REPLACE FUNCTION app.user_id()
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$ select app.context() ->> 'user' $function$;
alter function app.user_id() owner to causeway_owner;
grant execute on function app.user_id() to causeway_app;
grant execute on function app.user_id() to causeway_backup;
grant execute on function app.user_id() to causeway_keeper;
grant execute on function app.user_id() to causeway_resolver;
comment on function app.user_id() is 'The acting user, or NULL where an executor or the system acts.';

CREATE OR REPLACE FUNCTION app.user_of_session(cookie_sha256 text)
 RETURNS app.users
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select u from app.sessions as s join app.users as u using (user_id)
   where s.cookie_sha256 = user_of_session.cookie_sha256 and u.status = 'active'
     and app.is_session_alive(s.revoked_at, s.idle_until, s.expires_at, clock_timestamp())
$function$;
alter function app.user_of_session(text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.utc_text(moment timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $function$;
alter function app.utc_text(timestamp with time zone) owner to causeway_owner;
grant execute on function app.utc_text(timestamp with time zone) to causeway_app;
grant execute on function app.utc_text(timestamp with time zone) to causeway_keeper;
comment on function app.utc_text(timestamp with time zone) is 'RFC 3339 in UTC with whole seconds, as answers show times.';

CREATE OR REPLACE FUNCTION app.withhold(project text, source text)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  sources text[] := array[source];
  tightened text[];
  found_runs text[];
  total integer := 0;
begin
  loop
    with changed as (
      update app.data_sources as d set agent_sees = 'schema_only'
       where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = any (sources) and d.agent_sees = 'full'
      returning d.source_id)
    select array_agg(c.source_id::text) into tightened from changed as c;
    perform app.withhold_uploads(project, tightened);
    with changed as (
      update app.runs as r set withheld = true
       where r.tenant_id = app.tenant_id() and r.project_id = project and not r.withheld
         and exists (select from jsonb_array_elements(r.manifest -> 'data') as p where p ->> 'source' = any (sources))
      returning r.run_id)
    select array_agg(c.run_id::text) into found_runs from changed as c;
    exit when found_runs is null;
    total := total + cardinality(found_runs);
    with changed as (
      update app.data_snapshots as n set derived = true
       where n.tenant_id = app.tenant_id() and n.project_id = project and not n.derived
         and n.origin ->> 'kind' = 'run' and n.origin ->> 'run' = any (found_runs)
      returning n.source_id)
    select array_agg(distinct c.source_id::text) into sources from changed as c;
    exit when sources is null;
    update app.data_sources as d set derived = true
     where d.tenant_id = app.tenant_id() and d.project_id = project and d.source_id = any (sources) and not d.derived;
  end loop;
  return total;
end
$function$;
alter function app.withhold(text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.withhold_uploads(project text, sources text[])
 RETURNS void
 LANGUAGE sql
AS $function$
  update app.uploads as u set agent_sees = 'schema_only'
   where u.tenant_id = (select app.tenant_id()) and u.project_id = withhold_uploads.project and u.agent_sees = 'full'
     and (exists (
            select from app.data_sources as d
             where d.tenant_id = u.tenant_id and d.project_id = u.project_id and d.source_id = any (withhold_uploads.sources)
               and d.name = u.name)
          or exists (
            select from app.data_snapshots as n
             where n.tenant_id = u.tenant_id and n.project_id = u.project_id and n.source_id = any (withhold_uploads.sources)
               and (n.origin ->> 'upload' = u.upload_id or n.sha256 = u.received_sha256)))
$function$;
alter function app.withhold_uploads(text,text[]) owner to causeway_owner;
grant execute on function app.withhold_uploads(text,text[]) to causeway_app;
grant execute on function app.withhold_uploads(text,text[]) to causeway_keeper;

CREATE OR REPLACE FUNCTION app.without_log(outcome jsonb, mark text, message text)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select outcome || jsonb_build_object(
           'stdout', outcome -> 'stdout' || jsonb_build_object('inline', mark, 'sha256', null),
           'stderr', outcome -> 'stderr' || jsonb_build_object('inline', mark, 'sha256', null),
           'message', message,
           'error', case when jsonb_typeof(outcome -> 'error') = 'object' then outcome -> 'error' || jsonb_build_object('message', mark)
                         else 'null' end)
         || case when outcome ? 'progress'
                 then jsonb_build_object('progress', outcome -> 'progress' || '{"inline": "", "sha256": null}') else '{}' end
$function$;
alter function app.without_log(jsonb,text,text) owner to causeway_keeper;

CREATE OR REPLACE FUNCTION app.without_values(description jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select description || jsonb_build_object('sample', '[]'::jsonb, 'columns', (
    select coalesce(jsonb_agg(c.item - array['min', 'max', 'note'] order by c.at), '[]')
      from jsonb_array_elements(description -> 'columns') with ordinality as c (item, at)))
$function$;
alter function app.without_values(jsonb) owner to causeway_keeper;
comment on function app.without_values(jsonb) is 'The description of data without what stood in it: names, types and counts.';

CREATE OR REPLACE FUNCTION app.witness_request(old_size bigint)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('size', c.tree_size, 'note', c.note,
                            'proof', app.consistency_proof('deployment', old_size, c.tree_size))
    from app.audit_checkpoints as c order by c.tree_size desc limit 1
$function$;
alter function app.witness_request(bigint) owner to causeway_keeper;
grant execute on function app.witness_request(bigint) to causeway_owner;
comment on function app.witness_request(bigint) is 'The newest checkpoint, and that the tree of old_size is its beginning: {size, note, proof}.';

CREATE OR REPLACE FUNCTION app_private.audit_grant(tenant text, person text, grant_id text, action text, outcome text, details jsonb, call jsonb)
 RETURNS void
 LANGUAGE sql
AS $function$
  insert into app.audit_events (tenant_id, actor_user_id, credential_kind, credential_id, action, target_kind, target_id,
                                outcome, details, request_id, address, user_agent)
  values (tenant, person, 'oauth', grant_id, action, 'grant', grant_id, outcome, coalesce(details, '{}'),
          call ->> 'request', (call ->> 'address')::inet, left(call ->> 'agent', 500))
$function$;
alter function app_private.audit_grant(text,text,text,text,text,jsonb,jsonb) owner to causeway_owner;
grant execute on function app_private.audit_grant(text,text,text,text,text,jsonb,jsonb) to causeway_keeper;

CREATE OR REPLACE FUNCTION app_private.context_mac(payload text, inner_block bytea, outer_block bytea)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$
  select encode(sha256(outer_block || sha256(inner_block || convert_to(
    pg_backend_pid()::text || ':' || extract(epoch from transaction_timestamp())::text || ':' || payload, 'UTF8'))), 'hex')
$function$;
alter function app_private.context_mac(text,bytea,bytea) owner to causeway_owner;
grant execute on function app_private.context_mac(text,bytea,bytea) to causeway_resolver;

CREATE OR REPLACE FUNCTION app_private.create_id_domain(prefix text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  execute format(
    'create domain app.%I as text collate "C" constraint %I check (length(value) = 30 and value ~ %L)',
    prefix || '_id', prefix || '_id_form', '^' || prefix || '_[0-7][0-9a-hjkmnp-tv-z]+$'
  );
end
$function$;
alter function app_private.create_id_domain(text) owner to causeway_owner;
comment on function app_private.create_id_domain(text) is 'Makes the domain app.<prefix>_id.';

CREATE OR REPLACE FUNCTION app_private.give_to_keeper(target regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  execute format('create policy tenant_life_reads on %s for select to causeway_keeper using (true)', target);
  execute format(
    'create policy tenant_life_ends on %s for delete to causeway_keeper '
    'using (tenant_id in (select t.tenant_id from app.tenants as t where t.status = ''erasing''))', target
  );
  execute format('grant select, delete on %s to causeway_keeper', target);
end
$function$;
alter function app_private.give_to_keeper(regclass) owner to causeway_owner;
comment on function app_private.give_to_keeper(regclass) is 'Lets the keeper export rows of a table of tenants, and delete those of a tenant that is being erased.';

CREATE OR REPLACE FUNCTION app_private.grant_facts(g app.oauth_grants)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select jsonb_build_object(
    'tenant_id', (g).tenant_id, 'grant_id', (g).grant_id, 'user_id', (g).user_id, 'client_id', (g).client_id,
    'scopes', (g).scopes, 'resource', (g).resource, 'expires_at', extract(epoch from (g).expires_at),
    'alive', (g).revoked_at is null and (g).expires_at > clock_timestamp()
             and exists (select from app.oauth_clients as c where c.client_id = (g).client_id and c.revoked_at is null)
             and not app.blocks_client((g).tenant_id, (g).client_id)
             and exists (select from app.users as u join app.memberships as m using (user_id) join app.tenants as t using (tenant_id)
                          where u.user_id = (g).user_id and m.tenant_id = (g).tenant_id and u.status = 'active'
                            and m.status = 'active' and t.status = 'active'))
$function$;
alter function app_private.grant_facts(app.oauth_grants) owner to causeway_owner;
grant execute on function app_private.grant_facts(app.oauth_grants) to causeway_resolver;

CREATE OR REPLACE FUNCTION app_private.guard_by_project(target regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- Where the column may be NULL, a row without a project is a matter of the tenant alone.
  without_project constant text := case
    when (select a.attnotnull from pg_attribute as a where a.attrelid = target and a.attname = 'project_id') then ''
    else 'project_id is null or ' end;
  seen constant text := without_project ||
    '(project_id = any ((select app.reachable_projects())::text[])) is not false';
begin
  execute format(
    'create policy project on %s as restrictive for all to causeway_app using (%s) with check (%s)',
    target, seen, without_project || 'app.may_write(project_id)');
  execute format(
    'create policy project_delete on %s as restrictive for delete to causeway_app using (%s)',
    target, without_project || 'app.may_write(project_id)');
end
$function$;
alter function app_private.guard_by_project(regclass) owner to causeway_owner;
comment on function app_private.guard_by_project(regclass) is 'For a table with project_id: its rows are seen by whoever sees the project, and written by whoever may write it.';

CREATE OR REPLACE FUNCTION app_private.install_key(purpose text, slot smallint, key bytea)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into app_private.signing_keys (purpose, slot, inner_block, outer_block)
  values (purpose, slot, app_private.key_block(key, 54), app_private.key_block(key, 92))
  on conflict on constraint signing_keys_pkey do update
    set inner_block = excluded.inner_block, outer_block = excluded.outer_block, installed_at = now()
    where signing_keys.inner_block <> excluded.inner_block
$function$;
alter function app_private.install_key(text,smallint,bytea) owner to causeway_owner;
comment on function app_private.install_key(text,smallint,bytea) is 'Sets a signing key. The key is the raw bytes, at least 32 of them.';

CREATE OR REPLACE FUNCTION app_private.is_audit_event(event app.audit_events)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
begin
  return event.outcome in ('ok', 'refused', 'error')
     and length(event.action) <= 60 and event.action ~ '^[a-z_]+(\.[a-z_]+)+$'
     and length(event.target_kind) <= 60
     and jsonb_typeof(event.details) = 'object' and length(event.details::text) <= 16384
     -- What is not known is null.
     and coalesce(length(event.target_id) <= 300, true)
     and coalesce(length(event.client_id) <= 300, true)
     and coalesce(length(event.request_id) <= 100, true)
     and coalesce(length(event.user_agent) <= 500, true)
     and coalesce(length(event.trace_id) = 32 and event.trace_id ~ '^[0-9a-f]+$', true)
     and coalesce(length(event.input_sha256) = 64 and event.input_sha256 ~ '^[0-9a-f]+$', true)
     and coalesce(event.input_bytes >= 0, true);
end
$function$;
alter function app_private.is_audit_event(app.audit_events) owner to causeway_owner;
grant execute on function app_private.is_audit_event(app.audit_events) to causeway_app;
grant execute on function app_private.is_audit_event(app.audit_events) to causeway_keeper;

CREATE OR REPLACE FUNCTION app_private.key_block(key bytea, pad integer)
 RETURNS bytea
 LANGUAGE plpgsql
 IMMUTABLE STRICT
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  block bytea := case when length(key) > 64 then sha256(key) else key end;
begin
  block := block || decode(repeat('00', 64 - length(block)), 'hex');
  for i in 0 .. 63 loop
    block := set_byte(block, i, get_byte(block, i) # pad);
  end loop;
  return block;
end
$function$;
alter function app_private.key_block(bytea,integer) owner to causeway_owner;

CREATE OR REPLACE FUNCTION app_private.protect_table(target regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy tenant on %s for all to causeway_app '
    'using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()))', target
  );
  execute format('create policy backup on %s for select to causeway_backup using (true)', target);
  execute format('grant select on %s to causeway_backup', target);
  perform app_private.give_to_keeper(target);
end
$function$;
alter function app_private.protect_table(regclass) owner to causeway_owner;
comment on function app_private.protect_table(regclass) is 'Enables and forces row security on a table with tenant_id, with the policies `tenant`, `backup`, and those by which it ends with its tenant.';

CREATE OR REPLACE FUNCTION app_private.read_ticket(ticket text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  payload constant text := substr(ticket, 65);
  signed constant bytea := convert_to(payload, 'UTF8');
begin
  if exists (
    select from app_private.signing_keys as key
     where key.purpose = 'ticket'
       and sha256(convert_to(encode(sha256(key.outer_block || sha256(key.inner_block || signed)), 'hex'), 'UTF8'))
         = sha256(convert_to(left(ticket, 64), 'UTF8'))
  ) then
    return payload::jsonb;
  end if;
  return null;
end
$function$;
alter function app_private.read_ticket(text) owner to causeway_owner;
grant execute on function app_private.read_ticket(text) to causeway_resolver;

CREATE OR REPLACE FUNCTION app_private.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception '% on % is refused: the table is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end
$function$;
alter function app_private.refuse_change() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app_private.refuse_deleted_tenant()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from app.tenant_deletions as d where d.tenant_id = new.tenant_id and d.step <> 'waiting') then
    raise exception 'tenant % was deleted', new.tenant_id using errcode = 'CW005';
  end if;
  return new;
end
$function$;
alter function app_private.refuse_deleted_tenant() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app_private.refuse_entry(reason text, needed jsonb DEFAULT '[]'::jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  raise exception using
    errcode = 'CW001',
    message = 'entry refused: ' || reason,
    detail = jsonb_build_object('reason', reason, 'needed', needed)::text;
end
$function$;
alter function app_private.refuse_entry(text,jsonb) owner to causeway_owner;
grant execute on function app_private.refuse_entry(text,jsonb) to causeway_resolver;
comment on function app_private.refuse_entry(text,jsonb) is 'Raises CW001 with {reason, needed} in DETAIL: the whole batch dies before it did any work.';

CREATE OR REPLACE FUNCTION app_private.refuse_unforgettable()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if current_user <> 'causeway_keeper' or old.action <> 'access.refuse' or old.occurred_at >= clock_timestamp() - interval '400 days' then
    raise exception '% on % is refused: the table is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return old;
end
$function$;
alter function app_private.refuse_unforgettable() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app_private.refuse_unretained()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if current_user <> 'causeway_keeper' then
    raise exception '% on % is refused: the table is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$function$;
alter function app_private.refuse_unretained() owner to causeway_owner;

CREATE OR REPLACE FUNCTION app_private.secure_database()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to causeway_app, causeway_backup', current_database());
end
$function$;
alter function app_private.secure_database() owner to causeway_owner;
comment on function app_private.secure_database() is 'Takes CONNECT and TEMP from PUBLIC and gives CONNECT to the two logins.';
