import type { Socket } from 'node:net';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { type Credential, credentialKey } from './credential.ts';
import type { Limits } from './limits.ts';
import { RefusedError } from './sql-answer.ts';

export type Upstream = {
  readonly host: string;
  readonly port: number;
  /** Its certificate must be of that host, by this authority or by one that the system knows; null: without TLS. */
  readonly tls?: { readonly ca: string | null } | null;
};

/**
 * Connections to the one configured Postgres, kept apart by credential: a request only ever gets a connection that was
 * opened with the very user, password and database that it shows. Postgres decides whether they are right.
 */
export class Connections {
  readonly #upstream: Upstream;
  readonly #limits: Limits;
  /** Least recently used first. Only credentials with which a login succeeded stay. */
  readonly #pools = new Map<string, Pool>();
  readonly #firstLogins = new Map<string, Promise<Pool>>();

  constructor(upstream: Upstream, limits: Limits) {
    this.#upstream = upstream;
    this.#limits = limits;
  }

  /**
   * A clean connection of this credential. The caller gives it back by {@link giveBack}.
   *
   * @throws pg.DatabaseError where Postgres refuses the login, RefusedError where a bound is met
   */
  async acquire(credential: Credential): Promise<PoolClient> {
    const key = credentialKey(credential);
    const known = this.#pools.get(key);
    if (known === undefined) return this.#firstLogin(key, credential);
    this.#pools.delete(key);
    this.#pools.set(key, known);
    return connect(known, this.#limits);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
    this.#pools.clear();
  }

  /** Requests that show the same new credential at the same time share one login. */
  async #firstLogin(key: string, credential: Credential): Promise<PoolClient> {
    const running = this.#firstLogins.get(key);
    if (running !== undefined) return connect(await running, this.#limits);
    if (this.#firstLogins.size >= this.#limits.firstLoginsMax) {
      throw new RefusedError('too many first logins at once: try again', '53300');
    }
    const pool = this.#openPool(credential);
    const client = connect(pool, this.#limits);
    const proven = client.then(() => pool);
    proven.catch(() => {});
    this.#firstLogins.set(key, proven);
    try {
      await client;
      this.#keep(key, pool);
    } catch (error) {
      void pool.end();
      throw error;
    } finally {
      this.#firstLogins.delete(key);
    }
    return client;
  }

  #keep(key: string, pool: Pool): void {
    this.#pools.set(key, pool);
    const [oldest] = this.#pools;
    if (this.#pools.size <= this.#limits.credentialsMax || oldest === undefined) return;
    this.#pools.delete(oldest[0]);
    void oldest[1].end();
  }

  #openPool({ user, password, database }: Credential): Pool {
    const { connectionsMax, waitTimeoutMs, connectionAgeMaxSeconds, statementTimeoutMs } = this.#limits;
    const { host, port, tls } = this.#upstream;
    const config: PoolConfig & { pipeline: true } = {
      host,
      port,
      ...(tls ? { ssl: { minVersion: 'TLSv1.2', ...(tls.ca === null ? {} : { ca: tls.ca }) } } : {}),
      user,
      password,
      database,
      application_name: 'postgres-http',
      pipeline: true,
      max: connectionsMax,
      connectionTimeoutMillis: waitTimeoutMs,
      idleTimeoutMillis: 60_000,
      maxLifetimeSeconds: connectionAgeMaxSeconds,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      // A statement whose connection was cut is noticed and ended by Postgres within this time.
      options: '-c client_connection_check_interval=1000',
    };
    const pool = new Pool(config);
    // A connection that dies rejects the statement that waits on it, and the pool drops it; the event says no more.
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    return pool;
  }
}

/** Gives a connection back. One that may hold a running statement or a session's state is cut, not said goodbye to. */
export function giveBack(client: PoolClient, isClean: boolean): void {
  if (!isClean) (client as PoolClient & { connection: { stream: Socket } }).connection.stream.destroy();
  client.release(!isClean);
}

async function connect(pool: Pool, { connectionsMax }: Limits): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('timeout exceeded')) {
      throw new RefusedError(
        `all ${connectionsMax} connections of this credential are busy: try again`,
        '53300',
      );
    }
    throw error;
  }
}
