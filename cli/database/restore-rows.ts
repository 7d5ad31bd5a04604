import type pg from 'pg';
import { type AuditOperator, auditOperatorOn } from './audit-operator.ts';
import { copyIn } from './copy-rows.ts';
import { printSchemaOn } from './print-schema.ts';
import { withClient } from './with-client.ts';

/** Rows of one table as {@link copyIn} takes them. */
export interface TableRows {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** In the text format of COPY. */
  readonly read: () => AsyncIterable<Uint8Array>;
}

/** Rows that migrations put there; beside them each table is empty in a database that nobody used. */
const SEEDS: Readonly<Record<string, string>> = {
  'app.pools': "pool_id = 'pol_00000000000000000000000000'",
  'app.retention_defaults': 'true',
};

/** Names of tables that hold rows which no migration put there; empty where the database was never used, or not even migrated. */
export async function findUsedTables(ownerUrl: string): Promise<readonly string[]> {
  return withOwner(ownerUrl, async (client) => {
    const used: string[] = [];
    for (const name of await tablesOf(client)) {
      // Forced row security binds the owner; this role sees every row.
      await client.query('set role causeway_backup');
      const { rowCount } = await client.query(
        `select from ${name} where not (${SEEDS[name] ?? 'false'}) limit 1`,
      );
      if (rowCount !== 0) used.push(name);
    }
    return used;
  });
}

/**
 * Puts rows into the tables of a migrated, unused database, in one transaction: all of them, or nothing. Row security, triggers and
 * references are lifted meanwhile, under locks that let nobody else in, and the printed schema must be the same afterwards; what
 * the rows must keep to (types, checks, references) is checked for all of them. `prove` looks at the result before it holds.
 *
 * @throws what the rows break, or `prove` throws; then the database is as it was
 */
export async function restoreRows(
  ownerUrl: string,
  tables: readonly TableRows[],
  say: (doing: string) => void,
  prove: (operator: AuditOperator, tenants: readonly string[]) => Promise<void>,
): Promise<void> {
  await withOwner(ownerUrl, async (client) => {
    await client.query('begin');
    await client.query('set local statement_timeout = 0');
    const own = await tablesOf(client);
    requireSameTables(own, tables);
    await client.query(`lock table ${own.join(', ')} in access exclusive mode`);
    const schema = await printSchemaOn(client);
    const guards = await findGuards(client);
    for (const { lift } of guards) await client.query(lift);
    await client.query(`truncate ${own.join(', ')}`);
    for (const table of tables) {
      say(table.name);
      const sql = `copy ${table.name} (${table.columns.join(', ')}) from stdin`;
      const taken = await copyIn(client, sql, table.read());
      if (taken !== table.rows)
        throw new Error(`${table.name} took ${taken} rows where the backup counts ${table.rows}`);
    }
    await continueSequences(client);
    say('references');
    for (const { restore } of guards) await client.query(restore);
    if ((await printSchemaOn(client)) !== schema) throw new Error('the schema is not as it was before');
    await requireSoundCatalogue(client);
    say('audit log');
    // To prove is to export, which leaves an event; the log is to be as it was.
    await client.query('savepoint proving');
    await prove(auditOperatorOn(client), await tenantsOf(client));
    await client.query('rollback to savepoint proving');
    await client.query('commit');
  });
}

function withOwner<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  return withClient(url, async (client) => {
    await client.query('set search_path = pg_catalog, pg_temp');
    return work(client);
  });
}

/** The tables of schema app. */
async function tablesOf(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('app.%I', relname) as name from pg_class
      where relkind = 'r' and relnamespace = to_regnamespace('app') order by 1`,
  );
  return rows.map(({ name }) => name);
}

function requireSameTables(own: readonly string[], given: readonly TableRows[]): void {
  const names = new Set(given.map(({ name }) => name));
  const differing = [
    ...own.filter((name) => !names.has(name)),
    ...[...names].filter((name) => !own.includes(name)),
  ];
  if (differing.length > 0)
    throw new Error(`the backup and its migrations differ in tables: ${differing.join(', ')}`);
}

/**
 * What keeps rows out while they are copied, with the statements that lift it and bring it back, in the order of both: references
 * (tables refer to each other in circles; brought back they are checked for all rows), triggers, forced row security.
 */
const GUARDS = `
  select lift, restore from (
    select 1 as step,
           format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname) as lift,
           format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) as restore
      from pg_constraint as k where k.contype = 'f' and k.connamespace = to_regnamespace('app')
    union all
    select 2, format('alter table %s disable trigger %I', g.tgrelid::regclass, g.tgname),
           format('alter table %s enable %s trigger %I', g.tgrelid::regclass,
                  case g.tgenabled when 'A' then 'always' when 'R' then 'replica' else '' end, g.tgname)
      from pg_trigger as g join pg_class as c on c.oid = g.tgrelid
     where not g.tgisinternal and g.tgenabled <> 'D' and c.relnamespace = to_regnamespace('app')
    union all
    select 3, format('alter table %s no force row level security', c.oid::regclass),
           format('alter table %s force row level security', c.oid::regclass)
      from pg_class as c where c.relforcerowsecurity and c.relnamespace = to_regnamespace('app')
  ) as guards order by step, restore`;

async function findGuards(client: pg.Client) {
  return (await client.query<{ lift: string; restore: string }>(GUARDS)).rows;
}

/** What is numbered goes on behind the rows that are there. */
async function continueSequences(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(
    `select c.oid::regclass::text as table, format('%I', a.attname) as column,
            pg_get_serial_sequence(c.oid::regclass::text, a.attname) as sequence
       from pg_attribute as a join pg_class as c on c.oid = a.attrelid
      where a.attidentity <> '' and c.relnamespace = to_regnamespace('app')`,
  );
  for (const { table, column, sequence } of rows)
    await client.query(
      `select setval($1::regclass, coalesce(max(${column}), 1), max(${column}) is not null) from ${table}`,
      [sequence],
    );
}

async function requireSoundCatalogue(client: pg.Client): Promise<void> {
  const errors = await catalogueErrors(client);
  if (errors.length > 0) throw new Error(errors.join(' '));
}

async function catalogueErrors(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ message: string }>(
    "select message from app.check_catalogue() where severity = 'error'",
  );
  return rows.map(({ message }) => message);
}

/** Why a database must not be served: what breaks the rules of tenancy. */
export async function findCatalogueErrors(ownerUrl: string): Promise<readonly string[]> {
  return withOwner(ownerUrl, catalogueErrors);
}

async function tenantsOf(client: pg.Client): Promise<readonly string[]> {
  await client.query('set local role causeway_backup');
  const { rows } = await client.query<{ tenant: string }>(
    'select tenant_id as tenant from app.tenants order by 1',
  );
  await client.query('reset role');
  return rows.map(({ tenant }) => tenant);
}

/** Records whose backup the database was restored from. */
export async function recordRestore(
  ownerUrl: string,
  id: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  await withOwner(ownerUrl, (client) =>
    client.query('select app.record_restore($1, $2)', [id, JSON.stringify(details)]),
  );
}
