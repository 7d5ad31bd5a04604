import pg from 'pg';
import { parseApiToken } from '../../protocol/api-token.ts';
import { newId } from '../../protocol/ids.ts';
import { createDatabase, type Database } from '../../worker/database/database.ts';
import { query } from '../../worker/database/query.ts';
import { importTicketKey, mintTicket, type TicketKey } from '../../worker/database/ticket.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { median, rounded } from '../measure/quantiles.ts';
import { openBenchTenant } from '../stack/bench-tenant.ts';
import type { ScratchDatabase } from './open-scratch-database.ts';
import { startPostgresHttp } from './start-postgres-http.ts';

/** Medians of whole transactions in ms, each one round trip: begin, context, one row by its key, commit. */
export interface Rows {
  readonly rows: number;
  /** Sent to Postgres itself. */
  readonly direct: ThreeWays;
  /** As the Worker sends them: by one request to postgres-http. */
  readonly throughHttp: ThreeWays;
}

export interface ThreeWays {
  /** From a table without any protection. */
  readonly bareMs: number;
  /** Under forced row security and a signed context. */
  readonly signedMs: number;
  /** With app.enter instead, which asks besides whether token, person and membership are alive. */
  readonly enteredMs: number;
  readonly signedRatio: number;
  readonly enteredRatio: number;
}

/** A transaction of these statements, of which the last reads one row; how long it took, ms. */
type ReadRow = (statements: readonly pg.QueryConfig[]) => Promise<number>;

const TENANTS = 1000;
const ROW = 7;
const WARM_UP = 50;

/** Reads one row of many, all ways in turn, so that a busy minute of the machine reaches all alike. */
export async function measureRows(
  database: ScratchDatabase,
  { rows, repeats }: { readonly rows: number; readonly repeats: number },
): Promise<Rows> {
  const principal = await settle(database);
  const superuser = new pg.Client({ connectionString: database.superuserUrl });
  const config: pg.ClientConfig & { pipeline: true } = { connectionString: database.appUrl, pipeline: true };
  const app = new pg.Client(config);
  await Promise.all([superuser.connect(), app.connect()]);
  const http = await startPostgresHttp(database.port);
  try {
    await fill(superuser, principal.tenantId, rows);
    const ticketKey = await importTicketKey(database.ticketKey);
    const gateway = createDatabase({ connectionString: database.appUrl, endpoint: http.url, ticketKey });
    const [direct, throughHttp] = [threeWays(readDirectly(app)), threeWays(readThrough(gateway))];
    for (let round = 0; round < WARM_UP + repeats; round++) {
      await direct.read(principal, ticketKey, round);
      await throughHttp.read(principal, ticketKey, round);
    }
    return { rows, direct: direct.medians(), throughHttp: throughHttp.medians() };
  } finally {
    await Promise.all([superuser.end(), app.end(), http.stop()]);
  }
}

const WAYS = ['bare', 'signed', 'entered'] as const;

function threeWays(readRow: ReadRow) {
  const times: Record<(typeof WAYS)[number], number[]> = { bare: [], signed: [], entered: [] };
  return {
    /** Reads it once each way, each round begun by another. */
    async read(principal: Principal, ticketKey: TicketKey, round: number): Promise<void> {
      const statements = await statementsOf(principal, ticketKey);
      for (const turn of WAYS.keys()) {
        const way = WAYS[(round + turn) % WAYS.length] ?? 'bare';
        const tookMs = await readRow(statements[way]);
        if (round >= WARM_UP) times[way].push(tookMs);
      }
    },
    medians(): ThreeWays {
      const [bareMs, signedMs, enteredMs] = [median(times.bare), median(times.signed), median(times.entered)];
      return {
        ...{ bareMs: rounded(bareMs), signedMs: rounded(signedMs), enteredMs: rounded(enteredMs) },
        ...{ signedRatio: rounded(signedMs / bareMs), enteredRatio: rounded(enteredMs / bareMs) },
      };
    },
  };
}

async function statementsOf(principal: Principal, ticketKey: TicketKey) {
  const payload = JSON.stringify({ tenant: principal.tenantId, kind: 'api_token' });
  const ticket = await mintTicket(ticketKey, principal);
  const from = (table: string): pg.QueryConfig => ({
    name: table,
    text: `select value from ${table} where tenant_id = $1 and row_number = $2`,
    values: [principal.tenantId, ROW],
  });
  const sign = { name: 'sign', text: 'select public.bench_sign($1)', values: [payload] };
  const enter = { name: 'enter', text: 'select * from app.enter($1)', values: [ticket] };
  return {
    bare: [from('public.bench_bare')],
    signed: [sign, from('app.bench_rows')],
    entered: [enter, from('app.bench_rows')],
  };
}

/** All of a transaction is sent at once. */
function readDirectly(app: pg.Client): ReadRow {
  return async (statements) => {
    const startedMs = performance.now();
    const answers = await Promise.all([
      app.query('begin'),
      ...statements.map((statement) => app.query(statement)),
      app.query('commit'),
    ]);
    const tookMs = performance.now() - startedMs;
    if (answers.at(-2)?.rows.length !== 1) throw new Error('there is no such row');
    return tookMs;
  };
}

function readThrough(gateway: Database): ReadRow {
  return async (statements) => {
    const queries = statements.map(({ text, values }) => query(text, values ?? [], (found) => found.length));
    const startedMs = performance.now();
    const counts = await gateway.transaction(queries);
    const tookMs = performance.now() - startedMs;
    if (counts.at(-1) !== 1) throw new Error('there is no such row');
    return tookMs;
  };
}

async function settle(database: ScratchDatabase): Promise<Principal> {
  const { tenant, user, tokens } = await openBenchTenant(database.ownerUrl, 1);
  return {
    ...{ tenantId: tenant, userId: user, needs: { scopes: [], role: null } },
    credential: { kind: 'api_token', id: parseApiToken(tokens[0] ?? '')?.token ?? '' },
    ...{ requestId: newId('request'), address: null, userAgent: 'causeway-bench' },
  };
}

/** A table as migrations/README.md makes one, a twin of it without any protection, and a signature without app.enter. */
async function fill(superuser: pg.Client, tenant: string, rows: number): Promise<void> {
  const tenants = [tenant, ...Array.from({ length: TENANTS - 1 }, () => newId('tenant'))];
  const columns =
    'tenant_id app.ten_id not null, row_number integer not null, value text not null, primary key (tenant_id, row_number)';
  await superuser.query(`
    set role causeway_owner;
    create table app.bench_rows (${columns});
    select app_private.protect_table('app.bench_rows');
    grant select on app.bench_rows to causeway_app;
    reset role;
    create table public.bench_bare (${columns});
    grant select on public.bench_bare to causeway_app;
    grant usage on schema public to causeway_app;
    create function public.bench_sign(payload text) returns void language sql volatile security definer
    as $sign$
      select set_config('app.context', app_private.context_mac(payload, k.inner_block, k.outer_block) || payload, true)
        from app_private.signing_keys as k where k.purpose = 'context' and k.slot = 1
    $sign$;
    grant execute on function public.bench_sign to causeway_app;`);
  for (const table of ['app.bench_rows', 'public.bench_bare']) {
    await superuser.query(
      `insert into ${table} (tenant_id, row_number, value)
       select t, n, 'value ' || n from unnest($1::text[]) as t, generate_series(1, $2::integer / cardinality($1::text[])) as n`,
      [tenants, rows],
    );
    await superuser.query(`analyze ${table}`);
  }
}
