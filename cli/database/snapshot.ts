import type pg from 'pg';
import type { Recipe } from '../../worker/keys/kek-source.ts';
import type { StoredKek } from '../../worker/keys/key-encryption-key.ts';
import { copyOut } from './copy-rows.ts';
import { withClient } from './with-client.ts';

/** A relation that holds rows, as the catalogue has it. */
export interface Relation {
  /** With its schema: `app.runs`. */
  readonly name: string;
  /** `pg_class.relkind`. */
  readonly kind: string;
  /** Without generated ones, which COPY neither gives nor takes. */
  readonly columns: readonly string[];
  /** Whether causeway_backup may read it. */
  readonly isReadable: boolean;
  /** Whether row security decides which rows are read. */
  readonly isGuarded: boolean;
  /** Policies on reading that bind causeway_backup. */
  readonly policies: readonly { readonly isPermissive: boolean; readonly isForAllRows: boolean }[];
}

export interface AppliedMigration {
  readonly name: string;
  readonly sha256: string;
}

/** The database at one moment, read by the role that reads everything and writes nothing. */
export interface Snapshot {
  /** By the database's clock. */
  readonly takenAt: Date;
  readonly migrations: readonly AppliedMigration[];
  readonly relations: readonly Relation[];
  /** The oldest first. */
  readonly keks: readonly StoredKek[];
  /** The newest that was signed; null where nothing was sealed so far. */
  readonly checkpoint: { readonly size: number; readonly note: string } | null;
  /** Rows of a table, a line each. */
  rows(table: Pick<Relation, 'name' | 'columns'>): AsyncIterable<Buffer>;
  /** Where blobs lie that rows of tenants name, and whether they were purged: `<tenant>/<sha256>`, tab, `t` or `f`, a line each, in order. */
  blobPaths(): AsyncIterable<Buffer>;
}

/** Text forms that every Postgres reads back as the same value. */
const FORMS = `
  set search_path = pg_catalog, pg_temp; set datestyle = 'ISO, YMD'; set timezone = 'UTC'; set intervalstyle = 'postgres';
  set bytea_output = 'hex'; set extra_float_digits = 1; set statement_timeout = 0; set lock_timeout = 0;
  set idle_in_transaction_session_timeout = 0`;

/** Sequences of identity columns go with their column, members of an extension with it. */
const RELATIONS = `
  select format('%I.%I', n.nspname, c.relname) as name, c.relkind as kind,
         array(select format('%I', a.attname) from pg_attribute as a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                order by a.attnum) as columns,
         has_schema_privilege('causeway_backup', n.oid, 'usage')
           and has_table_privilege('causeway_backup', c.oid, 'select') as "isReadable",
         c.relrowsecurity as "isGuarded",
         coalesce((select jsonb_agg(jsonb_build_object('isPermissive', p.polpermissive,
                                                       'isForAllRows', pg_get_expr(p.polqual, p.polrelid) = 'true'))
                     from pg_policy as p
                    where p.polrelid = c.oid and p.polcmd in ('r', '*')
                      and p.polroles && array[0::oid, to_regrole('causeway_backup')::oid]), '[]') as policies
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'm', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     and not exists (select from pg_depend as d
                      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i', 'e'))
   order by 1`;

/**
 * Where rows of a table name blobs: at a column, or at the key sha256 of its JSON, however deep, without the parameters of a run,
 * which are its caller's own.
 */
const BLOB_NAMES: Readonly<Record<string, string>> = {
  'app.trees':
    "select tenant_id, jsonb_path_query(files, 'strict $.**.sha256') #>> '{}' as sha256 from app.trees",
  'app.runs': `select tenant_id, jsonb_path_query(facts, 'strict $.**.sha256') #>> '{}'
                 from app.runs, unnest(array[manifest - 'parameters', outcome]) as facts`,
  'app.data_snapshots': 'select tenant_id, sha256 from app.data_snapshots',
  'app.uploads': 'select tenant_id, received_sha256 from app.uploads',
  'app.audit_copies':
    'select tenant_id || to_char(day, \'/"audit"/YYYY-MM-DD\'), copy_sha256 from app.audit_copies',
};

function blobPathsOf(relations: readonly Relation[]): string {
  const names = relations.flatMap(({ name }) => BLOB_NAMES[name] ?? []);
  // Databases of before migration 0231 have no purges.
  const isPurged = relations.some(({ name }) => name === 'app.purges')
    ? '(tenant_id, sha256) in (select tenant_id, purged_sha256 from app.purges)'
    : 'false';
  return `select distinct tenant_id || '/' || sha256, ${isPurged}
            from (${names.join(' union all ')}) as named (tenant_id, sha256)
           where sha256 ~ '^[0-9a-f]{64}$' order by 1`;
}

/**
 * Does `work` on a snapshot (repeatable read): all that is read in it was there at one moment, while everything is served.
 *
 * @param url a login that may become causeway_backup: causeway_owner, or one that was made for backups
 */
export function withSnapshot<Result>(
  url: string,
  work: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  return withClient(url, async (client) => {
    await client.query(FORMS);
    await client.query('begin isolation level repeatable read read only');
    // Before migration 0226 the owner alone knew which were applied.
    const [known] = await rowsOf<{ mayAsk: boolean }>(
      client,
      `select has_schema_privilege('causeway_backup', 'migrations', 'usage') as "mayAsk"`,
    );
    if (known?.mayAsk === true) await client.query('set local role causeway_backup');
    const migrations = await rowsOf<AppliedMigration>(
      client,
      'select name, sha256 from migrations.applied order by name collate "C"',
    );
    await client.query('set local role causeway_backup');
    return work(await snapshotOn(client, migrations));
  });
}

async function snapshotOn(client: pg.Client, migrations: readonly AppliedMigration[]): Promise<Snapshot> {
  const [clock] = await rowsOf<{ now: Date }>(client, 'select now()');
  if (clock === undefined) throw new Error('a database has a clock');
  const [checkpoint] = await rowsOf<{ size: string; note: string }>(
    client,
    'select tree_size as size, note from app.audit_checkpoints order by tree_size desc limit 1',
  );
  const relations = await rowsOf<Relation>(client, RELATIONS);
  return {
    takenAt: clock.now,
    migrations,
    relations,
    keks: await rowsOf<{ keyId: string; recipe: Recipe; canary: string }>(
      client,
      'select key_id as "keyId", recipe, canary from app.key_encryption_keys order by created_at, key_id',
    ),
    checkpoint: checkpoint === undefined ? null : { size: Number(checkpoint.size), note: checkpoint.note },
    rows: ({ name, columns }) => copyOut(client, `copy ${name} (${columns.join(', ')}) to stdout`),
    blobPaths: () => copyOut(client, `copy (${blobPathsOf(relations)}) to stdout`),
  };
}

async function rowsOf<Row extends object>(client: pg.Client, sql: string): Promise<Row[]> {
  return (await client.query<Row>(sql)).rows;
}

/** Records that a backup was taken: it reads what all tenants have. A database of before migration 0226 cannot. */
export async function recordBackup(
  url: string,
  id: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('set role causeway_backup');
    const { rows } = await client.query<{ known: boolean }>(
      "select to_regprocedure('app.record_backup(text, jsonb)') is not null as known",
    );
    if (rows[0]?.known !== true) return;
    await client.query('select app.record_backup($1, $2)', [id, JSON.stringify(details)]);
  });
}
