import { neon, neonConfig } from '@neondatabase/serverless';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type PostgresHttp, startPostgresHttp } from '../../infra/postgres-http/server.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await startTestDatabase();
  neonConfig.fetchEndpoint = database.http.url;
});
afterAll(() => database.stop());

/** Sends a query with this connection string, without the driver, which would refuse most of them itself. */
async function post(
  connectionString: string,
  query = 'select 1',
  { url }: PostgresHttp = database.http,
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify({ query }),
    headers: { 'Neon-Connection-String': connectionString, 'Neon-Raw-Text-Output': 'true' },
  });
  return { status: response.status, text: await response.text() };
}

describe('the credentials of the connection string decide', () => {
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(database.appUrl);
    change(url);
    return url.href;
  };
  const ask = (connectionString: string, query = 'select session_user as who, current_database() as db') =>
    neon(connectionString).query(query);

  test('who is logged in', async () => {
    expect(await ask(database.appUrl)).toEqual([{ who: 'causeway_app', db: database.name }]);
    expect(await ask(database.ownerUrl)).toEqual([{ who: 'causeway_owner', db: database.name }]);
  });

  test('a wrong password is refused by Postgres, also after the right one was used', async () => {
    await ask(database.appUrl);
    await expect(
      ask(
        changed((url) => {
          url.password = 'wrong';
        }),
      ),
    ).rejects.toMatchObject({ code: '28P01' });
  });

  test('a role that does not exist is refused as a wrong password is', async () => {
    await expect(
      ask(
        changed((url) => {
          url.username = 'nobody';
        }),
      ),
    ).rejects.toMatchObject({ code: '28P01' });
  });

  test('a database that does not exist is refused', async () => {
    await expect(
      ask(
        changed((url) => {
          url.pathname = '/nowhere';
        }),
      ),
    ).rejects.toMatchObject({ code: '3D000' });
  });

  test('a database that the role may not enter is refused', async () => {
    const other = await database.sibling();
    await other.asOwner(
      'do $$ begin execute format($f$revoke connect on database %I from causeway_app$f$, current_database()); end $$',
    );
    await expect(
      ask(
        changed((url) => {
          url.pathname = `/${other.name}`;
        }),
      ),
    ).rejects.toMatchObject({ code: '42501' });
  });

  test('the host, the port and the parameters of the string change nothing', async () => {
    const hostile = changed((url) => {
      url.hostname = 'attacker.example';
      url.port = '1';
      url.search =
        '?host=/tmp&port=2&options=-c%20role%3Dcauseway_owner&user=postgres&dbname=postgres&sslmode=disable';
    });
    expect(
      await ask(
        hostile,
        "select session_user as who, current_setting('role') as role, inet_server_port() as port",
      ),
    ).toEqual([{ who: 'causeway_app', role: 'none', port: database.port }]);
  });

  test('the role can do nothing more than over a connection of its own', async () => {
    await expect(ask(database.appUrl, 'set role causeway_owner')).rejects.toMatchObject({ code: '42501' });
    await expect(ask(database.appUrl, 'table app_private.signing_keys')).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('a string that lacks one of them is refused before anything is asked', async () => {
    for (const text of [
      '',
      'nonsense',
      'http://a:b@c/d',
      'postgresql://causeway_app@h/d',
      'postgresql://:x@h/d',
      'postgresql://a:%00@h/d',
      'postgresql://a:%zz@h/d',
    ]) {
      const { status, text: answer } = await post(text);
      expect({ text, status }).toEqual({ text, status: 400 });
      expect(JSON.parse(answer).message).toMatch(/connection string/i);
    }
  });

  test('fifty first requests at once share the login and its twenty connections', async () => {
    const fresh = await database.sibling();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(fresh.appUrl)));
    expect(answers).toHaveLength(50);
    const connections = await database.asSuperuser('select from pg_stat_activity where datname = $1', [
      fresh.name,
    ]);
    expect(connections.length).toBeLessThanOrEqual(20);
  });
});

describe('a login is proven anew while it is used', () => {
  /** With one connection, so that another one is seen. */
  const serve = async (loginAgeMaxSeconds: number) => {
    const server = await startPostgresHttp({
      upstream: { host: '127.0.0.1', port: database.port },
      limits: { loginAgeMaxSeconds, connectionsMax: 1 },
    });
    onTestFinished(() => server.close());
    return server;
  };

  test('Mallory, who knows the password of yesterday and never stops asking with it, is soon refused', async () => {
    const server = await serve(2);
    await database.asSuperuser("create role yesterday login password 'old'");
    await database.asSuperuser(`grant connect on database ${database.name} to yesterday`);
    const known = new URL(database.appUrl);
    known.username = 'yesterday';
    known.password = 'old';
    expect(await post(known.href, 'select 1', server)).toMatchObject({ status: 200 });
    await database.asSuperuser("alter role yesterday password 'new'");
    const codeOf = async () => JSON.parse((await post(known.href, 'select 1', server)).text).code;
    await expect.poll(codeOf, { interval: 50 }).toBe('28P01');
    known.password = 'new';
    expect(await post(known.href, 'select 1', server)).toMatchObject({ status: 200 });
  });

  test('a right one keeps its connections, whose backends know all plans', async () => {
    const server = await serve(4);
    const pids = new Set<string>();
    for (const beganMs = performance.now(); performance.now() - beganMs < 7_000; )
      pids.add((await post(database.appUrl, 'select pg_backend_pid()', server)).text);
    expect(pids.size).toBe(1);
  });
});
