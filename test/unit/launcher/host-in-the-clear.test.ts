import { expect, test } from 'vitest';
import { hostInTheClear } from '../../../cli/database/host-in-the-clear.ts';
import { withClient } from '../../../cli/database/with-client.ts';

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
  ['it is no address', 'causeway', null],
])('a connection where %s', (_what, url, host) => {
  expect(hostInTheClear(url, {})).toBe(host);
});

test('what the address leaves out the environment says, as to psql', () => {
  expect(hostInTheClear('postgres:///causeway', { PGHOST: 'db.example.com' })).toBe('db.example.com');
  expect(hostInTheClear(login('db.example.com/x'), { PGSSLMODE: 'verify-full' })).toBeNull();
  expect(hostInTheClear(login('db.example.com/x?sslmode=disable'), { PGSSLMODE: 'verify-full' })).toBe(
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
