-- What an id, a digest or a commit's id looks like, by its length and a pattern without a bounded repetition. Postgres builds the
-- automaton of a pattern anew each time that it is asked, and of `[0-9a-f]{64}` that is sixty-four states: 101,000 instructions a
-- digest where these are 7,000, and 37,000 an id where these are 10,000 (docs/performance.md). They take the same texts.

create or replace function app_private.create_id_domain(prefix text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format(
    'create domain app.%I as text collate "C" constraint %I check (length(value) = 30 and value ~ %L)',
    prefix || '_id', prefix || '_id_form', '^' || prefix || '_[0-7][0-9a-hjkmnp-tv-z]+$'
  );
end
$$;

-- Not validated, which would read every row: each one passed the same form. (Postgres could not: of app.prj_id there are arrays.)
do $$
declare
  prefix text;
begin
  foreach prefix in array '{ten,usr,tok,evt,prj,dat,upl,pol,exe,run,ses,inv,aev,ntc,gra,pev,snk}'::text[] loop
    execute format('alter domain app.%I drop constraint %I', prefix || '_id', prefix || '_id_form');
    execute format(
      'alter domain app.%I add constraint %I check (length(value) = 30 and value ~ %L) not valid',
      prefix || '_id', prefix || '_id_form', '^' || prefix || '_[0-7][0-9a-hjkmnp-tv-z]+$'
    );
  end loop;
end
$$;

-- Of secrets' columns the start-up check asks that the form was validated (app.check_secret_columns), so these are.
alter domain app.sha256 drop constraint sha256_check;
alter domain app.sha256 add constraint sha256_check check (length(value) = 64 and value ~ '^[0-9a-f]+$');
alter domain app.sha256_hex drop constraint sha256_hex_form;
alter domain app.sha256_hex add constraint sha256_hex_form check (length(value) = 64 and value ~ '^[0-9a-f]+$');
alter domain app.git_id drop constraint git_id_check;
alter domain app.git_id add constraint git_id_check check (length(value) = 40 and value ~ '^[0-9a-f]+$');

-- As it was, but for the form of a digest.
create or replace function app.check_secret_columns()
returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
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
$$;
