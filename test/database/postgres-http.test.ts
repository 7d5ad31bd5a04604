import { neon, neonConfig } from '@neondatabase/serverless';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
/** The unmodified driver, as an application would use it against Neon. */
let sql: ReturnType<typeof neon>;
let fullSql: ReturnType<typeof neon<false, true>>;

beforeAll(async () => {
  database = await startTestDatabase();
  neonConfig.fetchEndpoint = database.http.url;
  sql = neon(database.ownerUrl);
  fullSql = neon(database.ownerUrl, { fullResults: true });
  await database.asOwner('create schema scratch');
});
afterAll(() => database.stop());

/** Sends exactly this, without the driver. */
async function post(body: string, headers: Record<string, string> = {}, path = '/sql', method = 'POST') {
  const response = await fetch(database.http.url.replace('/sql', path), {
    method,
    ...(method === 'GET' ? {} : { body }),
    headers: {
      'Neon-Connection-String': database.ownerUrl,
      'Neon-Raw-Text-Output': 'true',
      'Neon-Array-Mode': 'true',
      ...headers,
    },
  });
  return { status: response.status, text: await response.text() };
}

describe('values survive the way there and back', () => {
  const values: readonly (readonly [string, string, unknown, unknown])[] = [
    ['text', 'text', 'naïve ☕ 🙂 \u2028 " \\ \'', 'naïve ☕ 🙂 \u2028 " \\ \''],
    ['empty text', 'text', '', ''],
    ['null', 'text', null, null],
    ['an integer', 'int', 2147483647, 2147483647],
    ['a bigint, which the driver keeps as text', 'bigint', '9223372036854775807', '9223372036854775807'],
    ['a numeric, exact', 'numeric', '0.1000000000000000000001', '0.1000000000000000000001'],
    ['a double', 'float8', 0.1, 0.1],
    ['true', 'boolean', true, true],
    ['false', 'boolean', false, false],
    ['a time', 'timestamptz', '2026-11-21T10:00:00.123456Z', new Date('2026-11-21T10:00:00.123Z')],
    ['JSON', 'jsonb', { a: [1, null, 'x'], b: { c: true } }, { a: [1, null, 'x'], b: { c: true } }],
    ['bytes', 'bytea', new Uint8Array([0, 255, 10, 92]), Buffer.from([0, 255, 10, 92])],
    ['an array of text', 'text[]', ['a', 'b"c', null, '{}', 'd,e', ''], ['a', 'b"c', null, '{}', 'd,e', '']],
    ['an array of numbers', 'int[]', [1, 2, 3], [1, 2, 3]],
    ['an empty array', 'int[]', [], []],
    ['an address', 'inet', '192.0.2.7', '192.0.2.7'],
  ];
  test.each(values)('%s', async (_name, type, given, expected) => {
    expect(await sql.query(`select $1::${type} as value`, [given])).toEqual([{ value: expected }]);
    expect(await sql.transaction([sql.query(`select $1::${type} as value`, [given])])).toEqual([
      [{ value: expected }],
    ]);
  });

  test('parameters that a client sent as JSON and not as text are what Neon makes of them', async () => {
    const body = {
      query: 'select $1::int[] as a, $2::jsonb as b, $3::boolean as c, $4::int[] as d',
      params: [
        [1, 2],
        { x: 1 },
        true,
        [
          [1, 2],
          [3, 4],
        ],
      ],
    };
    const { text } = await post(JSON.stringify(body));
    expect(JSON.parse(text).rows).toEqual([['{1,2}', '{"x": 1}', 't', '{{1,2},{3,4}}']]);
  });

  test('two columns of one name are both there for who asks for arrays', async () => {
    expect(await neon(database.ownerUrl, { arrayMode: true })`select 1 as x, 2 as x`).toEqual([[1, 2]]);
  });
});

describe('a full result', () => {
  test('has the command, the count and the columns as Postgres describes them', async () => {
    await sql.query('create table scratch.full_result (id int primary key, name varchar(20))');
    const inserted = await fullSql.query(
      "insert into scratch.full_result values (1, 'a'), (2, 'b') returning id, name",
    );
    expect(inserted).toMatchObject({
      command: 'INSERT',
      rowCount: 2,
      rows: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
    });
    expect(inserted.fields).toEqual([
      {
        name: 'id',
        dataTypeID: 23,
        tableID: expect.any(Number),
        columnID: 1,
        dataTypeSize: 4,
        dataTypeModifier: -1,
        format: 'text',
      },
      {
        name: 'name',
        dataTypeID: 1043,
        tableID: expect.any(Number),
        columnID: 2,
        dataTypeSize: -1,
        dataTypeModifier: 24,
        format: 'text',
      },
    ]);
    expect(await fullSql.query('update scratch.full_result set name = $1', ['c'])).toMatchObject({
      command: 'UPDATE',
      rowCount: 2,
      rows: [],
    });
    expect(await fullSql.query('select * from scratch.full_result where false')).toMatchObject({
      command: 'SELECT',
      rowCount: 0,
    });
  });
});

describe('an error has every field that Postgres gave it', () => {
  test('of a constraint', async () => {
    await sql.query(
      'create table scratch.errors (id int primary key, amount int constraint positive check (amount > 0))',
    );
    await expect(sql.query('insert into scratch.errors values (1, -1)')).rejects.toMatchObject({
      name: 'NeonDbError',
      message: 'new row for relation "errors" violates check constraint "positive"',
      code: '23514',
      severity: 'ERROR',
      detail: 'Failing row contains (1, -1).',
      schema: 'scratch',
      table: 'errors',
      constraint: 'positive',
      routine: 'ExecConstraints',
    });
  });

  test('of a typing mistake, with its place and a hint', async () => {
    await expect(sql.query('select nmae from (select 1 as name) as x')).rejects.toMatchObject({
      code: '42703',
      position: '8',
      hint: expect.stringContaining('name'),
    });
  });

  test('of a function that raises', async () => {
    const raise =
      "do $$ begin raise exception 'no' using errcode = 'CW999', detail = 'why', hint = 'how', column = 'c', datatype = 't'; end $$";
    await expect(sql.query(raise)).rejects.toMatchObject({
      message: 'no',
      code: 'CW999',
      detail: 'why',
      hint: 'how',
      column: 'c',
      dataType: 't',
      where: expect.stringContaining('PL/pgSQL'),
    });
  });
});

describe('a batch', () => {
  test('is one transaction: it takes effect or leaves nothing', async () => {
    await sql.query('create table scratch.atomic (id int primary key)');
    const insert = (id: number) => sql.query('insert into scratch.atomic values ($1)', [id]);
    await expect(sql.transaction([insert(1), insert(2), insert(1), insert(3)])).rejects.toMatchObject({
      code: '23505',
    });
    expect(await sql.query('select * from scratch.atomic')).toEqual([]);
    await sql.transaction([insert(1), insert(2)]);
    expect(await sql.query('select id from scratch.atomic order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('that fails only at COMMIT is an error and leaves nothing', async () => {
    await sql.query('create table scratch.late (id int unique deferrable initially deferred)');
    const insert = () => sql.query('insert into scratch.late values (1)');
    await expect(sql.transaction([insert(), insert()])).rejects.toMatchObject({ code: '23505' });
    expect(await sql.query('select * from scratch.late')).toEqual([]);
  });

  test('sees its own earlier statements', async () => {
    const [, rows] = await sql.transaction([
      sql.query("select set_config('scratch.x', 'set', true)"),
      sql.query("select current_setting('scratch.x') as x"),
    ]);
    expect(rows).toEqual([{ x: 'set' }]);
  });

  test('without statements is fine', async () => {
    expect(await sql.transaction([])).toEqual([]);
  });

  test.each(['ReadCommitted', 'RepeatableRead', 'Serializable'] as const)(
    'runs at the isolation level %s',
    async (isolationLevel) => {
      const [rows] = await sql.transaction([sql.query('show transaction_isolation')], { isolationLevel });
      const spelled = isolationLevel.replace(/(?!^)[A-Z]/, ' $&').toLowerCase();
      expect(rows).toEqual([{ transaction_isolation: spelled }]);
    },
  );

  test('that is read only cannot write', async () => {
    const write = sql.query('create table scratch.never (x int)');
    await expect(sql.transaction([write], { readOnly: true })).rejects.toMatchObject({ code: '25006' });
    const [rows] = await sql.transaction([sql.query('show transaction_deferrable')], {
      readOnly: true,
      deferrable: true,
      isolationLevel: 'Serializable',
    });
    expect(rows).toEqual([{ transaction_deferrable: 'on' }]);
  });

  const breakers = [
    'commit',
    'ROLLBACK',
    ' end',
    '/* a /* nested */ comment */ commit',
    '-- x\ncommit',
    ';;begin',
    'abort',
    'start transaction',
    "prepare transaction 'x'",
  ];
  test.each(breakers)('cannot be broken in two by %j', async (statement) => {
    await sql.query('create table if not exists scratch.half (id int)');
    const half = sql.transaction([
      sql.query('insert into scratch.half values (1)'),
      sql.query(statement),
      sql.query('select 1 / 0'),
    ]);
    await expect(half).rejects.toThrow(/a batch is one transaction/);
    expect(await sql.query('select * from scratch.half')).toEqual([]);
  });

  test('that fails cannot be saved by a savepoint, to commit what its client believes undone', async () => {
    await sql.query('create table scratch.saved (id int)');
    const saved = sql.transaction([
      sql.query('insert into scratch.saved values (1)'),
      sql.query('savepoint a'),
      sql.query('select 1 / 0'),
      sql.query('rollback to savepoint a'),
    ]);
    await expect(saved).rejects.toThrow();
    expect(await sql.query('select * from scratch.saved')).toEqual([]);
  });

  test('is one statement an entry: a second one behind a semicolon is refused', async () => {
    await expect(sql.query('select 1; select 2')).rejects.toMatchObject({ code: '42601' });
    await expect(sql.transaction([sql.query('select 1; commit')])).rejects.toMatchObject({ code: '42601' });
  });
});

describe('what is no request of the protocol is refused in a sentence', () => {
  const refused: readonly (readonly [string, number, () => ReturnType<typeof post>])[] = [
    ['another path', 404, () => post('{}', {}, '/')],
    ['another method', 405, () => post('', {}, '/sql', 'GET')],
    ['no JSON', 400, () => post('select 1')],
    ['JSON that is no object', 400, () => post('[]')],
    ['a query that is no text', 400, () => post('{"query":1}')],
    ['params that are no array', 400, () => post('{"query":"select 1","params":{}}')],
    ['queries that are no array', 400, () => post('{"queries":{}}')],
    ['a query in the batch that is none', 400, () => post('{"queries":[null]}')],
    [
      'an isolation level that does not exist',
      400,
      () => post('{"queries":[]}', { 'Neon-Batch-Isolation-Level': 'Chaos; drop table x' }),
    ],
    [
      'a batch of 1001 statements',
      400,
      () => post(JSON.stringify({ queries: Array.from({ length: 1001 }, () => ({ query: 'select 1' })) })),
    ],
    [
      'values that are not asked for as text',
      400,
      () => post('{"query":"select 1"}', { 'Neon-Raw-Text-Output': 'false' }),
    ],
  ];
  test.each(refused)('%s', async (_name, status, send) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.text.length).toBeGreaterThan(5);
  });

  test('and its health can be asked without a credential', async () => {
    expect(await post('', {}, '/health', 'GET')).toEqual({ status: 200, text: 'ok\n' });
  });
});

test('the whole answer comes back for a result of 20 MB', async () => {
  const rows = await sql.query("select repeat('x', 1000) as x from generate_series(1, 20000)");
  expect(rows).toHaveLength(20_000);
});

test('pg and neon() give the same rows', async () => {
  const direct = new pg.Client({ connectionString: database.ownerUrl });
  await direct.connect();
  const query =
    "select 1 as a, 'x' as b, array[1,2] as c, '{\"d\":1}'::jsonb as d, null as e, now()::date as f, 1.5::numeric as g";
  expect(await sql.query(query)).toEqual((await direct.query(query)).rows);
  await direct.end();
});
