import { type NeonQueryFunction, neon, neonConfig } from '@neondatabase/serverless';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type PostgresHttp, startPostgresHttp } from '../../infra/postgres-http/server.ts';
import { importTicketKey, mintTicket } from '../../worker/database/ticket.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { settle } from '../support/tenants.ts';

let database: TestDatabase;
let server: PostgresHttp;
let sql: NeonQueryFunction<false, false>;

beforeAll(async () => {
  database = await startTestDatabase();
  // One connection, so that each request inherits the session of the one before, if anything is inherited.
  server = await startPostgresHttp({
    upstream: { host: '127.0.0.1', port: database.port },
    limits: { connectionsMax: 1 },
  });
  neonConfig.fetchEndpoint = server.url;
  sql = neon(database.superuserUrl);
});
afterAll(async () => {
  await server.close();
  await database.stop();
});

let pidBefore: unknown;
const backend = async () => (await sql.query('select pg_backend_pid() as pid'))[0]?.pid;
beforeEach(async () => {
  pidBefore = await backend();
});

describe('no session state survives into the next request', () => {
  const states: readonly (readonly [string, readonly string[], string, unknown])[] = [
    ['SET', ["set search_path = 'evil'"], 'show search_path', '"$user", public'],
    [
      'set_config for the session',
      ["select set_config('app.context', 'left', false)"],
      "select coalesce(current_setting('app.context', true), '') as x",
      '',
    ],
    ['SET ROLE', ['set role causeway_owner'], 'select current_user::text as x', 'postgres'],
    [
      'SET SESSION AUTHORIZATION',
      ['set session authorization causeway_owner'],
      'select session_user::text as x',
      'postgres',
    ],
    [
      'a default of later transactions',
      ['set default_transaction_read_only = on'],
      'show default_transaction_read_only',
      'off',
    ],
    [
      'SET SESSION CHARACTERISTICS',
      ['set session characteristics as transaction read only'],
      'show transaction_read_only',
      'off',
    ],
    ['a statement timeout', ['set statement_timeout = 1'], 'show statement_timeout', '30s'],
    [
      'a temporary table',
      ['create temp table spoiled (id int)'],
      "select to_regclass('pg_temp.spoiled')::text as x",
      null,
    ],
    [
      'a prepared statement',
      ['prepare left_behind as select 1'],
      'select count(*)::int as x from pg_prepared_statements',
      0,
    ],
    [
      'an advisory lock',
      ['select pg_advisory_lock(7)'],
      "select count(*)::int as x from pg_locks where locktype = 'advisory'",
      0,
    ],
    ['LISTEN', ['listen left_behind'], 'select count(*)::int as x from pg_listening_channels()', 0],
    [
      'a cursor WITH HOLD',
      ['declare left_behind cursor with hold for select 1'],
      'select count(*)::int as x from pg_cursors where is_holdable',
      0,
    ],
    [
      'a sequence’s last value',
      ['create sequence if not exists public.s', "select nextval('public.s')"],
      "select case when lastval() > 0 then 'left' end as x",
      '55000',
    ],
    ['a transaction that was begun', ['begin read only'], 'show transaction_read_only', 'off'],
    ['a transaction that was begun and failed', ['begin', 'select 1 / 0'], 'select 1 as x', 1],
  ];

  test.each(states)('%s, from a single query', async (_name, statements, question, expected) => {
    for (const statement of statements) await sql.query(statement).catch(() => {});
    const answer = await sql.query(question).then(
      ([row]) => Object.values(row ?? {})[0],
      (error: { code: string }) => error.code,
    );
    expect(answer).toEqual(expected);
    expect(await backend()).toBe(pidBefore);
  });

  test.each(states.filter(([name]) => !name.includes('begun')))(
    '%s, from a batch',
    async (_name, statements, question, expected) => {
      await sql.transaction(statements.map((statement) => sql.query(statement)));
      const answer = await sql.query(question).then(
        ([row]) => Object.values(row ?? {})[0],
        (error: { code: string }) => error.code,
      );
      expect(answer).toEqual(expected);
      expect(await backend()).toBe(pidBefore);
    },
  );

  test('and a batch that fails leaves none either', async () => {
    await expect(
      sql.transaction([
        sql.query("set search_path = 'evil'"),
        sql.query('select pg_advisory_lock(8)'),
        sql.query('select 1 / 0'),
      ]),
    ).rejects.toMatchObject({ code: '22012' });
    expect(await sql.query('show search_path')).toEqual([{ search_path: '"$user", public' }]);
    expect(await sql.query("select from pg_locks where locktype = 'advisory'")).toEqual([]);
    expect(await backend()).toBe(pidBefore);
  });
});

test("Ann's context, left in the pooled connection, shows Mallory nothing", async () => {
  const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  const ticket = await mintTicket(await importTicketKey(database.ticketKey), ann.principal);
  const app = neon(database.appUrl);
  const [, during] = await app.transaction([
    app.query('select app.enter($1)', [ticket]),
    app.query('select name from app.tenants'),
  ]);
  expect(during).toEqual([{ name: 'Acme' }]);
  expect(await app.query('select name from app.tenants')).toEqual([]);
  expect(await app.query("select coalesce(current_setting('app.context', true), '') as left")).toEqual([
    { left: '' },
  ]);
});

describe('bounds', () => {
  const SIZES = { requestBytesMax: 10_000, responseBytesMax: 10_000, rowsMax: 100 };
  /** Long enough for a machine that does much else; a test of one of them shortens that one alone. */
  const TIMES = { waitTimeoutMs: 60_000, statementTimeoutMs: 60_000, requestTimeoutMs: 60_000 };
  let bounded: PostgresHttp;
  const start = (shorter: Partial<typeof TIMES> = {}) =>
    startPostgresHttp({
      upstream: { host: '127.0.0.1', port: database.port },
      limits: { connectionsMax: 1, ...SIZES, ...TIMES, ...shorter },
    });
  const askOf = (server: PostgresHttp) => (query: string) => send(server, { query });
  const batchOf =
    (server: PostgresHttp) =>
    (...queries: readonly string[]) =>
      send(server, { queries: queries.map((query) => ({ query })) });
  const ask = (query: string) => askOf(bounded)(query);
  beforeAll(async () => {
    bounded = await start();
  });
  afterAll(() => bounded.close());

  // The driver's endpoint is a setting of its module, and that one is taken: these requests are sent by hand.
  async function send({ url }: PostgresHttp, body: object): Promise<Record<string, unknown>> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Neon-Connection-String': database.superuserUrl,
        'Neon-Raw-Text-Output': 'true',
        'Neon-Array-Mode': 'true',
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, ...(isJson ? JSON.parse(text) : { text }) };
  }

  test('a body over its bound is 413', async () => {
    expect(await ask(`select '${'x'.repeat(11_000)}'`)).toMatchObject({ status: 413 });
    expect(await ask('select 1')).toMatchObject({ status: 200 });
  });

  test.each([
    ['too many rows', 'select 1 from generate_series(1, 101)'],
    ['too many bytes', "select repeat('x', 5000) from generate_series(1, 3)"],
  ])('%s end with one sentence, and the next request is served', async (_name, query) => {
    expect(await ask(query)).toMatchObject({
      status: 400,
      code: '54000',
      message: expect.stringContaining('LIMIT'),
    });
    expect(await ask('select 1')).toMatchObject({ status: 200, rows: [['1']] });
  });

  test('exactly the bound is served', async () => {
    expect(await ask('select 1 from generate_series(1, 100)')).toMatchObject({ status: 200, rowCount: 100 });
  });

  test('a statement over its time is cancelled by Postgres', async () => {
    const hurried = await start({ statementTimeoutMs: 300 });
    onTestFinished(() => hurried.close());
    expect(await askOf(hurried)('select pg_sleep(600)')).toMatchObject({ status: 400, code: '57014' });
  });

  test('a request over its time is cut and ends in Postgres too, even where the client lifted the statement timeout', async () => {
    const hurried = await start({ requestTimeoutMs: 4_000 });
    onTestFinished(() => hurried.close());
    const answer = await batchOf(hurried)('set statement_timeout = 0', 'select pg_sleep(601)');
    expect(answer).toMatchObject({ status: 400, code: '57014' });
    expect(await askOf(hurried)('select 1')).toMatchObject({ status: 200 });
    const sleeping = "select from pg_stat_activity where query = 'select pg_sleep(601)' and state = 'active'";
    await expect.poll(() => database.asSuperuser(sleeping)).toEqual([]);
  });

  test('a request that finds no free connection in time is told so', async () => {
    const holder = new pg.Client({ connectionString: database.superuserUrl });
    await holder.connect();
    await holder.query('select pg_advisory_lock(9)');
    const hurried = await start({ waitTimeoutMs: 2000 });
    onTestFinished(() => hurried.close());
    const first = batchOf(hurried)('set statement_timeout = 0', 'select pg_advisory_xact_lock(9)');
    const waiting = "select from pg_locks where locktype = 'advisory' and not granted";
    await expect.poll(() => database.asSuperuser(waiting)).toHaveLength(1);
    expect(await askOf(hurried)('select 1')).toMatchObject({ status: 400, code: '53300' });
    await holder.end();
    expect(await first).toMatchObject({ status: 200 });
  });
});

describe('when Postgres goes away', () => {
  test('the backend of a request is killed: an error, and the next request is served', async () => {
    await expect(sql.query('select pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({
      code: '57P01',
    });
    expect(await sql.query('select 1 as x')).toEqual([{ x: 1 }]);
  });

  test('an idle connection is killed: the next request does not notice', async () => {
    await database.asSuperuser(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'postgres-http'",
    );
    expect(await sql.query('select 1 as x').catch(() => sql.query('select 1 as x'))).toEqual([{ x: 1 }]);
  });

  test('there is no Postgres at all: 503 without a SQLSTATE', async () => {
    const orphan = await startPostgresHttp({ upstream: { host: '127.0.0.1', port: 1 } });
    const response = await fetch(orphan.url, {
      method: 'POST',
      headers: { 'Neon-Connection-String': database.appUrl, 'Neon-Raw-Text-Output': 'true' },
      body: '{"query":"select 1"}',
    });
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/Postgres is not available/);
    await orphan.close();
  });
});
