import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { findApiToken } from '../../worker/database/api-tokens.ts';
import {
  createDatabase,
  type Database,
  DatabaseError,
  type DatabaseOptions,
  DatabaseUnavailable,
  EntryRefused,
} from '../../worker/database/database.ts';
import { onlyRow, query } from '../../worker/database/query.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { enter, withTenant } from '../../worker/database/with-tenant.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let mallory: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
});
afterAll(() => database.stop());

const open = async (options: Partial<DatabaseOptions>): Promise<Database> =>
  createDatabase({
    connectionString: database.appUrl,
    endpoint: database.http.url,
    ticketKey: await importTicketKey(database.ticketKey),
    ...options,
  });
const one = query('select 1 as x', [], (rows) => onlyRow(rows).x);

describe('what goes wrong has one of three types', () => {
  test('a statement that Postgres refuses: its SQLSTATE and its constraint', async () => {
    const failing = client.transaction([query('select 1 / 0', [], () => null)]);
    await expect(failing).rejects.toBeInstanceOf(DatabaseError);
    await expect(failing).rejects.toMatchObject({ sqlstate: '22012' });
    await expect(
      withTenant(client, ann.principal, [query("select app.audit('x', 'y', 'z', 'ok')", [], () => null)]),
    ).rejects.toMatchObject({ sqlstate: '23514', constraint: 'audit_events_form' });
  });

  test('a name that the database has not, and a ticket that it does not know, tell of another version; nothing else does', async () => {
    let misfits = 0;
    const onMisfit = () => misfits++;
    const ours = await open({ onMisfit });
    const theirs = await open({ onMisfit, ticketKey: await importTicketKey('x'.repeat(64)) });
    for (const text of ['select 1 / 0', 'select 1 from 1', 'select from app_private.signing_keys'])
      await expect(ours.transaction([query(text, [], () => null)])).rejects.toBeInstanceOf(DatabaseError);
    const revoked = { ...ann.principal, credential: { kind: 'api_token', id: newId('token') } as const };
    await expect(enter(ours, revoked)).rejects.toBeInstanceOf(EntryRefused);
    expect(misfits).toBe(0);
    for (const text of ['select app.entered()', 'select from app.rooms', 'select room from app.tenants'])
      await expect(ours.transaction([query(text, [], () => null)])).rejects.toBeInstanceOf(DatabaseError);
    expect(misfits).toBe(3);
    await expect(enter(theirs, ann.principal)).rejects.toMatchObject({ reason: 'bad_ticket' });
    expect(misfits).toBe(4);
  });

  test('nobody listens: unavailable', async () => {
    const nowhere = await open({ endpoint: 'http://127.0.0.1:1/sql' });
    await expect(nowhere.transaction([one])).rejects.toBeInstanceOf(DatabaseUnavailable);
  });

  test('somebody listens who is no database: unavailable', async () => {
    for (const [status, body] of [
      [200, 'hello'],
      [200, '{}'],
      [500, 'oops'],
      [400, 'not JSON'],
    ] as const) {
      const server = createServer((_, response) => response.writeHead(status).end(body));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const odd = await open({ endpoint: `http://127.0.0.1:${port}/sql` });
      await expect(odd.transaction([one])).rejects.toBeInstanceOf(DatabaseUnavailable);
      server.close();
      server.closeAllConnections();
    }
  });

  test('Postgres shuts down or has no connection left: unavailable', async () => {
    for (const code of ['57P01', '57P03', '53300', '08006']) {
      const raise = `do $$ begin raise exception 'gone' using errcode = '${code}'; end $$`;
      await expect(client.transaction([query(raise, [], () => null)])).rejects.toBeInstanceOf(
        DatabaseUnavailable,
      );
    }
  });

  test('an entry that is refused: the reason, and nothing of the ticket', async () => {
    const refused = enter(client, { ...ann.principal, tenantId: mallory.tenantId });
    await expect(refused).rejects.toBeInstanceOf(EntryRefused);
    await expect(refused).rejects.toMatchObject({
      reason: 'unknown',
      needed: [],
      message: 'entry refused: unknown',
    });
  });

  test('a password that is wrong is an error of the set-up, not of the moment', async () => {
    const wrong = await open({ connectionString: database.appUrl.replace(/:[^:@]+@/, ':wrong@') });
    await expect(wrong.transaction([one])).rejects.toMatchObject({
      name: 'DatabaseError',
      sqlstate: '28P01',
    });
  });
});

describe('two databases in one isolate', () => {
  test('never send each other’s requests, whatever the order', async () => {
    const sibling = await database.sibling();
    const seen: string[] = [];
    const name = query('select current_database() as name', [], (rows) => String(onlyRow(rows).name));
    const watched =
      (label: string): DatabaseOptions['fetch'] =>
      async (url, init) => {
        seen.push(label);
        return fetch(url, init);
      };
    const left = await open({ fetch: watched('left') as never });
    const right = await open({ connectionString: sibling.appUrl, fetch: watched('right') as never });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? left : right).transaction([name])),
    );
    expect(answers.map(([answer]) => answer)).toEqual(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? database.name : sibling.name)),
    );
    expect(seen.filter((label) => label === 'left')).toHaveLength(10);
  });

  test('and without an endpoint the request goes to Neon’s own address for the host', async () => {
    const urls: string[] = [];
    const neonUrl = 'postgresql://u:p@ep-cool-name-123456.eu-central-1.aws.neon.tech/causeway';
    const hosted = createDatabase({
      connectionString: neonUrl,
      ticketKey: await importTicketKey(database.ticketKey),
      fetch: (async (url: string) => {
        urls.push(url);
        return new Response('{"results":[]}');
      }) as never,
    });
    await hosted.transaction([]);
    expect(urls).toEqual(['https://api.eu-central-1.aws.neon.tech/sql']);
  });
});

describe('withTenant', () => {
  test('gives one result for each query, in order, typed by its query', async () => {
    const [name, count, nothing] = await withTenant(client, ann.principal, [
      query('select name from app.tenants', [], (rows): string => String(onlyRow(rows).name)),
      query('select count(*)::int as n from app.api_tokens', [], (rows): number => Number(onlyRow(rows).n)),
      query('select from app.tenants where false', [], (rows): null => (rows.length === 0 ? null : null)),
    ]);
    expect([name.toUpperCase(), count + 1, nothing]).toEqual(['ACME', 2, null]);
  });

  test('calls `entered` once on success and never on refusal', async () => {
    let entries = 0;
    const watched = { ...ann.principal, entered: () => void entries++ };
    await withTenant(client, watched, [one]);
    await withTenant(client, { ...watched, tenantId: mallory.tenantId }, [one]).catch(() => {});
    expect(entries).toBe(1);
  });

  test('a parameter is data, whatever it holds', async () => {
    const hostile = `'; select set_config('app.context', '', true); -- $1 \\ " ${'x'.repeat(10_000)}`;
    const [same] = await withTenant(client, ann.principal, [
      query('select $1::text as same', [hostile], (rows) => onlyRow(rows).same),
    ]);
    expect(same).toBe(hostile);
  });
});

describe('a token is found before its tenant is entered', () => {
  test('by its tenant and id, with its hash', async () => {
    expect(await findApiToken(client, { tenant: ann.tenantId, token: ann.tokenId })).toEqual({
      tenantId: ann.tenantId,
      userId: ann.userId,
      argon2id: expect.stringMatching(/^\$argon2id\$v=19\$/),
    });
  });

  test('not under another tenant, and not where there is none', async () => {
    expect(await findApiToken(client, { tenant: mallory.tenantId, token: ann.tokenId })).toBeNull();
    expect(await findApiToken(client, { tenant: ann.tenantId, token: newId('token') })).toBeNull();
  });

  test('a revoked one is found as well: only who knows its secret is told', async () => {
    const bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Bobco' });
    await database.asOwner('select app.revoke_api_token($1)', [bob.tokenId]);
    expect(await findApiToken(client, { tenant: bob.tenantId, token: bob.tokenId })).not.toBeNull();
  });
});
