import type pg from 'pg';
import { withClient } from './with-client.ts';

export type ProvisionOptions = {
  /** A login that may create roles and databases: the cluster's superuser, or what a managed Postgres gives. */
  readonly adminUrl: string;
  readonly ownerPassword: string;
  /** Default `causeway`. */
  readonly database?: string;
};

const SET_CONFIG = 'set_config(text, text, boolean)';
const RESTRICTED_BUILTINS = [
  SET_CONFIG,
  'pg_cancel_backend(integer)',
  'pg_terminate_backend(integer, bigint)',
  'lo_creat(integer)',
  'lo_create(oid)',
  'lo_from_bytea(oid, bytea)',
];

/** An advisory lock number of ours: two provisioners of one cluster take turns. */
const PROVISION_LOCK = 7_021_901;

/**
 * Makes the login `causeway_owner` (CREATEROLE, no superuser) and the database that it owns, or brings its password up
 * to date. From here on migrations and the operator's command line need only the returned login.
 *
 * Where the admin is a superuser, some built-in functions are also taken from PUBLIC in that database: an extra,
 * because the signed context holds without it, and a managed Postgres does not allow it.
 *
 * @returns the connection string of `causeway_owner`. A secret.
 */
export async function provisionDatabase(options: ProvisionOptions): Promise<{ readonly ownerUrl: string }> {
  const database = options.database ?? 'causeway';
  const isSuperuser = await withClient(options.adminUrl, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [PROVISION_LOCK]);
    const { rows } = await admin.query<{ rolsuper: boolean }>(
      'select rolsuper from pg_roles where rolname = current_user',
    );
    const isSuperuser = rows[0]?.rolsuper === true;
    await ensureOwner(admin, options.ownerPassword);
    await ensureDatabase(admin, database, isSuperuser);
    return isSuperuser;
  });
  if (isSuperuser) await restrictBuiltins(urlOfDatabase(options.adminUrl, database));
  const owner = new URL(urlOfDatabase(options.adminUrl, database));
  owner.username = 'causeway_owner';
  owner.password = encodeURIComponent(options.ownerPassword);
  return { ownerUrl: owner.href };
}

/** The same login and server as `url`, another database. */
export function urlOfDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}

async function ensureOwner(admin: pg.Client, password: string): Promise<void> {
  const found = await admin.query("select from pg_roles where rolname = 'causeway_owner'");
  const verb =
    found.rowCount === 0 ? 'create role causeway_owner login createrole' : 'alter role causeway_owner';
  // Utility statements take no parameters, and the password must not reach the log as an error's statement text.
  await admin.query("set log_min_error_statement = 'panic'").catch(() => {});
  await admin.query(`${verb} password ${admin.escapeLiteral(password)}`);
}

async function ensureDatabase(admin: pg.Client, database: string, isSuperuser: boolean): Promise<void> {
  const found = await admin.query('select from pg_database where datname = $1', [database]);
  if (found.rowCount !== 0) return;
  // Who is no superuser must be able to become the owner to hand the database over.
  if (!isSuperuser) await admin.query('grant causeway_owner to current_user');
  await admin.query(
    `create database ${admin.escapeIdentifier(database)} owner causeway_owner encoding 'UTF8'`,
  );
}

/**
 * Takes from PUBLIC what an injection as the Worker's role could use to disturb: setting a context (it would not
 * verify, see migrations/0002), ending other sessions of the role, storing large objects.
 */
async function restrictBuiltins(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (admin) => {
    for (const name of RESTRICTED_BUILTINS) {
      await admin.query(`revoke execute on function pg_catalog.${name} from public`);
    }
    await admin.query(
      `grant execute on function pg_catalog.${SET_CONFIG} to causeway_owner with grant option`,
    );
  });
}
