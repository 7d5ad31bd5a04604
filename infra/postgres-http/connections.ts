import type { Socket } from 'node:net';
import { Client, DatabaseError, Pool, type PoolClient, type PoolConfig } from 'pg';
import { type Credential, credentialKey } from './credential.ts';
import type { Limits } from './limits.ts';
import { RefusedError } from './sql-answer.ts';

export type Upstream = {
  readonly host: string;
  readonly port: number;
  /** Its certificate must be of that host, by this authority or by one that the system knows; null: without TLS. */
  readonly tls?: { readonly ca: string | null } | null;
};

/** How many connections of a credential stay open while nobody asks: their backends know all plans. */
const RESTING = 2;

/** What Postgres refuses a login with: the password, the role or the database is not, or no longer, what it was. */
const LOGIN_REFUSED = /^(?:28...|3D000|42501)$/;

/** The connections of a credential with which a login succeeded. */
interface Proven {
  readonly pool: Pool;
  /** When a login with it succeeded last, by `performance.now()`. */
  provenMs: number;
  /** Ends the connections when that was too long ago. */
  readonly expiry: NodeJS.Timeout;
  /** Another login with it, under way. */
  proving: Promise<void> | null;
}

/**
 * Connections to the one configured Postgres, kept apart by credential: a request only ever gets a connection that was
 * opened with the very user, password and database that it shows. Postgres decides whether they are right, and is asked
 * again by a login of its own while the connections stay: a new backend takes ten times the CPU for its first run of a
 * transaction (docs/performance.md).
 */
export class Connections {
  readonly #upstream: Upstream;
  readonly #limits: Limits;
  /** Least recently used first. */
  readonly #proven = new Map<string, Proven>();
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
    const known = this.#proven.get(key);
    if (known === undefined) return this.#firstLogin(key, credential);
    this.#proven.delete(key);
    this.#proven.set(key, known);
    const ageMs = performance.now() - known.provenMs;
    if (ageMs > this.#limits.loginAgeMaxSeconds * 500) this.#proveAgain(key, known, credential);
    return connect(known.pool, this.#limits);
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#proven].map(([key, known]) => Promise.all([this.#end(key, known), known.proving])),
    );
  }

  /** Logs in once more, behind the request that finds a login in the second half of its time. */
  #proveAgain(key: string, known: Proven, credential: Credential): void {
    known.proving ??= this.#logIn(credential)
      .then(
        () => {
          known.provenMs = performance.now();
          known.expiry.refresh();
        },
        (error: unknown) => {
          const isRefused = error instanceof DatabaseError && LOGIN_REFUSED.test(error.code ?? '');
          // Whatever else it was, the next request tries again.
          if (isRefused) void this.#end(key, known);
        },
      )
      .finally(() => {
        known.proving = null;
      });
  }

  async #logIn(credential: Credential): Promise<void> {
    const client = new Client(this.#configOf(credential));
    client.on('error', () => {});
    try {
      await client.connect();
    } finally {
      await client.end();
    }
  }

  /** No request gets one of these connections any more; those that have one keep it for themselves. */
  async #end(key: string, known: Proven): Promise<void> {
    if (this.#proven.get(key) !== known) return;
    this.#proven.delete(key);
    clearTimeout(known.expiry);
    await known.pool.end();
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
    const { credentialsMax, loginAgeMaxSeconds } = this.#limits;
    const expiry = setTimeout(() => void this.#end(key, proven), loginAgeMaxSeconds * 1000);
    const proven: Proven = { pool, provenMs: performance.now(), expiry, proving: null };
    this.#proven.set(key, proven);
    const [oldest] = this.#proven;
    if (this.#proven.size > credentialsMax && oldest !== undefined) void this.#end(...oldest);
  }

  #openPool(credential: Credential): Pool {
    const { connectionsMax } = this.#limits;
    const pool = new Pool({
      ...this.#configOf(credential),
      max: connectionsMax,
      min: Math.min(RESTING, connectionsMax),
      idleTimeoutMillis: 60_000,
    });
    // A connection that dies rejects the statement that waits on it, and the pool drops it; the event says no more.
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    return pool;
  }

  #configOf({ user, password, database }: Credential): PoolConfig & { pipeline: true } {
    const { waitTimeoutMs, statementTimeoutMs } = this.#limits;
    const { host, port, tls } = this.#upstream;
    return {
      host,
      port,
      ...(tls ? { ssl: { minVersion: 'TLSv1.2', ...(tls.ca === null ? {} : { ca: tls.ca }) } } : {}),
      user,
      password,
      database,
      application_name: 'postgres-http',
      pipeline: true,
      connectionTimeoutMillis: waitTimeoutMs,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      // A statement whose connection was cut is noticed and ended by Postgres within this time.
      options: '-c client_connection_check_interval=1000',
    };
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
