import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { withClient } from './with-client.ts';

export type MigrateOptions = {
  /** The login `causeway_owner` on the database to migrate. */
  readonly ownerUrl: string;
  /** Sets the password of the Worker's login `causeway_app` when given. */
  readonly appPassword?: string;
  /** The Worker's ticket keys, raw bytes, at least 32: the one in use, and the former one while it is rotated. */
  readonly ticketKeys?: { readonly current: Uint8Array; readonly previous?: Uint8Array };
  readonly folder?: string;
  /** The name of the last one to apply; absent: all. */
  readonly upTo?: string;
  /** Applies all that are pending in one transaction: where one fails, none was applied. */
  readonly isAllOrNothing?: boolean;
  readonly onProgress?: (message: string) => void;
};

export type MigrateResult = { readonly applied: readonly string[]; readonly unchanged: number };

type Migration = { readonly name: string; readonly sql: string; readonly sha256: string };

const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));
const FILE_NAME = /^\d{4}-[a-z0-9-]+\.sql$/;
const TICKET_KEY_BYTES_MIN = 32;
/** Held for the whole run: a second migrator of the same database waits. */
const MIGRATE_LOCK = 7_021_902;

/**
 * Applies `migrations/NNNN-what.sql` in order, each in a transaction of its own, forward only, and installs the secrets
 * that the database shares with the Worker. Running it again changes nothing.
 *
 * @throws Error naming the file when an applied migration was edited, is missing, or a new one fails
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { upTo } = options;
  const migrations = readMigrations(options.folder ?? MIGRATIONS_FOLDER).filter(
    ({ name }) => upTo === undefined || name <= upTo,
  );
  return withClient(options.ownerUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [MIGRATE_LOCK]);
    await client.query("set search_path = pg_catalog, pg_temp; set client_min_messages = 'warning'");
    await client.query(`
      create schema if not exists migrations;
      create table if not exists migrations.applied (
        name text primary key, sha256 text not null, applied_at timestamptz not null default now())`);
    const applied = await readApplied(client);
    checkHistory(migrations, applied);
    const pending = migrations.filter(({ name }) => !applied.has(name));
    await applyAll(client, pending, options);
    await client.query('select app_private.secure_database()');
    // At once: between two keys of a rotation the one before would verify nothing.
    await inTransaction(client, () => installSecrets(client, options));
    await scanSecrets(client);
    return { applied: pending.map(({ name }) => name), unchanged: migrations.length - pending.length };
  });
}

/** Looks for secrets in the clear in every row; the start-up check of the Worker looks into small tables alone. */
async function scanSecrets(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ message: string }>(
    "select message from app.system_scan_secrets(null) where to_regclass('app.tenant_keys') is not null",
  );
  if (rows.length > 0) throw new Error(rows.map(({ message }) => message).join('\n'));
}

/** The files in migrations/, in order. */
export function knownMigrations(): readonly Pick<Migration, 'name' | 'sha256'>[] {
  return readMigrations(MIGRATIONS_FOLDER);
}

/** Names of migrations that a database lacks, in order; changes nothing. @throws as {@link migrate} does before it changes anything */
export async function findPending(ownerUrl: string, folder = MIGRATIONS_FOLDER): Promise<readonly string[]> {
  const migrations = readMigrations(folder);
  const applied = await withClient(ownerUrl, readApplied);
  checkHistory(migrations, applied);
  return migrations.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
}

function readMigrations(folder: string): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const numbers = new Set<string>();
  return names.sort().map((name) => {
    const number = name.slice(0, 4);
    if (!FILE_NAME.test(name)) throw new Error(`migrations/${name} is not named NNNN-what.sql`);
    if (numbers.has(number)) throw new Error(`two migrations have the number ${number}`);
    numbers.add(number);
    const sql = readFileSync(join(folder, name), 'utf8');
    return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

async function readApplied(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows: found } = await client.query("select to_regclass('migrations.applied') as history");
  if (found[0]?.history === null) return new Map();
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from migrations.applied order by name',
  );
  return new Map(rows.map(({ name, sha256 }) => [name, sha256]));
}

function checkHistory(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const known = new Map(migrations.map(({ name, sha256 }) => [name, sha256]));
  for (const [name, sha256] of applied) {
    if (!known.has(name)) {
      throw new Error(
        `the database has migration ${name}, which this checkout does not: it was migrated by a newer version`,
      );
    }
    if (known.get(name) !== sha256) {
      throw new Error(
        `migrations/${name} was changed after it was applied: migrations are forward only, undo the edit and add a new file`,
      );
    }
  }
  const last = [...applied.keys()].at(-1) ?? '';
  const late = migrations.find(({ name }) => !applied.has(name) && name < last);
  if (late)
    throw new Error(`migrations/${late.name} sorts before ${last}, which is applied: give it a later number`);
}

async function applyAll(
  client: pg.Client,
  pending: readonly Migration[],
  { isAllOrNothing = false, onProgress }: MigrateOptions,
): Promise<void> {
  const transactions = isAllOrNothing ? [pending] : pending.map((migration) => [migration]);
  for (const migrations of transactions) {
    await inTransaction(client, async () => {
      for (const migration of migrations) {
        onProgress?.(`migrating: ${migration.name}`);
        await applyMigration(client, migration);
      }
    });
  }
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

async function applyMigration(client: pg.Client, { name, sql, sha256 }: Migration): Promise<void> {
  try {
    await client.query(sql);
    await client.query('reset role');
    await client.query('insert into migrations.applied (name, sha256) values ($1, $2)', [name, sha256]);
  } catch (error) {
    throw new Error(`migrations/${name}${placeOf(error, sql)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function placeOf(error: unknown, sql: string): string {
  const { position, where } = error as { position?: string; where?: string };
  if (position) return ` line ${sql.slice(0, Number(position)).split('\n').length}`;
  return where ? ` (${where.split('\n')[0]})` : '';
}

async function installSecrets(client: pg.Client, { appPassword, ticketKeys }: MigrateOptions): Promise<void> {
  if (appPassword !== undefined) {
    await client.query(`alter role causeway_app password ${client.escapeLiteral(appPassword)}`);
  }
  if (ticketKeys === undefined) return;
  const slots = [ticketKeys.current, ticketKeys.previous] as const;
  for (const [index, key] of slots.entries()) {
    if (key === undefined) {
      await client.query("delete from app_private.signing_keys where purpose = 'ticket' and slot = $1", [
        index + 1,
      ]);
      continue;
    }
    if (key.length < TICKET_KEY_BYTES_MIN)
      throw new Error(`a ticket key has at least ${TICKET_KEY_BYTES_MIN} bytes`);
    await client.query('select app_private.install_key($1, $2::smallint, $3)', [
      'ticket',
      index + 1,
      Buffer.from(key),
    ]);
  }
}
