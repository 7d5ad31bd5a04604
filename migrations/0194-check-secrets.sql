-- What may not stand in a column for a secret: found in the catalogue, and in the rows.

create function app.secret_columns() returns table (relation text, column_name text, form text, rows_estimate bigint, is_seen boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function app.secret_columns is 'Columns that hold a secret as an envelope or a hash, by their type.';

create function app.check_secret_columns()
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
      ('sha256', 'sha256_check', $form$(VALUE ~ '^[0-9a-f]{64}$'::text)$form$),
      ('sha256_hex', 'sha256_hex_form', $form$(VALUE ~ '^[0-9a-f]{64}$'::text)$form$)) as form (name, rule, expression)
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
comment on function app.check_secret_columns is 'Findings about columns for secrets; part of app.check_catalogue().';

grant execute on function app.secret_columns to causeway_keeper, causeway_app;
grant create on schema app to causeway_keeper;
set local role causeway_keeper;

create function app.system_scan_secrets(rows_max bigint)
returns table (severity text, code text, object text, message text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function app.system_scan_secrets is
  'Looks into every row of each column for a secret, of tables of at most rows_max rows (null: of all), as a role that sees all rows.';
grant execute on function app.system_scan_secrets to causeway_app, causeway_owner;
reset role;
revoke create on schema app from causeway_keeper;

-- The rows of a table of 50,000 take some 30 ms; larger ones are looked through by ./causeway migrate. What the first
-- check says of columns for secrets is said here, and more of it.
create or replace function app.check_catalogue()
returns table (severity text, code text, object text, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select * from app.check_tenancy() where code <> 'plaintext_secret' union all select * from app.check_project_guards()
  union all select * from app.check_secret_columns() union all select * from app.system_scan_secrets(50000) order by 1, 2, 3
$$;
grant execute on function app.check_secret_columns to causeway_app;
