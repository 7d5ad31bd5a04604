import { createHmac, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importTicketKey, mintTicket, type TicketKey } from '../../worker/database/ticket.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

/** A ticket is its signature in hexadecimal digits, and the text that it signs. */
const SIGNATURE_CHARS = 64;

let database: TestDatabase;
let key: TicketKey;
let ann: Inhabitant;
let mallory: Inhabitant;
/** Mallory has found an injection: she runs any SQL she likes as the Worker's role. */
let injected: pg.Client;

beforeAll(async () => {
  database = await startTestDatabase();
  key = await importTicketKey(database.ticketKey);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  // What a managed Postgres gives: set_config is everyone's. The signature must hold by itself.
  await database.asSuperuser(
    'grant execute on function pg_catalog.set_config(text, text, boolean) to public',
  );
  injected = await database.connectApp();
});
afterAll(() => database.stop());
beforeEach(() => injected.query('rollback; discard all').catch(() => injected.query('discard all')));

const tenantsSeenBy = async (client: pg.Client): Promise<readonly string[]> =>
  (await client.query<{ name: string }>('select name from app.tenants order by name')).rows.map(
    ({ name }) => name,
  );

async function enterAs(client: pg.Client, who: Inhabitant): Promise<void> {
  await client.query('select app.enter($1)', [await mintTicket(key, who.principal)]);
}

async function contextOf(client: pg.Client): Promise<string> {
  return (await client.query("select current_setting('app.context') as value")).rows[0].value;
}

const reasonOf = (error: unknown): string => JSON.parse((error as pg.DatabaseError).detail ?? '{}').reason;
const refusalOf = (attempt: Promise<unknown>): Promise<string> => attempt.then(() => 'entered', reasonOf);

describe('without a context', () => {
  test('every table of the schema is empty for the Worker', async () => {
    const readable = await database.asSuperuser(`
      select c.oid::regclass::text as name,
             (select string_agg(quote_ident(attname), ', ') from pg_attribute a
               where a.attrelid = c.oid and attnum > 0 and not attisdropped and has_column_privilege('causeway_app', c.oid, attnum, 'select')) as columns
        from pg_class c where relnamespace = 'app'::regnamespace and relkind in ('r', 'p')
         and has_any_column_privilege('causeway_app', c.oid, 'select')`);
    expect(readable.length).toBeGreaterThan(3);
    for (const { name, columns } of readable) {
      const { rows } = await injected.query(`select ${columns} from ${name}`);
      expect({ name, rows }).toEqual({ name, rows: [] });
    }
  });

  test('nothing can be written', async () => {
    await expect(
      injected.query("insert into app.audit_events (action, target_kind, outcome) values ('a.b', 'x', 'ok')"),
    ).rejects.toThrow(/row-level security|null value/);
  });
});

describe("Mallory's forged context reads zero rows", () => {
  const forgeries: readonly (readonly [string, (payload: string) => string])[] = [
    ['a bare tenant id', () => ann.tenantId],
    ['a payload without a signature', (payload) => payload],
    ['a payload with a signature of zeros', (payload) => '0'.repeat(64) + payload],
    [
      'a payload signed with a key of her own',
      (payload) => createHmac('sha256', randomBytes(32)).update(payload).digest('hex') + payload,
    ],
    ['text that is shorter than a signature', () => 'x'],
    ['text that is no JSON', () => `${'f'.repeat(64)}{`],
  ];
  test.each(forgeries)('%s', async (_name, forge) => {
    const payload = JSON.stringify({ tenant: ann.tenantId, user: ann.userId, role: 'owner' });
    await injected.query('begin');
    await injected.query("select set_config('app.context', $1, true)", [forge(payload)]);
    expect(await tenantsSeenBy(injected)).toEqual([]);
    await injected.query('commit');
  });

  test('her own context with the tenant changed', async () => {
    await injected.query('begin');
    await enterAs(injected, mallory);
    const changed = (await contextOf(injected)).replaceAll(mallory.tenantId, ann.tenantId);
    await injected.query("select set_config('app.context', $1, true)", [changed]);
    expect(await tenantsSeenBy(injected)).toEqual([]);
  });

  test('by set_config() in an arm of a UNION', async () => {
    await injected.query('begin');
    await enterAs(injected, mallory);
    const { rows } = await injected.query(
      `select set_config('app.context', repeat('0', 64) || '{"tenant":"${ann.tenantId}"}', true) as name
       union all select name from app.tenants`,
    );
    expect(rows.map(({ name }) => name)).not.toContain('Acme');
  });

  test('by an UPDATE of pg_settings', async () => {
    await injected.query('begin');
    await enterAs(injected, mallory);
    await injected.query("update pg_settings set setting = $1 where name = 'app.context'", [
      `${'0'.repeat(64)}{"tenant":"${ann.tenantId}"}`,
    ]);
    expect(await tenantsSeenBy(injected)).not.toContain('Acme');
  });

  test('by a stacked SET LOCAL', async () => {
    await injected.query(`begin; set local app.context = '${'0'.repeat(64)}{"tenant":"${ann.tenantId}"}'`);
    expect(await tenantsSeenBy(injected)).toEqual([]);
  });
});

describe("Ann's real context, stolen, reads zero rows", () => {
  test('in the next transaction of the same backend', async () => {
    await injected.query('begin');
    await enterAs(injected, ann);
    const stolen = await contextOf(injected);
    expect(await tenantsSeenBy(injected)).toEqual(['Acme']);
    await injected.query('commit');
    await injected.query('begin');
    await injected.query("select set_config('app.context', $1, true)", [stolen]);
    expect(await tenantsSeenBy(injected)).toEqual([]);
  });

  test('in another backend, while her transaction is open', async () => {
    const victim = await database.connectApp();
    await victim.query('begin');
    await enterAs(victim, ann);
    const stolen = await contextOf(victim);
    await injected.query('begin');
    await injected.query("select set_config('app.context', $1, true)", [stolen]);
    expect(await tenantsSeenBy(injected)).toEqual([]);
    expect(await tenantsSeenBy(victim)).toEqual(['Acme']);
    await victim.query('rollback');
  });

  test('set for the whole session, after the transaction that entered', async () => {
    await injected.query('begin');
    await enterAs(injected, ann);
    await injected.query("select set_config('app.context', current_setting('app.context'), false)");
    await injected.query('commit');
    expect(await tenantsSeenBy(injected)).toEqual([]);
  });
});

test('a context ends with its transaction', async () => {
  await injected.query('begin');
  await enterAs(injected, ann);
  expect(await tenantsSeenBy(injected)).toEqual(['Acme']);
  await injected.query('commit');
  expect(await tenantsSeenBy(injected)).toEqual([]);
});

test('a second entry in a transaction is refused', async () => {
  await injected.query('begin');
  await enterAs(injected, mallory);
  expect(await refusalOf(enterAs(injected, ann))).toBe('already_entered');
});

describe('a ticket is refused', () => {
  const at = (seconds: number) => mintTicket(key, ann.principal, Date.now() + seconds * 1000);
  const resigned = async (change: (payload: Record<string, unknown>) => void) => {
    const payload = JSON.parse((await at(0)).slice(SIGNATURE_CHARS));
    change(payload);
    const text = JSON.stringify(payload);
    return `${createHmac('sha256', Buffer.from(database.ticketKey, 'base64url')).update(text).digest('hex')}${text}`;
  };
  const cases: readonly (readonly [string, string, () => Promise<string>])[] = [
    ['that is two minutes and a bit old', 'stale_ticket', () => at(-125)],
    ['that comes from the future', 'stale_ticket', () => at(125)],
    ['without a time', 'stale_ticket', () => resigned((payload) => delete payload.iat)],
    ['of another version', 'bad_ticket', () => resigned((payload) => (payload.v = 2))],
    [
      'signed with another key',
      'bad_ticket',
      async () => mintTicket(await importTicketKey(randomBytes(32).toString('base64url')), ann.principal),
    ],
    [
      'whose payload was changed',
      'bad_ticket',
      async () => (await at(0)).replace(ann.principal.tenantId, mallory.principal.tenantId),
    ],
    ['whose signature was cut', 'bad_ticket', async () => (await at(0)).slice(4)],
    ['whose signature is missing', 'bad_ticket', async () => (await at(0)).slice(SIGNATURE_CHARS)],
    ['that is cut', 'bad_ticket', async () => (await at(0)).slice(0, -1)],
    ['that is a signature alone', 'bad_ticket', async () => (await at(0)).slice(0, SIGNATURE_CHARS)],
    ['with something behind it', 'bad_ticket', async () => `${await at(0)} `],
    ['that is empty', 'bad_ticket', async () => ''],
    ['that is no text of ours', 'bad_ticket', async () => 'ä.€'],
    ['that is a megabyte', 'bad_ticket', async () => 'A'.repeat(1_000_000)],
  ];
  test.each(cases)('%s', async (_name, reason, ticket) => {
    expect(await refusalOf(injected.query('select app.enter($1)', [await ticket()]))).toBe(reason);
  });

  test('and what one says of role and projects counts less than what is found', async () => {
    const forged = await resigned((payload) =>
      Object.assign(payload, { role: 'viewer', projects: ['prj_x'] }),
    );
    await injected.query('begin');
    await injected.query('select app.enter($1)', [forged]);
    const { rows } = await injected.query(
      "select app.context() -> 'role' as role, app.context() -> 'projects' as projects",
    );
    expect(rows).toEqual([{ role: 'owner', projects: null }]);
  });

  test('and one a minute old, or a minute ahead, is accepted', async () => {
    for (const seconds of [-60, 60]) {
      expect(await refusalOf(injected.query('select app.enter($1)', [await at(seconds)]))).toBe('entered');
    }
  });
});

test('while keys are rotated both make tickets, afterwards only the new one', async () => {
  const next = randomBytes(32);
  const install = (slot: number, bytes: Buffer) =>
    database.asOwner("select app_private.install_key('ticket', $1::smallint, $2)", [slot, bytes]);
  const former = Buffer.from(database.ticketKey, 'base64url');
  const nextKey = await importTicketKey(next.toString('base64url'));
  const enterWith = async (ticketKey: TicketKey) =>
    refusalOf(injected.query('select app.enter($1)', [await mintTicket(ticketKey, ann.principal)]));
  await install(1, next);
  await install(2, former);
  expect([await enterWith(key), await enterWith(nextKey)]).toEqual(['entered', 'entered']);
  await database.asOwner("delete from app_private.signing_keys where purpose = 'ticket' and slot = 2");
  expect([await enterWith(key), await enterWith(nextKey)]).toEqual(['bad_ticket', 'entered']);
  await install(1, former);
});

describe("the keys are out of the Worker's reach", () => {
  const attempts = [
    'select * from app_private.signing_keys',
    "select app_private.context_mac('{}', '', '')",
    "select app_private.read_ticket('x.y')",
    'set role causeway_resolver',
    'set role causeway_owner',
    'set session authorization causeway_owner',
    "select app.provision_tenant('ten_00000000000000000000000000', 'x', 'usr_00000000000000000000000000', 'x@x', 'x')",
    "select * from app.list_api_tokens('x')",
    'select argon2id_hash from app.api_tokens',
    'select * from app.users',
  ];
  test.each(attempts)('%s', async (sql) => {
    await expect(injected.query(sql)).rejects.toMatchObject({ code: '42501' });
  });
});

test('a parallel plan sees the same tenant as a serial one', async () => {
  await injected.query('begin');
  await enterAs(injected, ann);
  await injected.query('set local debug_parallel_query = on');
  expect(await tenantsSeenBy(injected)).toEqual(['Acme']);
  const { rows } = await injected.query(
    'select app.tenant_id() as tenant, (select max(name) from app.tenants) as name',
  );
  expect(rows).toEqual([{ tenant: ann.tenantId, name: 'Acme' }]);
});
