import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { urlOfDatabase } from '../../cli/database/provision-database.ts';
import { startPostgres } from '../../cli/database/start-postgres.ts';
import { type PostgresHttp, startPostgresHttp } from '../../infra/postgres-http/server.ts';
import { createDatabase, type Database } from '../../worker/database/database.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { copyPreparedCluster, TEMPLATE_DATABASE } from './prepared-cluster.ts';

export type TestDatabase = {
  readonly name: string;
  /** Logins on this database: the Worker's, the migrating owner's, the superuser's. */
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  /** Postgres behind Neon's HTTP protocol, for settings DATABASE_URL (`appUrl`) and DATABASE_HTTP_URL. */
  readonly http: PostgresHttp;
  readonly port: number;
  readonly pid: number;
  /** Base64url, as the Worker's setting spells it. */
  readonly ticketKey: string;
  /** The Worker's own database client on this database; `onRequest` counts HTTP requests. */
  readonly open: (onRequest?: () => void) => Promise<Database>;
  /** Rows of one statement as the owner, the superuser or the Worker's role, over a connection of its own. */
  readonly asOwner: Ask;
  readonly asSuperuser: Ask;
  readonly asApp: Ask;
  /** A connection of the Worker's role, closed by {@link stop}. */
  readonly connectApp: () => Promise<pg.Client>;
  /** A second database from the same template, in the same server: a scratch to be spoiled. */
  readonly sibling: () => Promise<
    Pick<TestDatabase, 'name' | 'appUrl' | 'ownerUrl' | 'superuserUrl' | 'asOwner' | 'asSuperuser' | 'asApp'>
  >;
  readonly stop: () => Promise<void>;
};

export type Ask = (sql: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

/**
 * A Postgres server of this test file's own, with one migrated, empty database, behind postgres-http. Files share
 * nothing, so one may kill its server. Start it in `beforeAll`, stop it in `afterAll`.
 */
export async function startTestDatabase(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-database-'));
  chmodSync(folder, 0o755);
  const secrets = await copyPreparedCluster(folder);
  const postgres = await startPostgres({ stateFolder: folder, fsync: false });
  const http = await startPostgresHttp({ upstream: { host: '127.0.0.1', port: postgres.port } });
  const clients: pg.Client[] = [];
  let databases = 0;

  const logins = async () => {
    databases++;
    const name = `causeway_test_${databases}`;
    await copyTemplate(postgres.superuserUrl, name);
    const superuserUrl = urlOfDatabase(postgres.superuserUrl, name);
    const ownerUrl = urlOfLogin(superuserUrl, 'causeway_owner', secrets.ownerPassword);
    const appUrl = urlOfLogin(superuserUrl, 'causeway_app', secrets.appPassword);
    const asOwner = askAs(ownerUrl);
    await asOwner('select app_private.secure_database()');
    return {
      name,
      superuserUrl,
      ownerUrl,
      appUrl,
      asOwner,
      asSuperuser: askAs(superuserUrl),
      asApp: askAs(appUrl),
    };
  };

  const main = await logins();
  return {
    ...main,
    http,
    port: postgres.port,
    pid: postgres.pid,
    ticketKey: secrets.ticketKey,
    open: async (onRequest) =>
      createDatabase({
        connectionString: main.appUrl,
        endpoint: http.url,
        ticketKey: await importTicketKey(secrets.ticketKey),
        ...(onRequest ? { onRequest } : {}),
      }),
    connectApp: async () => {
      const client = await connect(main.appUrl);
      clients.push(client);
      return client;
    },
    sibling: logins,
    stop: async () => {
      await Promise.all(clients.map((client) => client.end()));
      await http.close();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function copyTemplate(superuserUrl: string, name: string): Promise<void> {
  await askAs(superuserUrl)(`create database ${name} template ${TEMPLATE_DATABASE} owner causeway_owner`);
}

function urlOfLogin(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = encodeURIComponent(password);
  return changed.href;
}

function askAs(url: string): Ask {
  return async (sql, values = []) => {
    const client = await connect(url);
    try {
      const { rows } = await client.query(sql, [...values]);
      return rows ?? [];
    } finally {
      await client.end();
    }
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A test may end the server under an idle connection; a running query rejects by itself.
  client.on('error', () => {});
  await client.connect();
  return client;
}
