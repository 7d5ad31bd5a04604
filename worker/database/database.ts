import { type NeonQueryFunction, neon, neonConfig } from '@neondatabase/serverless';
import { isMisfit, toDatabaseError } from './errors.ts';
import type { Query, ResultsOf, Row } from './query.ts';
import type { TicketKey } from './ticket.ts';

export { DatabaseError, DatabaseUnavailable, type EntryRefusal, EntryRefused } from './errors.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type DatabaseOptions = {
  /** `postgresql://user:password@host/database`: these credentials, and nothing else, are what the Worker may do. */
  readonly connectionString: string;
  /** Signs the tickets by which {@link withTenant} enters tenants; the database holds the same key. */
  readonly ticketKey: TicketKey;
  /** The full URL of the HTTP SQL endpoint; absent, the driver derives Neon's from the host. */
  readonly endpoint?: string;
  /** How requests leave, for example a service binding's fetch; absent, the global one. */
  readonly fetch?: Fetch;
  /** Called once for each HTTP request, before it is sent: the request budget is counted here. */
  readonly onRequest?: () => void;
  /** Called when a failure says that this build and the database are not of one version ({@link isMisfit}). */
  readonly onMisfit?: () => void;
};

export type Database = {
  readonly ticketKey: TicketKey;
  /**
   * Runs the queries in order in ONE transaction and ONE HTTP request; all take effect or none does.
   *
   * @throws DatabaseUnavailable, DatabaseError, EntryRefused
   */
  readonly transaction: <const Queries extends readonly Query<unknown>[]>(
    queries: Queries,
  ) => Promise<ResultsOf<Queries>>;
};

/**
 * The driver takes its endpoint and its fetch from module-wide settings, but passes `fetchOptions` on to each call.
 * So the settings are made once, and each request carries its own route under this symbol: two databases in one
 * isolate cannot send each other's requests.
 */
const ROUTE = Symbol('route');
type Route = { readonly endpoint: string | undefined; readonly fetch: Fetch; readonly onRequest: () => void };

neonConfig.disableWarningInBrowsers = true;
neonConfig.fetchFunction = (derivedUrl: string, init: RequestInit & { [ROUTE]?: Route }) => {
  const { [ROUTE]: route, ...rest } = init;
  if (route === undefined) return fetch(derivedUrl, rest);
  route.onRequest();
  return route.fetch(route.endpoint ?? derivedUrl, rest);
};

/** Opens no connection: each transaction is an HTTP request of its own, so an instance may live as long as it likes. */
export function createDatabase(options: DatabaseOptions): Database {
  const route: Route = {
    endpoint: options.endpoint,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    onRequest: options.onRequest ?? (() => {}),
  };
  const sql: NeonQueryFunction<false, false> = neon(options.connectionString, {
    fetchOptions: { [ROUTE]: route },
  });
  return {
    ticketKey: options.ticketKey,
    transaction: async <const Queries extends readonly Query<unknown>[]>(queries: Queries) => {
      const rowsOfEach = await sendTransaction(sql, queries, options.onMisfit);
      return queries.map(({ read }, index) => read(rowsOfEach[index] ?? [])) as ResultsOf<Queries>;
    },
  };
}

async function sendTransaction(
  sql: NeonQueryFunction<false, false>,
  queries: readonly Query<unknown>[],
  onMisfit: DatabaseOptions['onMisfit'],
): Promise<readonly (readonly Row[])[]> {
  try {
    return await sql.transaction(queries.map(({ text, params }) => sql.query(text, [...params])));
  } catch (thrown) {
    const error = toDatabaseError(thrown);
    if (isMisfit(error)) onMisfit?.();
    throw error;
  }
}
