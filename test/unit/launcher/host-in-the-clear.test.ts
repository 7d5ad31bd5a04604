import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { hostInTheClear } from '../../../cli/database/host-in-the-clear.ts';
import { withClient } from '../../../cli/database/with-client.ts';

/** To where this client would go in the clear, as `withClient` makes it, with these variables in the environment. */
function inTheClear(url: string, environment: Readonly<Record<string, string>> = {}): string | null {
  for (const name of ['PGHOST', 'PGSSLMODE']) vi.stubEnv(name, environment[name]);
  return hostInTheClear(new pg.Client({ connectionString: url }), url, environment);
}
afterEach(() => vi.unstubAllEnvs());

const login = (rest: string) => `postgres://causeway_owner:secret@${rest}`;
test.each<[string, string, string | null]>([
  ['nothing is said of TLS', login('db.example.com/causeway'), 'db.example.com'],
  ['it is turned off', login('db.example.com/causeway?sslmode=disable'), 'db.example.com'],
  ['it is taken where it is given', login('db.example.com/causeway?sslmode=prefer'), 'db.example.com'],
  ['whoever answers is believed', login('db.example.com/causeway?sslmode=require'), 'db.example.com'],
  ['any name is believed', login('db.example.com/causeway?sslmode=verify-ca'), 'db.example.com'],
  ['nothing is verified', login('db.example.com/causeway?sslmode=no-verify'), 'db.example.com'],
  ['TLS is said without proof', login('db.example.com/causeway?ssl=true'), 'db.example.com'],
  ['it is an address of a private network', login('10.0.0.5:5432/causeway'), '10.0.0.5'],
  ['another host stands behind', login('127.0.0.1/causeway?host=db.example.com'), 'db.example.com'],
  ['it begins as this machine does', login('localhost.evil.example/causeway'), 'localhost.evil.example'],
  ['the name is proven', login('db.example.com/causeway?sslmode=verify-full'), null],
  ['it is this machine', login('127.0.0.1:5432/causeway'), null],
  ['it is this machine by name', login('localhost/causeway'), null],
  ['it is this machine by IPv6', login('[::1]:5432/causeway'), null],
  ['it is a socket', login('%2Fvar%2Frun%2Fpostgresql/causeway'), null],
  ['it is a socket by its folder', 'postgres:///causeway?host=/var/run/postgresql', null],
  ['there is no host', 'postgres:///causeway', null],
  [
    'TLS is turned off behind',
    login('db.example.com/x?sslmode=verify-full&sslmode=disable'),
    'db.example.com',
  ],
  [
    'proof is turned off behind',
    login('db.example.com/x?sslmode=verify-full&ssl%6dode=no-verify'),
    'db.example.com',
  ],
  [
    'another host is named twice',
    login('db.example.com/x?host=localhost&host=db.example.com'),
    'db.example.com',
  ],
  ['the host stands behind a login without one', login('/x?host=db.example.com'), 'db.example.com'],
  ['it is no address', 'causeway', 'base'],
])('a connection where %s', (_what, url, host) => {
  expect(inTheClear(url)).toBe(host);
});

test('what the address leaves out the environment says, as to psql', () => {
  expect(inTheClear('postgres:///causeway', { PGHOST: 'db.example.com' })).toBe('db.example.com');
  expect(inTheClear(login('/causeway'), { PGHOST: 'db.example.com' })).toBe('db.example.com');
  expect(inTheClear(login('db.example.com/x'), { PGSSLMODE: 'verify-full' })).toBeNull();
  for (const less of ['sslmode=disable', 'ssl=0', 'ssl=no-verify'])
    expect(inTheClear(login(`db.example.com/x?${less}`), { PGSSLMODE: 'verify-full' }), less).toBe(
      'db.example.com',
    );
});

test('a command of the operator connects to nothing in the clear, and says what to add', async () => {
  const asked = withClient(login('192.0.2.1:1/causeway'), () => Promise.reject(new Error('it connected')));
  await expect(asked).rejects.toMatchObject({
    message: 'Postgres on 192.0.2.1 is not asked in the clear.',
    remedy: expect.stringContaining('add ?sslmode=verify-full'),
  });
});
