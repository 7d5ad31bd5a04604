import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { importTicketKey, mintTicket, type TicketKey } from '../../worker/database/ticket.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let key: TicketKey;
let ann: Inhabitant;
let mallory: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  key = await importTicketKey(database.ticketKey);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  // A table as migrations/README.md says to make one, with more rights than the Worker has anywhere.
  await database.asOwner(`
    create table app.widgets (
      tenant_id app.ten_id not null default app.tenant_id(),
      widget_id text not null,
      owner_id app.usr_id,
      primary key (tenant_id, widget_id),
      foreign key (tenant_id) references app.tenants (tenant_id),
      foreign key (tenant_id, owner_id) references app.memberships (tenant_id, user_id)
    );
    select app_private.protect_table('app.widgets');
    grant select, insert, update, delete on app.widgets to causeway_app`);
});
afterAll(() => database.stop());

/** Runs SQL as the Worker inside the tenant of `who`, and rolls back. */
async function inside<Result>(
  who: Inhabitant,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await database.connectApp();
  await client.query('begin');
  try {
    await client.query('select app.enter($1)', [await mintTicket(key, who.principal)]);
    return await work(client);
  } finally {
    await client.query('rollback');
  }
}

async function failureOf(
  work: Promise<unknown>,
): Promise<{ code?: string; message: string; detail?: string; constraint?: string }> {
  return work.then(
    () => ({ message: 'it was allowed' }),
    (error: pg.DatabaseError) =>
      ({
        code: error.code,
        message: error.message,
        detail: error.detail,
        constraint: error.constraint,
      }) as never,
  );
}

describe('inside her own tenant Mallory', () => {
  test('reads her rows and nothing of Acme', async () => {
    const seen = await inside(mallory, async (client) => ({
      tenants: (await client.query('select tenant_id from app.tenants')).rows,
      members: (await client.query('select user_id from app.memberships')).rows,
      tokens: (await client.query('select token_id from app.api_tokens')).rows,
      events: (await client.query('select distinct tenant_id from app.audit_events')).rows,
      byName: (await client.query('select tenant_id from app.tenants where tenant_id = $1', [ann.tenantId]))
        .rows,
    }));
    expect(seen).toEqual({
      tenants: [{ tenant_id: mallory.tenantId }],
      members: [{ user_id: mallory.userId }],
      tokens: [{ token_id: mallory.tokenId }],
      events: [{ tenant_id: mallory.tenantId }],
      byName: [],
    });
  });

  test('cannot write a row of Acme', async () => {
    const failure = await inside(mallory, (client) =>
      failureOf(
        client.query("insert into app.widgets (tenant_id, widget_id) values ($1, 'w')", [ann.tenantId]),
      ),
    );
    expect(failure.code).toBe('42501');
  });

  test('cannot move a row of hers to Acme', async () => {
    const failure = await inside(mallory, async (client) => {
      await client.query("insert into app.widgets (widget_id) values ('w')");
      return failureOf(client.query('update app.widgets set tenant_id = $1', [ann.tenantId]));
    });
    expect(failure.code).toBe('42501');
  });

  test('changes and deletes zero rows of Acme', async () => {
    await database.asSuperuser(
      "insert into app.widgets (tenant_id, widget_id) values ($1, 'kept') on conflict do nothing",
      [ann.tenantId],
    );
    const counts = await inside(mallory, async (client) => [
      (await client.query("update app.widgets set widget_id = 'taken' where tenant_id = $1", [ann.tenantId]))
        .rowCount,
      (await client.query('delete from app.widgets where tenant_id = $1', [ann.tenantId])).rowCount,
      (await client.query('delete from app.widgets')).rowCount,
    ]);
    expect(counts).toEqual([0, 0, 0]);
  });
});

describe('no answer tells Mallory whether something of Acme exists', () => {
  test('a key that Acme uses is free for her', async () => {
    await database.asSuperuser(
      "insert into app.widgets (tenant_id, widget_id) values ($1, 'taken') on conflict do nothing",
      [ann.tenantId],
    );
    const count = await inside(
      mallory,
      async (client) => (await client.query("insert into app.widgets (widget_id) values ('taken')")).rowCount,
    );
    expect(count).toBe(1);
  });

  test("a reference to Ann fails exactly as one to nobody's id", async () => {
    const refer = (user: string) =>
      inside(mallory, (client) =>
        failureOf(client.query("insert into app.widgets (widget_id, owner_id) values ('r', $1)", [user])),
      );
    const nobody = newId('user');
    const [toAnn, toNobody] = [await refer(ann.userId), await refer(nobody)];
    expect(toAnn.code).toBe('23503');
    expect(JSON.stringify(toAnn).replaceAll(ann.userId, 'X')).toBe(
      JSON.stringify(toNobody).replaceAll(nobody, 'X'),
    );
  });

  test("a token of Ann's is found only by who knows its id, and only to check its secret", async () => {
    const found = await database.asApp('select * from app.find_api_token($1)', [ann.tokenId]);
    expect(Object.keys(found[0] ?? {})).toEqual(['tenant_id', 'user_id', 'argon2id_hash', 'alive']);
    expect(await database.asApp("select * from app.find_api_token('%')")).toEqual([]);
  });

  test('no sequence can be asked how much the others do', async () => {
    const readable = await database.asApp(`
      select seqrelid::regclass::text from pg_sequence where has_sequence_privilege(seqrelid, 'select, usage, update')`);
    expect(readable).toEqual([]);
    await expect(database.asApp('select position from app.audit_events')).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('a look-up of a row of Acme reads what one of nobody’s reads: the same plan, the same pages, no row met', async () => {
    await database.asSuperuser(
      `insert into app.widgets (tenant_id, widget_id) select t, 'many' || n from unnest($1::text[]) as t, generate_series(1, 5000) as n`,
      [[ann.tenantId, mallory.tenantId]],
    );
    await database.asSuperuser("insert into app.widgets (tenant_id, widget_id) values ($1, 'only-of-acme')", [
      ann.tenantId,
    ]);
    await database.asSuperuser('vacuum analyze app.widgets');
    const workOf = (who: Inhabitant, id: string) =>
      inside(who, async (client) => {
        const explain = `explain (analyze, buffers, costs off, timing off, summary off) select * from app.widgets where widget_id = '${id}'`;
        await client.query(explain);
        const { rows } = await client.query(explain);
        return rows
          .map((row) => row['QUERY PLAN'])
          .join('\n')
          .replaceAll(id, 'X');
      });
    const foreign = await workOf(mallory, 'only-of-acme');
    expect(foreign).toBe(await workOf(mallory, 'only-of-none'));
    expect(foreign).toMatch(/Index Cond: .*tenant_id.*widget_id/);
    expect(foreign).not.toContain('Removed by Filter');
    expect(foreign).toMatch(/Buffers: shared hit=\d+/);
    expect(await workOf(ann, 'only-of-acme')).not.toBe(foreign);
  });

  test('a leaky function in a query meets no row of Acme', async () => {
    const met = await inside(mallory, async (client) => {
      const notices: string[] = [];
      client.on('notice', ({ message }) => notices.push(message ?? ''));
      // Casting every name to a number raises on the first row that the filter sees; the error quotes the row.
      const failure = await failureOf(client.query('select * from app.tenants where name::int > 0'));
      return `${failure.message} ${notices.join(' ')}`;
    });
    expect(met).toContain('Evil');
    expect(met).not.toContain('Acme');
  });
});

describe('the Worker has no way around row security', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['TRUNCATE', 'truncate app.widgets'],
    ['TRUNCATE of the audit log', 'truncate app.audit_events'],
    ['disabling row security', 'alter table app.widgets disable row level security'],
    ['a policy of its own', 'create policy mine on app.widgets using (true)'],
    [
      'a trigger of its own',
      'create trigger t before insert on app.widgets execute function app_private.refuse_change()',
    ],
    ['disabling a trigger', 'alter table app.audit_events disable trigger append_only'],
    ['session_replication_role', "set session_replication_role = 'replica'"],
    ['a table in app', 'create table app.mine ()'],
    ['a table in public', 'create table public.mine ()'],
    ['a temporary table', 'create temp table mine ()'],
    ['a schema', 'create schema mine'],
    ['a function', "create function app.mine() returns int language sql as 'select 1'"],
    ['a file of the server', "select pg_read_file('/etc/passwd')"],
    ['COPY from a program', "copy app.widgets from program 'id'"],
    ['a role', 'create role mine'],
    ['ending the session of another request', 'select pg_terminate_backend(1)'],
    ['a large object', 'select lo_create(0)'],
    ['setting a context by function', "select set_config('app.context', 'x', true)"],
    ['another role', 'set role causeway_keeper'],
    ['the keys', 'table app_private.signing_keys'],
    ['the history of migrations', 'table migrations.applied'],
  ];
  test.each(refused)('%s is refused', async (_name, sql) => {
    const failure = await inside(mallory, (client) => failureOf(client.query(sql)));
    expect({ sql, code: failure.code }).toEqual({ sql, code: '42501' });
  });

  test('row_security = off is an error, not a way around', async () => {
    const failure = await inside(mallory, async (client) => {
      await client.query('set local row_security = off');
      return failureOf(client.query('select * from app.tenants'));
    });
    expect(failure.message).toMatch(/row-level security/);
  });
});

describe('the owner is no superuser and is bound by row security itself', () => {
  test('it has the powers that a managed Postgres gives, and no more', async () => {
    const [role] = await database.asSuperuser(
      "select rolsuper, rolbypassrls, rolreplication, rolcreatedb, rolcreaterole from pg_roles where rolname = 'causeway_owner'",
    );
    expect(role).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolreplication: false,
      rolcreatedb: false,
      rolcreaterole: true,
    });
  });

  test('it reads no row of any tenant', async () => {
    for (const table of ['tenants', 'users', 'memberships', 'api_tokens', 'audit_events']) {
      expect(await database.asOwner(`select * from app.${table}`)).toEqual([]);
    }
  });

  test('as the keeper, which it must become explicitly, it maintains', async () => {
    expect(await database.asOwner('select * from app.list_api_tokens($1)', [ann.tenantId])).toHaveLength(1);
  });
});
